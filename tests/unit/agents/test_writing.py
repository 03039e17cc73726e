"""What every document writes alike."""

from __future__ import annotations

import pytest

from agents.profiles.writing import cell, clock, markdown, without_transcript


def test_times_read_as_people_write_them() -> None:
    """With hours only when there are some."""
    assert [clock(at) for at in (0, 59.9, 61, 3_600, 36_125)] == ["0:00", "0:59", "1:01", "1:00:00", "10:02:05"]


def test_text_stays_text() -> None:
    """It is no markup in Markdown, on one line, and no formula in a spreadsheet."""
    assert markdown("*a* [b]\n#c") == "\\*a\\* \\[b\\] \\#c"
    assert [cell(text) for text in ("=1+1", "-x", "a=b")] == ["'=1+1", "'-x", "a=b"]


@pytest.mark.parametrize("document", [{}, {"transcript": None}, {"transcript": {"problem": ""}}])
def test_a_document_with_its_transcript_says_nothing_of_it(document: dict[str, object]) -> None:
    """There is nothing to say."""
    assert without_transcript(document) == []


def test_a_document_made_without_its_transcript_says_why() -> None:
    """A reader of the minutes need not look into the record."""
    assert without_transcript({"transcript": {"problem": "404"}}) == ["", "Made without the transcript: 404."]

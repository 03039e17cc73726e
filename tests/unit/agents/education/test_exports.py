"""Documents as files: they are read back by those who will read them."""

from __future__ import annotations

import itertools
import json
import re
from io import StringIO
from typing import Any

import pytest
import webvtt
from msgspec.structs import replace

from schemas.records import Highlight, ObservedHighlight
from tests.unit.agents.education.support import EDUCATION, prepared, record
from tests.unit.agents.support import remembered, seen_highlight, summary_of

SAID: list[dict[str, Any]] = [
    {
        "start": 0.0,
        "end": 9.5,
        "text": "A roux is fat & flour that are cooked together --> slowly.",
        "speaker": "Ann <3",
    },
    {"start": 60.0, "end": 66.0, "text": "Hooke's law states that extension is proportional to load."},
    {"start": 3_700.0, "end": 3_706.0, "text": "Why does the [bread](x) *rise* in here?"},
]
SHOWN = [
    seen_highlight("a", timestamp=0.0, title="../../etc/passwd"),
    seen_highlight("b", timestamp=55.0, title="<script>"),
    seen_highlight("c", timestamp=3_690.0, title="../..\\x"),
    seen_highlight("d", timestamp=2_000.0, title="Silence"),
]


def exported(name: str, shown: list[ObservedHighlight] = SHOWN, **source: str | None) -> dict[str, str]:
    """The files of an export; ``source``: where the highlights are, if not on Twitch."""
    rules = prepared(transcript=SAID)
    document = rules.document({one.id: remembered(one, rules) for one in shown})
    highlights: list[Highlight] = [replace(record(one, transcript=SAID), **source) for one in shown]
    return dict(EDUCATION.exports[name].render(summary_of(document), highlights))


def test_chapters_as_webvtt_are_read_back() -> None:
    """Each cue is a chapter; the next begins where it ends."""
    (text,) = exported("chapters-vtt").values()
    cues = webvtt.from_buffer(StringIO(text)).captions
    assert [(cue.start, cue.text) for cue in cues] == [
        ("00:00:00.000", "Key concept: Roux"),
        ("00:00:55.000", "Hooke's law"),
        ("00:33:20.000", "Silence"),
        ("01:01:30.000", "../..\\x"),
    ]
    assert all(one.end == other.start for one, other in itertools.pairwise(cues))


def test_the_description_holds_what_youtube_reads() -> None:
    """A time and a title on each line, the first at 0:00."""
    (text,) = exported("youtube").values()
    assert text == "0:00 Key concept: Roux\n0:55 Hooke's law\n33:20 Silence\n1:01:30 ../..\\x\n"


def test_chapters_as_json_are_those_of_podcasting() -> None:
    """Version 1.2.0."""
    (text,) = exported("chapters-json").values()
    chapters = json.loads(text)
    assert chapters["version"] == "1.2.0"
    assert [(one["startTime"], one["title"]) for one in chapters["chapters"]][1] == (55, "Hooke's law")


def test_notes_are_markdown_that_shows_what_was_said() -> None:
    """What is said is no markup."""
    (text,) = exported("notes-md").values()
    for title in ("Chapters", "Glossary", "Laws and theorems", "Questions asked", "Review questions", "Index"):
        assert f"\n## {title}\n" in text
    assert "- **roux** (" in text
    assert "\\[bread\\](x) \\*rise\\*" in text


@pytest.mark.parametrize(
    ("metadata", "heading"),
    [
        ({}, "# Study notes"),
        ({"title": " Light\n*and* heat "}, "# Study notes: Light \\*and\\* heat"),
        ({"title": " "}, "# Study notes"),
    ],
)
def test_notes_bear_the_title_of_their_lecture(metadata: dict[str, Any], heading: str) -> None:
    """As the request names it, and no markup; without one they say what they are."""
    (text,) = EDUCATION.exports["notes-md"].render(summary_of(prepared(**metadata).document({})), []).values()
    assert text.splitlines()[0] == heading


def test_captions_of_clips_are_read_back() -> None:
    """One file for each clip in which something is said, under a safe name, with times of the clip."""
    for form in ("vtt", "srt"):
        files = exported(f"clips-{form}")
        assert len(files) == 3
        assert all(re.fullmatch(rf"\d{{3}}-[a-z0-9-]+\.{form}", name) for name in files)
        second = next(text for name, text in files.items() if name.startswith("002"))
        (cue,) = webvtt.from_buffer(StringIO(second), format=form).captions
        assert cue.start == "00:00:05.000"
        assert cue.text == "Hooke's law states that extension is proportional to load."


def test_srt_is_plain_text() -> None:
    """It knows no entities; an arrow in the words is none of its own, and each cue ends its line."""
    (first, *_) = exported("clips-srt").values()
    assert first == (
        "1\n00:00:00,000 --> 00:00:09,500\nA roux is fat & flour that are cooked together \u2192 slowly.\n"
    )


def test_notes_link_to_the_time_that_they_show() -> None:
    """That at which it is said, and not the beginning of the highlight."""
    (text,) = exported("notes-md", platform="upload", source_url="https://example.com/a.mp4").values()
    links = re.findall(r"\[(\d+):(\d\d)(?::(\d\d))?\]\(\S+#t=(\d+)\)", text)
    assert links
    assert "[1:00](https://example.com/a.mp4#t=60)" in text
    for first, second, third, linked in links:
        shown = int(first) * 3600 + int(second) * 60 + int(third) if third else int(first) * 60 + int(second)
        assert shown == int(linked)


def test_where_a_source_has_no_times_notes_link_the_clip_as_a_clip() -> None:
    """A clip begins with its highlight, not with what is said in it."""
    clip = "https://example.com/c.mp4"
    (text,) = exported(
        "notes-md", platform="upload", source_url="https://example.com/live", moment_url=None, clip_url=clip
    ).values()
    assert f"- 1:00 ([clip]({clip})) Hooke's law" in text


def test_answers_are_paragraphs_of_their_own() -> None:
    """Indented as far as their question's words: two lines without a blank one between them would be one paragraph."""
    said = [
        {"start": 10.0 * place, "end": 10.0 * place + 9, "text": f"A {word} is fat and flour that are cooked together."}
        for place, word in enumerate(
            ["roux", "sauce", "stock", "soup", "gravy", "fond", "jus", "stew", "broth", "mash"]
        )
    ]
    rules = prepared(transcript=said)
    shown = [seen_highlight(f"h{at}", timestamp=10.0 * at, duration=9.0) for at in range(len(said))]
    document = rules.document({one.id: remembered(one, rules) for one in shown})
    (text,) = EDUCATION.exports["notes-md"].render(summary_of(document), []).values()
    review = text.partition("## Review questions\n\n")[2].partition("\n## ")[0]
    assert review.startswith("1. A \\_\\_\\_\\_\\_ is fat")
    assert re.search(r"\n\n   Answer \(\d:\d\d\): broth\n\n2\. ", review)
    assert re.search(r"\n10\. [^\n]+\n\n    Answer ", review)


def test_an_empty_document_gives_empty_files() -> None:
    """Nothing was found, nothing breaks."""
    for export in EDUCATION.exports.values():
        for text in export.render(summary_of({}), []).values():
            assert isinstance(text, str)

"""Transcripts: every form gives the same segments, and what is none of them says so."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger_records import LinkedTranscript
from agents.profiles import ProfileInputError
from agents.profiles.transcript import Segment, Transcript, parse, transcript_of, transcript_url

SAID = (Segment(1.5, 4.0, "Hello there", "Ada Lovelace"), Segment(5.0, 7.25, "second line", None))
VTT = "WEBVTT\n\n00:01.500 --> 00:04.000\n<v Ada Lovelace>Hello <b>there</b>\n\n00:05.000 --> 00:07.250\nsecond\nline\n"
SRT = "1\n00:00:01,500 --> 00:00:04,000\nAda Lovelace: Hello there\n\n2\n00:00:05,000 --> 00:00:07,250\nsecond\nline\n"
SEGMENTS = [
    {"start": 1.5, "end": 4, "text": "Hello there", "speaker": "Ada Lovelace"},
    {"start_s": 5, "duration": 2.25, "text": "second line"},
]


@pytest.mark.parametrize(
    "given", [VTT, "\ufeff" + VTT, SRT, SEGMENTS, {"segments": SEGMENTS}, {"text": VTT}, json.dumps(SEGMENTS)]
)
def test_each_form_gives_the_same_segments(given: Any) -> None:
    """Who speaks, when, and the words without markup."""
    assert parse(given).segments == SAID


@pytest.mark.parametrize("given", ["", "hello", "WEBVTT", "{", [1], [{"text": "x"}], {}, 7, "[[[["])
def test_what_is_no_transcript_is_refused_by_its_field(given: Any) -> None:
    """The error names the field, and nothing else is raised."""
    with pytest.raises(ProfileInputError, match=r"metadata\.transcript"):
        parse(given)


@given(given=st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists) | st.text())
def test_nothing_else_is_ever_raised(given: Any) -> None:
    """Whatever a producer puts there."""
    with contextlib.suppress(ProfileInputError):
        parse(given)


def test_a_linked_transcript_that_is_unfit_only_says_so() -> None:
    """The request goes on without it."""
    metadata = {"transcript": {"url": "https://a.example.com/x.vtt"}}
    assert transcript_url(metadata) == "https://a.example.com/x.vtt"
    assert transcript_of(metadata, LinkedTranscript(state_version=1, text=VTT)).segments == SAID
    assert "neither" in transcript_of(metadata, LinkedTranscript(state_version=1, text="<html>")).problem
    assert transcript_of(metadata, LinkedTranscript(state_version=1, text="", problem="404")).problem == "404"
    assert transcript_of({}).segments == ()


@given(
    spans=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), max_size=30),
    start=st.floats(0, 100),
    length=st.floats(0.1, 30),
)
def test_the_segments_of_a_span_are_those_that_lie_in_it(
    spans: list[tuple[float, float]], start: float, length: float
) -> None:
    """The search finds what looking at each would find."""
    segments = [Segment(begin, begin + long, str(number)) for number, (begin, long) in enumerate(spans)]
    found = Transcript(segments).between(start, start + length)
    alone = [one for segment in segments for one in Transcript([segment]).between(start, start + length)]
    assert sorted(found, key=repr) == sorted(alone, key=repr)

"""Streams whose content is written down."""

from __future__ import annotations

import msgspec
import pytest

from agents.profiles.transcript import parse
from pipeline.simulator.content import Submission, plan_stream
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scripts import find_script, script_names


@pytest.mark.parametrize("name", script_names())
def test_a_script_is_whole(name: str) -> None:
    """Its moments and its words are in order and lie within the stream."""
    script = find_script(name)
    assert script is not None
    assert script.moments == sorted(script.moments, key=lambda moment: moment.start_s)
    assert all(moment.start_s + moment.duration_s <= script.duration_s for moment in script.moments)
    segments = script.segments()
    assert segments == sorted(segments, key=lambda segment: float(segment["start"]))
    assert all(0 <= segment["start"] < segment["end"] <= script.duration_s for segment in segments)
    assert bool(segments) == (script.kind != "gaming")


def test_a_submission_that_names_a_script_gets_its_content() -> None:
    """Each moment once, where and as it is written; nothing is drawn but corrections."""
    script = find_script("cup-final")
    assert script is not None
    asked = Submission("https://a.example.com/v", options={"custom_tags": ["cup"]}, metadata={"script": "cup-final"})
    plan = plan_stream(Scenario(), 1, asked, 0)
    assert (plan.profile, plan.total, plan.outcome) == ("gaming", script.duration_s, "completed")
    shown = sorted((one.timestamp, one.title, one.description) for one in plan.highlights)
    assert shown == [(moment.start_s, moment.title, moment.description) for moment in script.moments]
    assert all(one.tags == ("cup",) for one in plan.highlights)


def test_a_script_that_is_not_there_changes_nothing() -> None:
    """The content is drawn as for any other submission."""
    asked = Submission("https://a.example.com/v", metadata={"script": "../nowhere"})
    assert (
        plan_stream(Scenario(), 1, asked, 0).highlights
        == plan_stream(Scenario(), 1, Submission("https://a.example.com/v"), 0).highlights
    )


def test_a_transcript_served_is_the_one_that_is_written() -> None:
    """As WebVTT it says the same as the segments that a request would carry."""
    script = find_script("board-meeting")
    assert script is not None
    read = parse(script.webvtt()).segments
    assert [msgspec.structs.astuple(one) for one in read] == [
        (line["start"], line["end"], line["text"], line["speaker"]) for line in script.segments()
    ]

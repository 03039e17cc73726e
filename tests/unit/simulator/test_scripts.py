"""Streams whose content is written down."""

from __future__ import annotations

import msgspec
import pytest

from agents.profile_setup import OURS
from agents.profiles.transcript import parse
from pipeline.simulator.content import Submission, plan_stream
from pipeline.simulator.scenario import ContentSection, Scenario
from pipeline.simulator.scripts import find_script, script_names
from tests.unit.agents.support import make_request


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


WRITTEN = Scenario(content=ContentSection(written=True))


@pytest.mark.parametrize(
    ("profile", "metadata", "name"),
    [
        ("education", {}, "photosynthesis"),
        ("education", {"course_id": "game-theory"}, "photosynthesis"),
        ("meetings", {"meeting_id": "lecture-hall"}, "board-meeting"),
        ("gaming", {"game": "Valorant"}, "cup-final"),
        ("gaming", {"game": "chess"}, None),
        ("gaming", {}, None),
    ],
)
def test_a_profile_is_shown_what_it_is_for(profile: str, metadata: dict[str, str], name: str | None) -> None:
    """Its options bring the tags, whose first that suits a script chooses it; drawn, the stream is of the same kind."""
    asked = make_request(source_url="https://youtu.be/abc", platform="youtube", profile=profile, metadata=metadata)
    options = OURS[profile](None).options(asked)
    submission = Submission(asked.source_url, "youtube", {**options, "custom_tags": [*options["custom_tags"], "mine"]})
    plan, drawn = plan_stream(WRITTEN, 1, submission, 0), plan_stream(Scenario(), 1, submission, 0)
    assert plan.profile == drawn.profile == profile
    script = find_script(name or "")
    titles = [] if script is None else sorted(moment.title for moment in script.moments)
    assert (sorted(one.title for one in plan.highlights) == titles) is (script is not None)
    assert all("profile" in one.metadata and "kind" in one.metadata for one in drawn.highlights)


@pytest.mark.parametrize(
    ("submission", "profile"),
    [
        (Submission("https://www.twitch.tv/videos/1", "twitch", {"custom_tags": ["education"]}), "gaming"),
        (Submission("https://x.example/1", "custom", {"custom_tags": ["education"]}, {"type": "meeting"}), "meetings"),
        (Submission("https://x.example/1", "custom", {"custom_tags": "education"}), "gaming"),
        (Submission("https://x.example/1", "custom", {"custom_tags": [7, None]}), "gaming"),
    ],
)
def test_tags_speak_last(submission: Submission, profile: str) -> None:
    """What metadata, platform or URL say comes before them, and tags that are none say nothing."""
    plan = plan_stream(WRITTEN, 1, submission, 0)
    assert plan.profile == profile
    assert all("kind" in one.metadata for one in plan.highlights)


def test_a_tag_suits_one_script() -> None:
    """Else the order of files would choose."""
    tags = [tag for name in script_names() if (script := find_script(name)) is not None for tag in script.tags]
    assert len(tags) == len(set(tags)) > 0


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

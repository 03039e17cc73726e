"""What streams contain."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.simulator.content import StreamPlan, Submission, plan_stream
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scenario_file import scenario_from

TABLE: dict[str, Any] = {
    "streams": {"highlights": [0, 30], "error_share": 0.3, "live_share": 0.3},
    "content": {"revised_share": 0.4, "removed_share": 0.2},
}
SCENARIO: Scenario = scenario_from(TABLE)

seeds = st.integers(min_value=0, max_value=2**63)
urls = st.builds("https://video.example/{}".format, st.text(min_size=1, max_size=20))
ordinals = st.integers(min_value=0, max_value=5)


def plan(seed: int, url: str, ordinal: int) -> StreamPlan:
    """Plan a stream of SCENARIO."""
    return plan_stream(SCENARIO, seed, Submission(url), ordinal)


@given(seeds, urls, ordinals)
def test_content_depends_on_seed_url_and_ordinal_alone(seed: int, url: str, ordinal: int) -> None:
    """The same three give the same stream, down to the last field."""
    assert plan(seed, url, ordinal) == plan(seed, url, ordinal)


@given(seeds, urls, ordinals)
def test_each_of_the_three_makes_another_stream(seed: int, url: str, ordinal: int) -> None:
    """Another seed, URL or ordinal gives another id, and so other highlight ids."""
    ids = {plan(seed, url, ordinal).id, plan(seed + 1, url, ordinal).id, plan(seed, url + "x", ordinal).id}
    assert len(ids | {plan(seed, url, ordinal + 1).id}) == 4


@given(seeds, urls, st.lists(st.floats(min_value=0, max_value=8000), min_size=2, max_size=8))
def test_the_list_grows_at_its_end(seed: int, url: str, offsets: list[float]) -> None:
    """At any later time, what was visible is the beginning of what is visible."""
    one = plan(seed, url, 0)
    views = [one.visible(offset) for offset in sorted(offsets)]
    for before, after in itertools.pairwise(views):
        assert after[: len(before)] == before


@given(seeds, urls)
def test_highlights_are_well_formed(seed: int, url: str) -> None:
    """Ids are distinct, scores are shares, moments lie in the stream, and all appears before the end."""
    one = plan(seed, url, 0)
    assert len({item.id for item in one.highlights}) == len(one.highlights)
    for item in one.highlights:
        assert 0 <= item.confidence <= item.revised_confidence <= 1
        assert 0 <= item.timestamp <= one.total
        assert item.visible_at <= one.ends_at <= one.total
        assert item.title
        assert "{" not in item.title + item.description


@given(seeds, urls)
def test_steps_are_in_order_and_end_with_the_end(seed: int, url: str) -> None:
    """Nothing is revised or removed before it was made, and nothing happens after the end."""
    steps = plan(seed, url, 0).steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert [step.kind for step in steps].count("ended") == 1
    assert steps[-1].kind == "ended"
    made: set[int] = set()
    for step in steps[:-1]:
        if step.kind == "made":
            made.add(step.index)
        else:
            assert step.index in made


@pytest.mark.parametrize(
    ("submission", "profile"),
    [
        (Submission("https://x.example/1", metadata={"profile": "lecture"}), "education"),
        (Submission("https://x.example/1", metadata={"profile": "meetings"}), "meetings"),
        (Submission("https://x.example/1", platform="twitch"), "gaming"),
        (Submission("https://zoom.example/rec/1"), "meetings"),
        (Submission("https://x.example/course/1"), "education"),
        (Submission("https://twitch.example/a", metadata={"profile": "meeting"}), "meetings"),
    ],
)
def test_text_fits_the_kind_of_stream(submission: Submission, profile: str) -> None:
    """Metadata decides first, then platform, then URL; tags and metadata of highlights say which it was."""
    one = plan_stream(scenario_from({}), 1, submission, 0)
    assert one.profile == profile
    assert all(profile in item.tags and item.metadata["profile"] == profile for item in one.highlights)


def test_options_of_the_request_are_honoured() -> None:
    """`max_highlights`, `clip_duration` and `custom_tags` show in the content."""
    options = {"max_highlights": 3, "clip_duration": 20, "custom_tags": ["finals"]}
    one = plan_stream(scenario_from({}), 1, Submission("https://x.example/1", options=options), 0)
    assert len(one.highlights) == 3
    assert all(item.duration == 20 and "finals" in item.tags for item in one.highlights)

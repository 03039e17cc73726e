"""The state of the service, without HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulator.content import Submission
from pipeline.simulator.scenario_file import scenario_from
from pipeline.simulator.world import AlreadyEndedError, SlotsFullError, World

START = 1_800_000_000.0
BUSY: dict[str, Any] = {
    "time": {"compression": 1.0},
    "streams": {"duration_s": [900, 1100], "pending_s": [5, 50], "highlights": [0, 20], "error_share": 0.3},
    "content": {"revised_share": 0.4, "removed_share": 0.2},
}
Event = tuple[str, float, Mapping[str, Any]]


def make_world(table: Mapping[str, Any] = BUSY, seed: int = 1) -> tuple[World, list[Event]]:
    """Return a world and the list its events go to."""
    events: list[Event] = []
    return World(scenario_from(table), seed, lambda *event: events.append(event)), events


def submit(world: World, url: str = "https://x.example/1", slots: int | None = None) -> str:
    """Submit a URL at START and return the id of its stream."""
    return world.submit("acc", Submission(url), "k", START, slots=slots).id


@given(st.integers(0, 2**32), st.lists(st.floats(0.001, 400), min_size=1, max_size=30))
@settings(max_examples=50)
def test_history_does_not_depend_on_how_often_time_is_looked_at(seed: int, waits: list[float]) -> None:
    """Advancing in many small steps or in one big one gives the same events at the same times."""
    often, often_events = make_world(seed=seed)
    once, once_events = make_world(seed=seed)
    for world in (often, once):
        for number in range(3):
            submit(world, f"https://x.example/{number}")
    now = START
    for wait in waits:
        now += wait
        often.advance(now)
    once.advance(now)
    assert often_events == once_events


@given(st.integers(0, 2**32), st.lists(st.floats(0, 200), min_size=2, max_size=10))
@settings(max_examples=50)
def test_ids_in_order_of_appearance_only_ever_grow_at_the_end(seed: int, waits: list[float]) -> None:
    """Without removals, what a stream shows at one time is the beginning of what it shows later."""
    world, _ = make_world({**BUSY, "content": {"revised_share": 0.5}}, seed)
    stream = world.streams[submit(world)]
    now, before = START, list[str]()
    for wait in waits:
        now += wait
        world.advance(now)
        after = [entry.planned.id for entry in stream.shown]
        assert after[: len(before)] == before
        before = after


@given(st.integers(0, 2**32), st.floats(0, 1200))
@settings(max_examples=50)
def test_what_is_expected_early_on_is_what_is_there_in_the_end(seed: int, looked_at: float) -> None:
    """The final list can be had at any time while the stream runs, and it comes true."""
    world, _ = make_world(seed=seed)
    submit(world)
    world.advance(START + looked_at)
    early = next(world.expected())
    world.advance(START + 5000)
    late = next(world.expected())
    assert early["highlights"] == late["highlights"]
    assert early["final_status"] == late["status"]


def test_the_log_of_made_revised_and_removed_adds_up_to_the_final_list() -> None:
    """An oracle that folds the events gets the same highlights as the expectation."""
    world, events = make_world()
    for number in range(20):
        submit(world, f"https://x.example/{number}")
    world.advance(START + 5000)
    folded: dict[str, Any] = {}
    for name, _, fields in events:
        if name in ("made", "revised"):
            folded[fields["highlight_id"]] = {
                "id": fields["highlight_id"],
                "revision": fields["revision"],
                **fields["content"],
            }
        elif name == "removed":
            del folded[fields["highlight_id"]]
    wanted = {item["id"]: item for stream in world.expected() for item in stream["highlights"]}
    assert folded == wanted
    assert {name for name, _, _ in events} == {"accepted", "started", "made", "revised", "removed", "ended"}


def test_slots_are_taken_at_submission_and_freed_at_the_end() -> None:
    """With one slot a second stream is refused while the first lives, and accepted after it ended."""
    world, _ = make_world()
    submit(world, slots=1)
    with pytest.raises(SlotsFullError):
        submit(world, "https://x.example/2", slots=1)
    world.advance(START + 5000)
    submit(world, "https://x.example/2", slots=1)


def test_a_refused_stream_leaves_no_trace() -> None:
    """A refusal for want of slots uses up no ordinal: the same URL later is the same stream."""
    world, events = make_world()
    submit(world, slots=1)
    count = len(events)
    with pytest.raises(SlotsFullError):
        submit(world, "https://x.example/2", slots=1)
    assert len(events) == count
    world.advance(START + 5000)
    fresh, _ = make_world()
    assert submit(world, "https://x.example/2", slots=1) == submit(fresh, "https://x.example/2")


def test_the_same_url_again_is_another_stream() -> None:
    """Each submission of a URL has ids of its own."""
    world, events = make_world()
    assert submit(world) != submit(world)
    assert [fields["ordinal"] for name, _, fields in events if name == "accepted"] == [0, 1]


def test_a_stopped_stream_stays_as_it_was() -> None:
    """After a stop nothing is made any more, the slot is free, and what is expected is what was there."""
    world, events = make_world({**BUSY, "streams": {"duration_s": [1000, 1000], "highlights": [20, 20]}})
    stream = world.streams[submit(world)]
    world.advance(START + 500)
    shown = [entry.planned.id for entry in stream.shown]
    world.stop(stream, START + 500)
    count = len(events)
    world.advance(START + 5000)
    assert len(events) == count
    assert [item["id"] for item in next(world.expected())["highlights"]] == shown
    assert world.live["acc"] == 0
    with pytest.raises(AlreadyEndedError):
        world.stop(stream, START + 5000)


def test_early_release_is_bounded_and_changes_no_content() -> None:
    """Reads bring highlights forward, at most so many, and the final list stays the same."""
    table = {
        "time": {"compression": 1.0},
        "streams": {"duration_s": [1000, 1000], "pending_s": [0, 0], "highlights": [20, 20]},
        "pages": {"release_on_read": True, "release_limit": 5},
    }
    world, _ = make_world(table)
    stream = world.streams[submit(world)]
    world.advance(START + 0.001)
    wanted = next(world.expected())["highlights"]
    for _ in range(50):
        world.release_early(stream, START + 1)
    assert len(stream.shown) == 5
    world.advance(START + 5000)
    assert next(world.expected())["highlights"] == wanted
    assert len(stream.shown) == 20

"""A request whose id is used again once it was forgotten: each due date is reminded of once over all its runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policy import DAY_S
from pipeline.effects.calls import Stopped
from schemas.records import ObservedStream
from tests.unit.agents.follow_up_support import TODOS, Reminding, Todo
from tests.unit.agents.support import START

RETAIN_S = 2 * DAY_S


class Repeated(Reminding):
    """A request that is run, forgotten, and run again."""

    def __init__(self, **policy: Any) -> None:
        super().__init__(**{"retain_s": RETAIN_S, **policy})
        self.settled_at = START

    def run(self, todo: Todo, status: str = "completed", *, stopped: bool = False) -> None:
        """Ask for the request, and have its stream end with this to be done; ``stopped``: because somebody says so."""
        before = len(self.bench.of("summaries"))
        self.bench.request(profile="sample")
        stream = ObservedStream(id=f"s{before}", status=status)
        self.bench.accept(ObservedStream(id=stream.id, status="processing") if stopped else stream)
        if stopped:
            self.bench.command("stop", f"stop-{before}")
            self.bench.finish(self.bench.call(), Stopped())
        while len(self.bench.of("summaries")) == before:
            self.read(stream, todo)
        self.settled_at = self.bench.now

    def forgotten(self) -> None:
        """Let time pass until the request is forgotten."""
        self.wait(self.settled_at + RETAIN_S + 1)
        entry = self.bench.state.entries.get("r1")
        assert entry is None or entry.request is None


@pytest.mark.parametrize("restarts", [False, True])
def test_a_date_that_was_reminded_of_is_not_reminded_of_by_the_next_run(*, restarts: bool) -> None:
    """The reminder went out, the request was forgotten, and its id is used again before the item is due."""
    repeated = Repeated()
    due = START + 2.5 * DAY_S
    repeated.run({"a": ("send", due)})
    repeated.forgotten()
    assert len(repeated.told("reminder")) == 1
    if restarts:
        repeated.restart()
    repeated.run({"a": ("send", due)})
    repeated.wait(due + 30 * DAY_S)
    assert len(repeated.told("reminder")) == 1
    assert repeated.bench.state.entries == {}


def test_a_reminder_to_come_is_sent_once_while_the_next_run_goes_on() -> None:
    """It is neither lost with the run that is over nor sent by both."""
    repeated = Repeated()
    due = START + 9 * DAY_S
    repeated.run({"a": ("send", due)})
    repeated.forgotten()
    repeated.run({"a": ("send", due)})
    repeated.wait(due + DAY_S)
    assert [record.item_id for record in repeated.told("reminder")] == ["a"]
    assert [record.item_id for record in repeated.told("opened")] == ["a"]


def test_a_date_that_the_next_run_moves_is_reminded_of_at_its_new_time_only() -> None:
    """What the latest document says holds."""
    repeated = Repeated()
    repeated.run({"a": ("send", START + 9 * DAY_S)})
    repeated.forgotten()
    repeated.run({"a": ("send", START + 12 * DAY_S)})
    repeated.wait(START + 20 * DAY_S)
    (reminder,) = repeated.told("reminder")
    assert reminder.due is not None
    assert reminder.due.timestamp() == START + 12 * DAY_S


def test_the_next_run_withdraws_what_its_document_has_no_more() -> None:
    """It read the whole stream, and nobody has to do it."""
    repeated = Repeated()
    repeated.run({"a": ("send", START + 9 * DAY_S)})
    repeated.forgotten()
    repeated.run({})
    repeated.wait(START + 20 * DAY_S)
    assert repeated.told("reminder") == []
    assert len(repeated.told("withdrawn")) == 1


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_a_run_that_comes_to_nothing_takes_no_reminder_of_an_earlier_one(status: str) -> None:
    """A document of a stream that failed does not say that something is done."""
    repeated = Repeated()
    due = START + 9 * DAY_S
    repeated.run({"a": ("send", due)})
    repeated.forgotten()
    repeated.run({}, status)
    repeated.wait(due + DAY_S)
    assert repeated.told("withdrawn") == []
    assert [record.item_id for record in repeated.told("reminder")] == ["a"]


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_run_that_is_stopped_takes_no_reminder_of_an_earlier_one(status: str) -> None:
    """It did not see the rest of the stream, whatever the API calls it then."""
    repeated = Repeated()
    due = START + 9 * DAY_S
    repeated.run({"a": ("send", due)})
    repeated.forgotten()
    repeated.run({}, status, stopped=True)
    repeated.wait(due + DAY_S)
    assert repeated.told("withdrawn") == []
    assert [record.item_id for record in repeated.told("reminder")] == ["a"]


def test_event_ids_stay_unique_when_an_item_outlives_the_memory_of_its_request() -> None:
    """The id's epoch is remembered for as long as an item is."""
    repeated = Repeated(closed_for_s=DAY_S)
    due = START + 60 * DAY_S
    repeated.run({"a": ("send", due)})
    repeated.wait(START + 30 * DAY_S)
    repeated.run({"a": ("send it", due)})
    ids = repeated.event_ids()
    assert len(set(ids)) == len(ids)
    repeated.wait(due + 30 * DAY_S)
    assert repeated.bench.state.entries == {}
    assert repeated.bench.state.closed == {}


RUNS = st.tuples(TODOS, st.floats(0, 1.5 * DAY_S), st.booleans())


@settings(max_examples=80, deadline=None)
@given(runs=st.lists(RUNS, min_size=2, max_size=4))
def test_any_runs_remind_of_each_date_once(runs: list[tuple[Todo, float, bool]]) -> None:
    """No reminder twice over all runs, and none of the last document's lost."""
    repeated = Repeated(retain_s=DAY_S / 4)
    settled_at = 0.0
    for number, (todo, pause, restarts) in enumerate(runs):
        if number:
            repeated.wait(repeated.bench.now + DAY_S / 4 + pause)
        if restarts:
            repeated.restart()
        repeated.run(todo)
        settled_at = repeated.bench.now
        repeated.check_restore()
    repeated.wait(START + 30 * DAY_S)
    sent = Counter((record.item_id, record.due) for record in repeated.told("reminder"))
    assert set(sent.values()) <= {1}
    reminded = {(item_id, due.timestamp()) for item_id, due in sent if due is not None}
    for item_id, (_, due) in runs[-1][0].items():
        assert due is None or due <= settled_at or (item_id, due) in reminded
    ids = repeated.event_ids()
    assert len(set(ids)) == len(ids)

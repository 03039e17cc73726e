"""Follow-ups are the items of the latest document, and each is reminded of once before it is due."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policy import DAY_S
from schemas.records import ObservedStream
from tests.unit.agents.follow_up_support import TODOS, Reminding, Todo
from tests.unit.agents.support import START

ENDED = ObservedStream(id="s1", status="completed")


class Meeting(Reminding):
    """A request that is settled, with a document that a test revises."""

    def __init__(self, **policy: Any) -> None:
        super().__init__(**{"retain_s": 14 * DAY_S, **policy})
        self.revisions = 0

    def revise(self, todo: Todo) -> None:
        """Have a read show that this is to be done; the first time, settle the request with it."""
        self.revisions += 1
        if self.revisions == 1:
            self.bench.request(profile="sample")
            self.bench.accept(ENDED)
            while not self.bench.of("summaries"):
                self.read(ENDED, todo)
        else:
            self.bench.command("refresh", f"c{self.revisions}")
            self.read(ENDED, todo)

    def kinds(self) -> list[tuple[str, str]]:
        """What was told of which item."""
        return [(record.kind, record.item_id) for record in self.told()]


def test_items_are_opened_changed_and_withdrawn_with_the_document() -> None:
    """What did not change is not told again."""
    meeting = Meeting()
    meeting.revise({"a": ("send", None), "b": ("call", None), "c": ("book", None)})
    meeting.revise({"a": ("send it", None), "b": ("call", None)})
    meeting.revise({"a": ("send it", None), "b": ("call", None), "c": ("book", None)})
    assert meeting.kinds() == [
        *(("opened", item) for item in "abc"),
        ("changed", "a"),
        ("withdrawn", "c"),
        ("opened", "c"),
    ]
    assert [record.revision for record in meeting.told()] == [1, 1, 1, 2, 2, 3]
    assert {record.no_reminder for record in meeting.told("opened")} == {"no_due"}
    meeting.check_restore()


def test_event_ids_are_unique_and_name_the_item() -> None:
    """A consumer drops repeats by them."""
    meeting = Meeting()
    due = START + 3 * DAY_S
    for todo in ({"a": ("x", due)}, {}, {"a": ("x", due)}, {"a": ("y", due)}):
        meeting.revise(dict(todo))
    meeting.wait(due)
    assert meeting.event_ids() == [
        *(f"r1/follow-up/a/{n}" for n in (1, 2, 3, 4)),
        f"r1/follow-up/a/reminder/{int(due * 1000)}",
    ]


def test_a_reminder_comes_once_a_day_before() -> None:
    """It repeats all there is to know."""
    meeting = Meeting()
    due = START + 3 * DAY_S
    meeting.revise({"a": ("send", due)})
    meeting.check_restore()
    meeting.wait(due - DAY_S - 1)
    assert meeting.told("reminder") == []
    meeting.wait(due + DAY_S)
    (reminder,) = meeting.told("reminder")
    assert (reminder.text, reminder.due and reminder.due.timestamp()) == ("send", due)
    assert reminder.published_at.timestamp() == due - DAY_S
    meeting.check_restore()


def test_a_due_date_that_moves_is_reminded_of_anew_but_never_twice() -> None:
    """Back to a date that was reminded of: the record says that it was sent."""
    meeting = Meeting()
    first, second = START + 2 * DAY_S, START + 4 * DAY_S
    meeting.revise({"a": ("send", first)})
    meeting.wait(first - DAY_S)
    meeting.revise({"a": ("send", second)})
    meeting.revise({"a": ("send", first)})
    assert meeting.told()[-1].no_reminder == "sent"
    meeting.revise({"a": ("send", second)})
    meeting.wait(second)
    dues = [record.due.timestamp() for record in meeting.told("reminder") if record.due]
    assert dues == [first, second]


def test_what_is_past_due_when_it_is_found_is_not_reminded_of() -> None:
    """The record says so; what is due within the day is reminded of at once."""
    meeting = Meeting()
    meeting.revise({"a": ("late", START - 10), "b": ("soon", START + 3_600)})
    meeting.wait(START + DAY_S)
    assert meeting.told("opened")[0].no_reminder == "past_due"
    assert [(record.item_id, record.no_reminder) for record in meeting.told("reminder")] == [("b", "sent")]


def test_what_is_withdrawn_is_not_reminded_of() -> None:
    """Nobody has to do it any more."""
    meeting = Meeting()
    meeting.revise({"a": ("send", START + 3 * DAY_S)})
    meeting.revise({})
    meeting.wait(START + 10 * DAY_S)
    assert meeting.kinds() == [("opened", "a"), ("withdrawn", "a")]
    meeting.check_restore()


@pytest.mark.parametrize("closed_for_s", [1.0, 90 * DAY_S])
def test_reminders_outlive_their_request_and_then_leave_nothing(closed_for_s: float) -> None:
    """An action may be due in six weeks; what is not to be reminded of goes with its request, and the rest when due."""
    meeting = Meeting(closed_for_s=closed_for_s)
    due = START + 42 * DAY_S
    meeting.revise({"a": ("send", due), "b": ("call", None)})
    meeting.wait(START + 20 * DAY_S)
    entry = meeting.bench.state.entries["r1"]
    assert entry.request is None
    assert list(entry.follow_ups) == ["a"]
    meeting.check_restore()
    meeting.wait(START + 41 * DAY_S)
    assert [record.item_id for record in meeting.told("reminder")] == ["a"]
    assert list(meeting.bench.state.entries["r1"].follow_ups) == ["a"]
    meeting.check_restore()
    meeting.wait(due)
    assert meeting.bench.state.entries == {}
    meeting.check_restore()
    meeting.wait(START + 200 * DAY_S)
    assert meeting.bench.state.closed == {}


def test_a_restart_between_changes_nothing() -> None:
    """The reminder is due where the state is restored, and was not yet sent."""
    meeting = Meeting()
    due = START + 3 * DAY_S
    meeting.revise({"a": ("send", due)})
    for _ in range(2):
        meeting.restart()
        meeting.wait(due)
    assert len(meeting.told("reminder")) == 1


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(st.one_of(TODOS, st.floats(0, 1.5 * DAY_S)), max_size=8), last=TODOS)
def test_any_revisions_end_with_the_items_of_the_last_document(steps: list[Todo | float], last: Todo) -> None:
    """Open items are those of the last document, and each due date is reminded of once at most."""
    meeting = Meeting()
    for step in [*steps, last]:
        if isinstance(step, float):
            meeting.wait(meeting.bench.now + step)
        else:
            meeting.revise(step)
        meeting.check_restore()
    settled_at = meeting.bench.now
    meeting.wait(START + 13 * DAY_S)
    meeting.check_restore()
    latest = {record.item_id: record for record in meeting.told() if record.kind != "reminder"}
    still = {name: record for name, record in latest.items() if record.kind != "withdrawn"}
    assert {name: (record.text, record.due and record.due.timestamp()) for name, record in still.items()} == last
    sent = Counter((record.item_id, record.due) for record in meeting.told("reminder"))
    assert set(sent.values()) <= {1}
    for name, record in still.items():
        if record.due is not None and record.due.timestamp() > settled_at:
            assert sent[name, record.due] == 1

"""The oracle of follow-ups finds what it is there to find, and what a worker tells passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from tests.chaos.follow_ups import judge_follow_ups
from tests.chaos.oracle import Account
from tests.chaos.played import AS_OF, BEFORE_S, Played
from tests.chaos.reading import Read
from tests.unit.agents.support import START

Reads = list[Read]
played = cache(Played)


def account(fault: Callable[[Reads], Reads] = list, *, as_of: datetime = AS_OF) -> Account:
    """Compare what a meeting has left to be done, changed by a fault."""
    summaries, told = played().reads("summaries"), fault(played().reads("follow-ups"))
    found = Account()
    judge_follow_ups(found, played().asked, summaries, told, remind_before_s=BEFORE_S, as_of=as_of)
    assert found.holds == (not found.bad_follow_ups)
    return found


def value_of(read: Read) -> dict[str, Any]:
    """A record's value."""
    value: dict[str, Any] = json.loads(read.value or b"")
    return value


def of_kind(chosen: str, **fields: Any) -> Callable[[Reads], Reads]:
    """Change the records of a kind; without fields, lose them."""

    def fault(reads: Reads) -> Reads:
        found = []
        for read in reads:
            value = value_of(read)
            if value["kind"] != chosen:
                found.append(read)
            elif fields:
                found.append(replace(read, value=json.dumps(value | fields).encode()))
        return found

    return fault


def once_more(kind: str) -> Callable[[Reads], Reads]:
    """Tell the last record of a kind again, at the end."""
    return lambda reads: [*reads, [read for read in reads if value_of(read)["kind"] == kind][-1]]


def test_what_a_meeting_leaves_passes() -> None:
    """Opened, reminded of at once, withdrawn, reminded of later, and one that waits: nothing is wrong with it."""
    found = account()
    assert (found.bad_follow_ups, found.problems) == (0, [])
    assert (found.follow_ups, found.reminders) == (3, 2)
    told = [value_of(read)["kind"] for read in played().reads("follow-ups")]
    assert told == ["opened"] * 3 + ["reminder", "opened", "withdrawn", "reminder"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(lambda reads: reads[1:], "told [], and not ['opened 1']", id="never opened"),
        pytest.param(once_more("opened"), "told ['opened 2', 'opened 2']", id="opened twice"),
        pytest.param(of_kind("withdrawn"), "told ['opened 1'], and not ['opened 1', 'withdrawn 2']", id="a stale end"),
        pytest.param(of_kind("withdrawn", kind="changed"), "told ['opened 1', 'changed 2']", id="not withdrawn"),
        pytest.param(of_kind("opened", text="Nothing"), "another content", id="another content"),
        pytest.param(of_kind("opened", assignee="Nobody"), "another content", id="for somebody else"),
        pytest.param(of_kind("opened", item_id="x"), "told [], and not", id="of another item"),
        pytest.param(of_kind("opened", revision=7), "told ['opened 7']", id="another revision"),
        pytest.param(of_kind("opened", remind_at=None, no_reminder="no_due"), "announces 'no_due'", id="no reminder"),
        pytest.param(once_more("reminder"), "a second reminder of 2033-01-05", id="reminded twice"),
        pytest.param(of_kind("reminder"), "no reminder of 2033-01-05", id="a reminder lost"),
        pytest.param(of_kind("reminder", published_at="2027-01-15T08:00:00Z"), "before", id="reminded too early"),
        pytest.param(of_kind("reminder", text="Nothing"), "nobody announced", id="a reminder of something else"),
        pytest.param(
            lambda reads: [*reads, replace(reads[0], key=b"r-9")], "told ['opened 1'], and not []", id="of nobody"
        ),
    ],
)
def test_what_is_wrong_is_found(fault: Callable[[Reads], Reads], words: str) -> None:
    """A duplicate, a stale end, a lost one, a second reminder: each is told in words."""
    found = account(fault)
    assert found.bad_follow_ups > 0
    assert any(words in problem for problem in found.problems), found.problems


def test_a_reminder_that_is_not_due_is_not_missed() -> None:
    """What is to come after the comparison is no fault."""
    assert account(lambda reads: reads[:-1], as_of=datetime.fromtimestamp(START + 900.0, UTC)).holds

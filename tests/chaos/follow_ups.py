"""What is told of things to do, held to the final minutes: each as it is there, each reminded of once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from agents.profile_setup import OURS
from agents.profile_trial import Trial
from agents.profiles import Profile
from agents.profiles.follow_up import FollowUpItem, LeavesFollowUps
from schemas.records import FollowUp, Highlight, Request
from tests.chaos.reading import Read

TOPIC = "follow-ups"

REMIND_BEFORE_S = 3e9
"""So long before an item is due that its reminder is sent at once."""


def differences(
    asked: Mapping[str, bytes], finals: Mapping[str, Sequence[Mapping[str, Any]]], records: Iterable[Read]
) -> list[str]:
    """Say what is wrong with what was told of things to do.

    Args:
        asked: values of the requests by their ids.
        finals: the last record of each highlight, by request id.
        records: all records of the topic.
    """
    told: defaultdict[str, list[FollowUp]] = defaultdict(list)
    for read in records:
        told[(read.key or b"").decode()].append(msgspec.json.decode(read.value or b"", type=FollowUp))
    meetings = OURS["meetings"](None)
    problems = [
        f"{request_id}: things to do of a request that nobody made" for request_id in told.keys() - asked.keys()
    ]
    for request_id, value in asked.items():
        request = msgspec.json.decode(value, type=Request)
        wanted = _expected(meetings, request, finals.get(request_id, ())) if request.profile == "meetings" else {}
        problems += [f"{request_id}: {problem}" for problem in _judge(wanted, told.get(request_id, ()))]
    return problems


def _expected(meetings: Profile, request: Request, finals: Sequence[Mapping[str, Any]]) -> dict[str, FollowUpItem]:
    """Return the items of the minutes that a perfect worker makes of the final highlights, by id."""
    trial, rules = Trial(meetings, request), meetings.prepare(request, None)
    assert isinstance(rules, LeavesFollowUps)
    for final in finals:
        trial.again(msgspec.convert(final, Highlight))
    items: dict[str, FollowUpItem] = {}
    for item in rules.follow_ups(trial.document()):
        items.setdefault(item.item_id, item)
    return items


def _judge(wanted: Mapping[str, FollowUpItem], records: Sequence[FollowUp]) -> Iterator[str]:
    by_item: defaultdict[str, list[FollowUp]] = defaultdict(list)
    for record in records:
        by_item[record.item_id].append(record)
    for item_id in sorted(by_item.keys() | wanted.keys()):
        yield from (f"item {item_id} {problem}" for problem in _of_item(wanted.get(item_id), by_item[item_id]))


def _of_item(item: FollowUpItem | None, records: Sequence[FollowUp]) -> Iterator[str]:
    changes = [record for record in records if record.kind != "reminder"]
    revisions = [record.revision for record in changes]
    if revisions != sorted(set(revisions)):
        yield f"is told of in revisions {revisions}"
    if changes and changes[0].kind != "opened":
        yield f"begins as {changes[0].kind}"
    reminded = Counter(record.due for record in records if record.kind == "reminder")
    if any(count > 1 for count in reminded.values()):
        yield f"is reminded of {max(reminded.values())} times"
    last = changes[-1] if changes else None
    stands = last is not None and last.kind != "withdrawn"
    if item is None:
        if stands:
            yield "stands, and is not in the minutes"
        return
    if last is None or not stands:
        yield "is in the minutes, and was not told of"
        return
    if _content(last) != _content(item):
        yield "is told otherwise than it stands in the minutes"
    if item.due is not None and last.no_reminder != "past_due" and not reminded[item.due]:
        yield f"is due at {item.due}, and nobody was reminded"


def _content(one: FollowUp | FollowUpItem) -> tuple[str, str | None, datetime | None, str | None, str]:
    return one.text, one.assignee, one.due, one.due_text, one.priority

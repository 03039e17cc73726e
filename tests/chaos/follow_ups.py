"""Holds follow-ups to the documents they follow from, and reminders to the follow-ups: one for an item and due date."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agents.profiles.follow_up import FollowUpItem, LeavesFollowUps
from schemas.records import FollowUp
from tests.chaos.oracle import Account
from tests.chaos.reading import Read
from tests.chaos.rules import Rules

_ROUNDING = timedelta(milliseconds=2)
"""By how much two times may differ: a record's time of publication is cut to milliseconds."""

Content = tuple[str, str | None, datetime | None, str | None, str]
Change = tuple[str, int, Content]
"""Kind, revision of the summary, and the item as it is then."""


def judge_follow_ups(
    account: Account,
    asked: Mapping[str, bytes],
    summaries: Iterable[Read],
    follow_ups: Iterable[Read],
    *,
    remind_before_s: float,
    as_of: datetime,
) -> None:
    """Compare, and count in the account.

    Args:
        account: of the run.
        asked: values of the requests by their ids.
        summaries: all records of the topic, each partition in order; their documents are right as others find.
        follow_ups: likewise.
        remind_before_s: how long before an item is due its reminder is sent.
        as_of: what was due by then must have been told.
    """
    told: defaultdict[str, list[FollowUp]] = defaultdict(list)
    for read in follow_ups:
        told[(read.key or b"").decode()].append(msgspec.json.decode(read.value or b"", type=FollowUp))
    published: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for read in summaries:
        published[(read.key or b"").decode()].append(json.loads(read.value or b"{}"))
    rules = Rules()
    for request_id in sorted(asked.keys() | told.keys()):
        wanted: Mapping[str, list[Change]] = {}
        if request_id in asked:
            wanted = _changes(rules.context(asked[request_id]).rules, published[request_id])
        by_item: defaultdict[str, list[FollowUp]] = defaultdict(list)
        for record in told[request_id]:
            by_item[record.item_id].append(record)
        account.follow_ups += sum(changes[-1][0] != "withdrawn" for changes in wanted.values())
        account.reminders += sum(record.kind == "reminder" for record in told[request_id])
        for item_id in sorted(wanted.keys() | by_item.keys()):
            problems = _judge_changes(wanted.get(item_id, []), by_item[item_id])
            problems += _judge_reminders(by_item[item_id], timedelta(seconds=remind_before_s), as_of)
            account.bad_follow_ups += len(problems)
            for problem in problems:
                account.note(f"{request_id}: follow-up {item_id}: {problem}")


def _changes(rules: Any, summaries: Sequence[Mapping[str, Any]]) -> dict[str, list[Change]]:
    """Return what the revisions of a request's document make of its items, by item."""
    found: defaultdict[str, list[Change]] = defaultdict(list)
    if not isinstance(rules, LeavesFollowUps):
        return {}
    for summary in summaries:
        revision = summary["revision"]
        items: dict[str, FollowUpItem] = {}
        for item in rules.follow_ups(summary["document"]):
            items.setdefault(item.item_id, item)
        for item_id, item in items.items():
            content = (item.text, item.assignee, item.due, item.due_text, item.priority)
            known = found[item_id][-1] if found[item_id] else ("withdrawn", 0, None)
            if known[0] == "withdrawn":
                found[item_id].append(("opened", revision, content))
            elif known[2] != content:
                found[item_id].append(("changed", revision, content))
        for item_id, changes in found.items():
            if item_id not in items and changes[-1][0] != "withdrawn":
                changes.append(("withdrawn", revision, changes[-1][2]))
    return dict(found)


def _judge_changes(wanted: Sequence[Change], records: Sequence[FollowUp]) -> list[str]:
    """Each change once, in order; so the last one is that of the final document."""
    told = [(record.kind, record.revision, _content_of(record)) for record in records if record.kind != "reminder"]
    if told == wanted:
        return []
    ways = [[f"{kind} {revision}" for kind, revision, _ in changes] for changes in (told, wanted)]
    return ["told with another content" if ways[0] == ways[1] else f"told {ways[0]}, and not {ways[1]}"]


def _content_of(record: FollowUp) -> Content:
    return record.text, record.assignee, record.due, record.due_text, record.priority


def _judge_reminders(records: Sequence[FollowUp], before: timedelta, as_of: datetime) -> list[str]:
    """One reminder for each due date, in its time, of the item as it was then."""
    problems = []
    sent: set[datetime | None] = set()
    latest: FollowUp | None = None
    waits = False
    for record in records:
        if record.kind == "reminder":
            if record.due in sent:
                problems.append(f"a second reminder of {record.due}")
            elif latest is None or not waits or _content_of(record) != _content_of(latest):
                problems.append(f"a reminder of {record.due} that nobody announced")
            elif latest.remind_at is not None and record.published_at < latest.remind_at - _ROUNDING:
                problems.append(f"a reminder of {record.due} before {latest.remind_at}")
            sent.add(record.due)
            waits = False
            continue
        remind_at, reason = _announced(record, sent, before)
        apart = abs((record.remind_at or _NEVER) - (remind_at or _NEVER))
        if record.no_reminder != reason or apart > _ROUNDING:
            problems.append(f"revision {record.revision} announces {record.remind_at or record.no_reminder!r}")
        latest, waits = record, record.remind_at is not None
    if waits and latest is not None and latest.remind_at is not None and latest.remind_at <= as_of:
        problems.append(f"no reminder of {latest.due}, which was to come at {latest.remind_at}")
    return problems


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def _announced(record: FollowUp, sent: set[datetime | None], before: timedelta) -> tuple[datetime | None, str]:
    """Return when a record has to say that a reminder comes, or why none does."""
    if record.kind == "withdrawn":
        return None, "withdrawn"
    if record.due is None:
        return None, "no_due"
    if record.due in sent:
        return None, "sent"
    if record.due <= record.published_at:
        return None, "past_due"
    return max(record.due - before, record.published_at), ""

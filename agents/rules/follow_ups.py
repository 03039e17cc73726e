"""Follow-ups: a document's items as records, compared from revision to revision, and one reminder before each due date.

All of it is staged with the summary it follows from, or with the state that says "reminded": in one transaction, so
that each record is there exactly once. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from agents.entry import Entry
from agents.ledger_records import STATE_VERSION, FollowUpState, follow_up_key
from agents.profiles.follow_up import FollowUpItem
from agents.rules.context import Context
from pipeline.domain import Stage
from schemas.catalogue import Catalogue
from schemas.cloudevents import EventHeaders
from schemas.records import FollowUp, Summary, encode
from schemas.records.follow_up import FollowUpKind

MOST_ITEMS = 1_000
"""Items of one document that are followed up."""

_LONGEST = 2_000
_GROUNDS = 5
_REMEMBERED = 20


class FollowUpRule:
    """Publishes what became of a document's items.

    Args:
        catalogue: the topic's name, which is the events' type.
        source: the events' source.
        remind_before_s: how long before an item is due its reminder is sent.
    """

    def __init__(self, catalogue: Catalogue, source: str, remind_before_s: float) -> None:
        self._headers = EventHeaders(catalogue["follow-ups"].name, source)
        self._remind_before_s = remind_before_s

    def compare(
        self,
        stage: Stage,
        entry: Entry,
        context: Context,
        summary: Summary,
        found: Sequence[FollowUpItem],
        now: float,
        *,
        whole: bool,
    ) -> None:
        """Stage what a new revision of the document changes: items opened, changed, withdrawn.

        ``whole``: it tells of the whole stream. One that does not says nothing about what an earlier run left to do.
        """
        items: dict[str, FollowUpItem] = {}
        for item in found:
            if len(items) < MOST_ITEMS:
                items.setdefault(item.item_id[:200], item)
        known = dict(entry.follow_ups)
        for item_id, item in items.items():
            self._compare(stage, context, summary, item_id, item, known.get(item_id), now, whole=whole)
        for item_id, state in known.items():
            if item_id not in items and state.record.kind != "withdrawn" and (whole or state.events == context.events):
                record = msgspec.structs.replace(
                    state.record, kind="withdrawn", revision=summary.revision, remind_at=None, no_reminder="withdrawn"
                )
                self._put(stage, _of(context, record, None, state.reminded), f"{record.revision}", now)

    def _compare(
        self,
        stage: Stage,
        context: Context,
        summary: Summary,
        item_id: str,
        item: FollowUpItem,
        known: FollowUpState | None,
        now: float,
        *,
        whole: bool,
    ) -> None:
        is_open = known is not None and known.record.kind != "withdrawn"
        record = _record(context, summary, item_id, item, "changed" if is_open else "opened", now)
        if is_open and known is not None and _content(record) == _content(known.record):
            if known.events != context.events and whole:  # an earlier run's; from now on it is this one's
                own = msgspec.structs.replace(known, events=context.events)
                stage.put(follow_up_key(record.request_id, item_id), own)
            return
        reminded = () if known is None else known.reminded
        remind_at = self._arm(record, reminded, now)
        self._put(stage, _of(context, record, remind_at, reminded), f"{record.revision}", now)

    def _arm(self, record: FollowUp, reminded: tuple[float, ...], now: float) -> float | None:
        """Decide whether and when to remind, and say so in the record. One that is due very soon is reminded of now."""
        if record.due is None:
            record.no_reminder = "no_due"
            return None
        due = record.due.timestamp()
        if due in reminded:
            record.no_reminder = "sent"
            return None
        if due <= now:
            record.no_reminder = "past_due"
            return None
        remind_at = max(due - self._remind_before_s, now)
        record.remind_at = datetime.fromtimestamp(remind_at, UTC)
        return remind_at

    def remind(self, stage: Stage, entry: Entry, now: float) -> None:
        """Stage the reminders of an entry that are due; where the request is forgotten, drop items that are past."""
        for state in list(entry.follow_ups.values()):
            if state.remind_at is None or state.remind_at > now or state.record.due is None:
                continue
            due = state.record.due.timestamp()
            record = msgspec.structs.replace(state.record, kind="reminder", no_reminder="sent")
            reminded = (*state.reminded, due)[-_REMEMBERED:]
            after = msgspec.structs.replace(state, record=record, remind_at=None, reminded=reminded)
            self._put(stage, after, f"reminder/{int(due * 1000)}", now)
        if entry.request is None:
            forget_follow_ups(entry, stage, now)

    def _put(self, stage: Stage, state: FollowUpState, event: str, now: float) -> None:
        record = state.record
        record.published_at = datetime.fromtimestamp(int(now * 1000) / 1000, UTC)
        headers = self._headers.make(
            f"{state.events}/follow-up/{record.item_id}/{event}",
            record.published_at.isoformat(timespec="milliseconds"),
            record.request_id,
            state.traceparent.encode() or None,
        )
        stage.publish("follow-ups", record.request_id.encode(), encode(record), headers)
        stage.put(follow_up_key(record.request_id, record.item_id), state)


def forget_follow_ups(entry: Entry, stage: Stage, now: float) -> None:
    """Remove what nothing comes of any more.

    An item outlives its request while it is to be reminded of, and then until it is due: a next run of the request
    that finds it again must know that it was.
    """
    for item_id, state in list(entry.follow_ups.items()):
        if state.remind_at is None and state.kept_until <= now:
            stage.put(follow_up_key(entry.request_id, item_id), None)


def _of(context: Context, record: FollowUp, remind_at: float | None, reminded: tuple[float, ...]) -> FollowUpState:
    return FollowUpState(
        state_version=STATE_VERSION,
        record=record,
        remind_at=remind_at,
        reminded=reminded,
        events=context.events,
        traceparent=(context.traceparent or b"").decode(),
    )


def _record(
    context: Context, summary: Summary, item_id: str, item: FollowUpItem, kind: FollowUpKind, now: float
) -> FollowUp:
    return FollowUp(
        request_id=summary.request_id,
        tenant=summary.tenant,
        user_id=summary.user_id,
        item_id=item_id,
        kind=kind,
        revision=summary.revision,
        text=item.text[:_LONGEST],
        assignee=item.assignee and item.assignee[:_LONGEST],
        due=_utc(item.due),
        due_text=item.due_text and item.due_text[:_LONGEST],
        priority=item.priority[:_LONGEST],
        evidence=[dict(ground) for ground in item.evidence[:_GROUNDS]],
        profile=context.profile_name,
        source_url=context.source_url,
        published_at=datetime.fromtimestamp(now, UTC),
    )


def _utc(due: datetime | None) -> datetime | None:
    if due is None or due.tzinfo is None:
        return None if due is None else due.replace(tzinfo=UTC)
    try:
        return due.astimezone(UTC)
    except OverflowError:  # at the very end of all years
        return None


def _content(record: FollowUp) -> tuple[object, ...]:
    """What makes an item another. Its grounds alone do not: whoever does it is not told that a quotation moved."""
    return record.text, record.assignee, record.due, record.due_text, record.priority

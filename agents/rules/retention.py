"""Forgetting: a request that was settled long enough ago leaves a small marker, and in the end nothing."""

from __future__ import annotations

from agents.entry import Entry
from agents.ledger_records import (
    STATE_VERSION,
    Closed,
    closed_key,
    highlight_key,
    original_key,
    parked_key,
    request_key,
    transcript_key,
)
from agents.policy import Policy
from agents.rules.follow_ups import forget_follow_ups
from agents.state import PartitionState
from pipeline.domain import Stage


def forget_request(entry: Entry, state: PartitionState, stage: Stage, now: float, policy: Policy) -> None:
    """Write tombstones for a request and its highlights, and the marker that keeps late records from reviving it.

    They go through the same transaction as the input positions, so they are never ahead of them.
    """
    request = entry.request
    if request is None:
        return
    request_id = entry.request_id
    # by seq, so that "the last seq" stays right until the last one is gone
    for highlight_id, _ in sorted(entry.highlights.items(), key=lambda item: item[1].seq):
        stage.put(highlight_key(request_id, highlight_id), None)
    for topic, offset in list(entry.parked):
        stage.put(parked_key(request_id, topic, offset), None)
    forget_follow_ups(entry, stage, now)
    stage.put(request_key(request_id), None)
    stage.put(original_key(request_id), None)
    if entry.transcript is not None:
        stage.put(transcript_key(request_id), None)
    # the epoch keeps event ids apart, so it is known for as long as an item of one is
    due = max([now + policy.closed_for_s, *(item.kept_until for item in entry.follow_ups.values())])
    marker = Closed(state_version=STATE_VERSION, epoch=request.epoch, due=due)
    stage.put(closed_key(request_id), marker)
    state.release(request_id)


def forget_marker(request_id: str, state: PartitionState, stage: Stage, now: float) -> None:
    """Remove a marker whose time is over."""
    closed = state.closed.get(request_id)
    if closed is not None and closed.due <= now:
        stage.put(closed_key(request_id), None)

"""The state machine of a request: which change is made when, as new state records. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.ledger_records import FINAL, RequestState
from agents.policy import Policy
from schemas.records.stream import Outcome, StreamState

OUTCOMES: dict[str, Outcome] = {"completed": "completed", "error": "failed", "cancelled": "cancelled"}
"""What an API status that ends a stream means (source: API contract, "Stream status")."""

BOUND: frozenset[StreamState] = frozenset({"processing", "settling", "settled"})
"""States in which the stream may be known."""

SEARCHED: frozenset[StreamState] = frozenset({"submitting", "in_doubt"})
"""States whose own search covers the doubts as well."""

_ALLOWED: dict[StreamState, frozenset[StreamState]] = {
    "accepted": frozenset({"scheduled", "queued"}),
    "scheduled": frozenset({"queued", "processing", "settled"}),
    "queued": frozenset({"submitting", "processing", "settled"}),
    "submitting": frozenset({"queued", "in_doubt", "processing", "rejected", "settled"}),
    "in_doubt": frozenset({"queued", "processing", "rejected", "settled"}),
    "processing": frozenset({"settling", "settled"}),
    "settling": frozenset({"processing", "settled"}),
    "settled": frozenset(),
    "rejected": frozenset({"queued"}),
}
_LONGEST_REASON = 500


def change(request: RequestState, to: StreamState, reason: str, now: float, **fields: Any) -> RequestState:
    """Return the request one change of state further.

    Args:
        request: as it stands.
        to: the next state.
        reason: for people; shown on the streams topic.
        now: unix seconds.
        fields: what else changes with it.

    Raises:
        AssertionError: the state machine has no such change; a fault of ours.
    """
    if to not in _ALLOWED[request.state]:
        raise AssertionError(f"{request.state} -> {to} is no change of state")
    return msgspec.structs.replace(
        request,
        state=to,
        previous=request.state,
        reason=reason[:_LONGEST_REASON],
        changes=request.changes + 1,
        changed_at=now,
        **fields,
    )


def bound(request: RequestState, stream_id: str, reason: str, now: float, *, due: float) -> RequestState:
    """Return the request with its stream known."""
    return change(
        with_stream(request, stream_id),
        "processing",
        reason,
        now,
        submitted_at=request.submitted_at or now,
        not_after=0.0,
        failures=0,
        searches=0,
        due=due,
    )


def with_stream(request: RequestState, stream_id: str) -> RequestState:
    """Return the request bound to a stream of which nothing has been seen yet, whatever was seen of another."""
    return msgspec.structs.replace(
        request,
        stream_id=stream_id,
        api_status=None,
        status_at=0.0,
        status_until=0.0,
        processed_s=0.0,
        total_s=None,
        found=0,
        api_total=None,
        interval=0.0,
        quiet=0,
        missing=0,
        missing_since=0.0,
        stopped=False,
        stop_failures=0,
        stop_at=0.0,
    )


def settled(request: RequestState, outcome: Outcome, reason: str, now: float, policy: Policy) -> RequestState:
    """Return the request at its end; what is due next is that retention forgets it."""
    return change(
        request,
        "settled",
        reason,
        now,
        outcome=outcome,
        settled_at=now,
        failures=0,
        sweeps=0,
        refreshed=request.refreshes,
        due=now + policy.retain_s,
        summaries=request.summaries + 1,
    )


def refresh_asked(request: RequestState, due: float) -> RequestState:
    """Return the request with one more read to make, by ``due`` at the latest, that begins after now."""
    if request.due is not None:
        due = min(due, request.due)
    return msgspec.structs.replace(request, refreshes=request.refreshes + 1, due=due)


def outcome_of(request: RequestState) -> Outcome:
    """Return how a request whose stream has ended ended: by its status, and by what a command asked for."""
    seen = OUTCOMES.get(request.api_status or "", "failed")
    if request.wish == "cancel":
        return "cancelled"
    if request.wish == "stop" and seen == "cancelled":
        return "completed"  # a stop keeps what was found; that the API calls it cancelled is its word, not ours
    return seen


def saw_all(request: RequestState) -> bool:
    """Whether a settled request has seen its stream whole: it came to its end, and nobody asked to stop it before."""
    return request.outcome == "completed" and request.wish is None and not request.incomplete


def wants_stop(request: RequestState) -> bool:
    """Whether a command wants the API to stop the stream, and it has not done so yet."""
    return request.wish is not None and not request.stopped and request.state == "processing"


def may_stop(request: RequestState, now: float) -> bool:
    """Whether a stream has to be stopped and a stop may be tried; after a failed one, reads go first for a while."""
    return (bool(request.extras) or wants_stop(request)) and now >= request.stop_at


def is_final(request: RequestState) -> bool:
    """Whether the API owes us nothing any more."""
    return request.state in FINAL

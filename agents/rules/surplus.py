"""When a request has more than one stream: which one is kept, and which has to be stopped. Pure."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState
from agents.rules.lifecycle import with_stream

_REMEMBERED = 20

_STOPPED_AT_ONCE = 20
"""Surplus streams of a request that wait to be stopped, at most: a further one waits for its next sign of life."""


def with_surplus(
    entry: Entry, request: RequestState, stream_id: str, *, ended: bool, now: float, older: bool | None = None
) -> RequestState:
    """Return the request after a second stream of it turned up.

    The older one is kept and the younger stopped. A stream that nobody awaits any more is older, unless younger ones
    are looked for as well: it comes from a submission that was given up. But once highlights of the younger are
    published it is kept, or consumers would get the same moments twice under other ids.

    Args:
        entry: tells what is published.
        request: bound to another stream, or settled without one.
        stream_id: the stream that turned up.
        ended: it runs no more, so there is nothing to stop.
        now: unix seconds.
        older: whether it is older than the one that is bound, if that is known.
    """
    if stream_id in request.extras or stream_id in request.ignored or stream_id == request.stream_id:
        return request
    if not ended and len(request.extras) >= _STOPPED_AT_ONCE:
        return request
    loser = stream_id
    if older is None:
        older = not request.younger
    if older and request.doubts and not entry.highlights and request.state == "processing" and request.stream_id:
        loser, ended = request.stream_id, False
        # which of the doubts it came from is not known here, so that none of them counts as older any more
        request = msgspec.structs.replace(with_stream(request, stream_id), younger=len(request.doubts))
    if ended:
        return msgspec.structs.replace(request, ignored=(*request.ignored, loser)[-_REMEMBERED:])
    # how often another stream could not be stopped says nothing about this one
    return msgspec.structs.replace(
        request,
        extras=(*request.extras, loser),
        failures=0,
        stop_failures=0,
        stop_at=0.0,
        due=min(now, request.due or now),
    )


def without_surplus(request: RequestState, stream_id: str) -> RequestState:
    """Return the request after a surplus stream was stopped, or left alone for good."""
    extras = tuple(extra for extra in request.extras if extra != stream_id)
    ignored = (*request.ignored, stream_id)[-_REMEMBERED:]
    return msgspec.structs.replace(request, extras=extras, ignored=ignored)

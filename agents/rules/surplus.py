"""When a request has more than one stream: which one is kept, and which has to be stopped. Pure."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState

_REMEMBERED = 20


def with_surplus(entry: Entry, request: RequestState, stream_id: str, *, ended: bool, now: float) -> RequestState:
    """Return the request after a second stream of it turned up.

    The older one is kept and the younger stopped. A stream that nobody awaits any more is older: it comes from a
    submission that was given up. But once highlights of the younger are published it is kept, or consumers would get
    the same moments twice under other ids.

    Args:
        entry: tells what is published.
        request: bound to another stream, or settled without one.
        stream_id: the stream that turned up.
        ended: it runs no more, so there is nothing to stop.
        now: unix seconds.
    """
    if stream_id in request.extras or stream_id in request.ignored or stream_id == request.stream_id:
        return request
    kept = request.stream_id
    loser = stream_id
    if request.doubts and not entry.highlights and request.state == "processing" and kept is not None:
        kept, loser, ended = stream_id, kept, False
    if ended:
        return msgspec.structs.replace(request, ignored=(*request.ignored, loser)[-_REMEMBERED:])
    return msgspec.structs.replace(
        request, stream_id=kept, extras=(*request.extras, loser), failures=0, due=min(now, request.due or now)
    )


def without_surplus(request: RequestState, stream_id: str) -> RequestState:
    """Return the request after a surplus stream was stopped, or left alone for good."""
    extras = tuple(extra for extra in request.extras if extra != stream_id)
    ignored = (*request.ignored, stream_id)[-_REMEMBERED:]
    return msgspec.structs.replace(request, extras=extras, ignored=ignored)

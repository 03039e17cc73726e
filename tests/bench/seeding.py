"""State written straight to a ledger topic: requests whose stream is being processed, and highlights known of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agents.ledger_records import (
    POLL,
    STATE_VERSION,
    HighlightState,
    OriginalRequest,
    RequestState,
    highlight_key,
    original_key,
    request_key,
)
from schemas.records import Request, encode
from tests.bench.requested import START, requests, stream_id
from tests.bench.workload import Input, place

_FAR_AWAY_S = 10 * 365 * 86_400.0
_encoder = msgspec.json.Encoder()


def as_it_came(asked: Request, number: int, now: float) -> OriginalRequest:
    """Return a request record as the ledger keeps it."""
    value = encode(asked).decode()
    return OriginalRequest(state_version=STATE_VERSION, value=value, offset=number, timestamp=int(now * 1000))


def in_processing(number: int, now: float) -> RequestState:
    """Return the state of a request whose stream runs, and which has nothing to do before many years."""
    return RequestState(
        state_version=STATE_VERSION,
        state="processing",
        previous="submitting",
        reason="submitted",
        accepted_at=now,
        changed_at=now,
        submitted_at=now,
        changes=4,
        submissions=1,
        due=now + _FAR_AWAY_S,
        stream_id=stream_id(number),
        api_status="processing",
        status_at=now,
    )


def ledger(request_count: int, highlights_each: int, now: float, profile: str = "general") -> Iterator[Input]:
    """Yield ledger records in the order in which a worker would have written them.

    Args:
        request_count: requests in state ``processing``.
        highlights_each: highlights known of each.
        now: unix seconds.
        profile: of the requests.
    """
    at = START.timestamp()
    for number, asked in enumerate(requests(request_count, profile)):
        partition = place(asked.request_id)
        original = _encoder.encode(as_it_came(asked, number, now))
        yield Input(partition, original_key(asked.request_id).encode(), original)
        yield Input(partition, request_key(asked.request_id).encode(), _encoder.encode(in_processing(number, now)))
        for index in range(highlights_each):
            known = HighlightState(
                STATE_VERSION,
                1,
                index + 1,
                (number * 1_000_003 + index) * 0x9E37_79B9_7F4A_7C15 & 0xFFFF_FFFF_FFFF_FFFF,
                at + index,
                round(0.3 + (number * 7 + index * 13) % 700 / 1000, 3),
                float(index * 60),
                30.0,
                POLL,
                0,
                f"Double kill in round {index} of game {number}",
            )
            yield Input(
                partition, highlight_key(asked.request_id, f"h-{number:06}-{index:03}").encode(), _encoder.encode(known)
            )

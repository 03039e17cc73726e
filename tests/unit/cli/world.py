"""A small true world and what was published of it, to be broken by tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.stack.published import Published, PublishedHighlight
from pipeline.stack.truth import TrueHighlight, TrueStream
from schemas.records import Counts, Highlight, Observed, Stream, Summary

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REQUEST = "r-1"


def content(number: int) -> dict[str, Any]:
    """What the API shows of a highlight."""
    return {"title": f"Moment {number}", "timestamp": number * 60.0, "duration": 30.0, "confidence_score": 0.8}


def truth(count: int = 3) -> dict[str, TrueStream]:
    """One stream with so many highlights."""
    made = {f"h{number}": TrueHighlight(1, content(number)) for number in range(1, count + 1)}
    return {"s-1": TrueStream("s-1", REQUEST, 0.0, "completed", highlights=made)}


def highlight(number: int, *, seq: int | None = None, revision: int = 1, **fields: Any) -> Highlight:
    """A highlight record that agrees with the truth."""
    record = Highlight(
        request_id=REQUEST,
        tenant="acme",
        stream_id="s-1",
        highlight_id=f"h{number}",
        revision=revision,
        seq=seq or number,
        title=f"Moment {number}",
        start_s=number * 60.0,
        end_s=number * 60.0 + 30.0,
        duration_s=30.0,
        confidence=0.8,
        rank=1,
        source_url="https://www.twitch.tv/videos/1",
        platform="twitch",
        profile="general@1",
        quality="standard",
        observed=Observed(by="poll", observation_id=f"o{number}"),
        observed_at=NOW,
        published_at=NOW,
    )
    return msgspec.structs.replace(record, **fields)


def stream(state: Any = "settled", **fields: Any) -> Stream:
    """Where the request stands."""
    given = {"outcome": "completed" if state == "settled" else None, "stream_id": "s-1", **fields}
    return Stream(
        request_id=REQUEST,
        tenant="acme",
        state=state,
        source_url="https://www.twitch.tv/videos/1",
        platform="twitch",
        profile="general",
        accepted_at=NOW,
        changed_at=NOW,
        **given,
    )


def summary(records: list[Highlight], **fields: Any) -> Summary:
    """A summary that agrees with the records."""
    ids = sorted({record.highlight_id for record in records})
    agreed = Summary(
        request_id=REQUEST,
        tenant="acme",
        revision=1,
        outcome="completed",
        count=len(ids),
        last_seq=len(records),
        counts=Counts(by_poll=len(ids)),
        ids_sha256=hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        profile="general",
        source_url="https://www.twitch.tv/videos/1",
        accepted_at=NOW,
        settled_at=NOW,
    )
    return msgspec.structs.replace(agreed, **fields)


def published(*records: Highlight, state: Any = "settled", **of_summary: Any) -> Published:
    """The topics with these highlight records, in this order, on one partition."""
    places = [PublishedHighlight(0, offset, record) for offset, record in enumerate(records)]
    return Published({REQUEST: places}, {REQUEST: stream(state)}, {REQUEST: summary(list(records), **of_summary)})

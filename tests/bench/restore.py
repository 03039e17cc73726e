"""How long a worker takes to have its state back from Kafka, what memory that takes, and how long it takes without."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from tests.bench import seeding
from tests.bench.lineup import Tell
from tests.bench.worker import running

_SETTLE_S = 2.0


async def startup(servers: str, *, rounds: int, tell: Tell) -> dict[str, Any]:
    """Start a worker without state, again and again: seconds from the start of the process to ``/readyz``."""
    ready: list[float] = []
    rss = 0.0
    for number in range(rounds):
        tell(f"start-up, {number + 1} of {rounds}")
        async with running(servers, ()) as worker:
            ready.append(worker.ready_s)
            await asyncio.sleep(_SETTLE_S)
            rss = worker.process.sample().rss_mb
    return {"ready_s": round(median(ready), 2), "rounds": [round(each, 2) for each in ready], "rss_mb": round(rss)}


async def restore(servers: str, *, requests: int, highlights_each: int, empty_s: float, tell: Tell) -> dict[str, Any]:
    """Start a worker whose twelve ledgers hold so many requests and highlights.

    Args:
        servers: the broker.
        requests: in state ``processing``.
        highlights_each: highlights of each.
        empty_s: seconds to readiness without state.
        tell: shows progress.
    """
    total = requests * highlights_each
    tell(f"restore: writing {requests:,} requests and {total:,} highlights")
    async with running(servers, seeding.ledger(requests, highlights_each, time.time())) as worker:
        return {
            "requests": requests,
            "highlights": total,
            "ready_s": round(worker.ready_s, 2),
            "records_per_s": round((requests + total) / max(worker.ready_s - empty_s, 0.01)),
            "peak_rss_mb": round(worker.process.peak_rss_mb()),
            "cpu_s": round(worker.process.sample().cpu_s, 1),
        }


async def memory(servers: str, *, streams: int, empty_mb: float, tell: Tell) -> dict[str, Any]:
    """Memory of one tracked stream with 20 highlights: what a worker that tracks many has more than one without any."""
    tell(f"memory: {streams:,} streams of 20 highlights")
    async with running(servers, seeding.ledger(streams, 20, time.time())) as worker:
        await asyncio.sleep(_SETTLE_S)
        rss = worker.process.sample().rss_mb
    return {
        "streams": streams,
        "highlights_each": 20,
        "rss_mb": round(rss),
        "empty_rss_mb": round(empty_mb),
        "kb_per_stream": round((rss - empty_mb) * 1000 / streams, 2),
    }

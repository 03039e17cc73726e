"""End-to-end latency at a steady rate: from the write of an observation to its highlight, read committed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import confluent_kafka

from schemas.catalogue import full_name
from tests.bench import seeding, workload
from tests.bench.lineup import Tell
from tests.bench.progress import event_id
from tests.bench.worker import running
from tests.bench.workload import Input

_WARM_UP_S = 3.0
_PATIENCE_S = 20.0


class _Arrivals(threading.Thread):
    """Notes when each highlight can be read first, by event id."""

    def __init__(self, servers: str, topic: str) -> None:
        super().__init__(name="arrivals", daemon=True)
        self.at: dict[str, float] = {}
        self.ended = threading.Event()
        self._consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": f"latency-{topic}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
                "log_level": 2,
            }
        )
        self._consumer.assign(
            [confluent_kafka.TopicPartition(topic, number, 0) for number in range(workload.PARTITIONS)]
        )

    def run(self) -> None:
        while not self.ended.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error() is not None:
                continue
            now = time.monotonic()
            self.at.setdefault(event_id(message).decode(), now)
        self._consumer.close()


async def measure(servers: str, *, rate: int, seconds: float, requests: int, tell: Tell) -> dict[str, Any]:
    """Write ``rate`` observations a second, evenly, and say how long their highlights took.

    Args:
        servers: the broker.
        rate: a second.
        seconds: measured; some more before are not.
        requests: over so many requests.
        tell: shows progress.
    """
    tell(f"latency: {rate} a second for {seconds:g} s")
    inputs = workload.distinct(int(rate * (seconds + _WARM_UP_S)), requests, tag="late")
    async with running(servers, seeding.ledger(requests, 0, time.time())) as worker:
        source, sink = (full_name(short, worker.prefix) for short in ("observations", "highlights"))
        written, arrived = await asyncio.to_thread(_drive, servers, source, sink, inputs, rate)
    measured = written[int(rate * _WARM_UP_S) :]
    taken = sorted((arrived[event] - at) * 1000 for event, at in measured if event in arrived)
    return {
        "rate": rate,
        "records": len(measured),
        "missing": len(measured) - len(taken),
        "p50_ms": _quantile(taken, 0.5),
        "p90_ms": _quantile(taken, 0.9),
        "p99_ms": _quantile(taken, 0.99),
        "max_ms": _quantile(taken, 1.0),
    }


def _drive(
    servers: str, source: str, sink: str, inputs: Sequence[Input], rate: int
) -> tuple[list[tuple[str, float]], dict[str, float]]:
    arrivals = _Arrivals(servers, sink)
    arrivals.start()
    try:
        written = _write(servers, source, inputs, rate)
        deadline = time.monotonic() + _PATIENCE_S
        while len(arrivals.at) < len(inputs) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        arrivals.ended.set()
        arrivals.join(10)
    return written, arrivals.at


def _write(servers: str, source: str, inputs: Sequence[Input], rate: int) -> list[tuple[str, float]]:
    producer = confluent_kafka.Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 2})
    written = []
    began = time.monotonic() + 0.5
    for index, each in enumerate(inputs):
        wait = began + index / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        event = f"{each.key.decode()}/late-{index:08}/1"
        written.append((event, time.monotonic()))
        producer.produce(source, each.value, each.key, partition=each.partition)
        producer.poll(0)
    producer.flush(30)
    return written


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)

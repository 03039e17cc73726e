"""Input behind a gate: written in one open transaction, and seen by every consumer at once when it is committed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import confluent_kafka

from tests.bench.workload import Input

_OPTIONS = {
    "log_level": 2,
    "linger.ms": 20,
    "batch.size": 262_144,
    "queue.buffering.max.messages": 2_000_000,
    "compression.type": "none",
}


class Feed:
    """Writes to one topic, partitions chosen by us.

    Args:
        servers: the broker.
        topic: full name.
    """

    def __init__(self, servers: str, topic: str) -> None:
        self._servers = servers
        self._topic = topic
        self._gated: confluent_kafka.Producer | None = None

    def write(self, inputs: Iterable[Input]) -> None:
        """Write at once; return when all is confirmed."""
        producer = confluent_kafka.Producer({"bootstrap.servers": self._servers, **_OPTIONS})
        self._produce(producer, inputs)
        _confirm(producer)

    def fill(self, inputs: Iterable[Input]) -> None:
        """Write behind the gate; return when all is on the broker, and readable for nobody."""
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": self._servers,
                "transactional.id": f"feed-{self._topic}",
                "transaction.timeout.ms": 600_000,
                **_OPTIONS,
            }
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        self._produce(producer, inputs)
        _confirm(producer)
        self._gated = producer

    def release(self) -> float:
        """Open the gate; return when that was, in monotonic seconds."""
        if self._gated is None:
            raise RuntimeError("nothing is behind the gate")
        opened = time.monotonic()
        self._gated.commit_transaction(30)
        self._gated = None
        return opened

    def _produce(self, producer: Any, inputs: Iterable[Input]) -> None:
        for index, each in enumerate(inputs):
            producer.produce(self._topic, each.value, each.key, partition=each.partition)
            if index % 5_000 == 0:
                producer.poll(0)


def _confirm(producer: Any) -> None:
    left = producer.flush(120)
    if left:
        raise TimeoutError(f"{left} records were not confirmed within 120 s")

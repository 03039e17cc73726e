"""The requests of a run: made from the seed, written with either partitioner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Message, Producer

MURMUR2 = "murmur2_random"
"""How Java and aiokafka clients place a key."""

CRC32 = "consistent_random"
"""How librdkafka places a key unless told otherwise."""


PROFILES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gaming", {"type": "esports", "game": "valorant"}),
    ("education", {"type": "lecture", "course_id": "course", "topics": ["entropy"]}),
    (
        "meetings",
        {
            "type": "meeting",
            "attendees": ["Amara Okafor", "Bjorn Lund", "Chen Wei", "Priya Nair"],
            "date": "2099-07-01T09:00:00",
            "timezone": "Europe/Berlin",
        },
    ),
    ("general", {}),
)
"""Each request is of another profile than the one before."""


def request_record(seed: int, number: int, **fields: Any) -> tuple[str, bytes]:
    """Return id and value of the n-th request of a run."""
    request_id = f"chaos-{seed}-{number:04d}"
    profile, metadata = PROFILES[number % len(PROFILES)]
    if profile == "gaming":  # of every 60 requests those of one tenant are a tournament, of every 36 a match
        metadata = metadata | {"tournament_id": f"cup-{number // 60}", "match_id": f"match-{number // 36}"}
    value = {
        "request_id": request_id,
        "tenant": f"tenant-{number % 3}",
        "source_url": f"https://video.example/{seed}/{number}",
        "platform": "custom",
        "profile": profile,
        "metadata": metadata,
        "options": {"analysis_quality": "standard"},
        **fields,
    }
    return request_id, json.dumps(value).encode()


class Writer:
    """Writes records as an application would, with librdkafka. Outlives broker restarts."""

    def __init__(self, servers: str, partitioner: str = MURMUR2) -> None:
        self._failed: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "partitioner": partitioner,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.max.bytes": 20_000_000,
                "log_level": 0,
            }
        )

    async def write(self, topic: str, records: Iterable[tuple[str | bytes, bytes | None]], partition: int = -1) -> int:
        """Write records of key and value and return how many, once the broker has confirmed each.

        Args:
            topic: full name.
            records: key and value; a value of ``None`` is a tombstone.
            partition: where; by the partitioner unless given.

        Raises:
            RuntimeError: some were not confirmed within two minutes.
        """
        return await asyncio.to_thread(self._write, topic, list(records), partition)

    def _write(self, topic: str, records: Sequence[tuple[str | bytes, bytes | None]], partition: int) -> int:
        for key, value in records:
            self._producer.produce(topic, key=key, value=value, partition=partition, on_delivery=self._note)
            self._producer.poll(0)
        left = self._producer.flush(120)
        if left or self._failed:
            raise RuntimeError(f"{left} records were not confirmed, failed: {self._failed[:3]}")
        return len(records)

    def _note(self, error: Any, _message: Message) -> None:
        if error is not None:
            self._failed.append(str(error))

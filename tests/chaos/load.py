"""The requests of a run: made from the seed, written with either partitioner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Message, Producer

MURMUR2 = "murmur2_random"
"""How Java and aiokafka clients place a key."""

CRC32 = "consistent_random"
"""How librdkafka places a key unless told otherwise."""


GAMING: dict[str, Any] = {"type": "esports", "game": "valorant"}

MEETING: dict[str, Any] = {
    "type": "meeting",
    "attendees": ["Amara Okafor", "Bjorn Lund", "Chen Wei", "Priya Nair"],
    "timezone": "Europe/Berlin",
}

SATURDAY = datetime(2033, 1, 1, 9, 0)  # noqa: DTZ001 - on the clock of the meeting
"""When most meetings are: what is due on Monday, on Wednesday and later is told apart by the reminders' time."""

WEDNESDAY = datetime(2033, 1, 5, 16, 0, tzinfo=UTC)
"""When an item is due that such a meeting wants by Wednesday."""

LONG_AGO = datetime(2026, 7, 1, 9, 0)  # noqa: DTZ001 - on the clock of the meeting
"""When every third meeting was: nothing in it is to be reminded of."""

PROFILES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gaming", GAMING),
    ("education", {"type": "lecture", "course_id": "course", "topics": ["entropy"]}),
    ("meetings", MEETING),
    ("general", {}),
)
"""Each request is of another profile than the one before."""

VIEWS: tuple[dict[str, Any], ...] = (
    {
        "match_id": "final",
        "script": "cup-final",
        "teams": ["Northwind", "Iron Harbor"],
        "players": [{"name": "Nyx", "team": "Northwind"}, {"name": "Strand", "team": "Iron Harbor"}],
    },
    {
        "match_id": "final",
        "script": "cup-final-pov",
        "stream_role": "pov",
        "player": "Nyx",
        "team": "Northwind",
    },
    {"match_id": "final", "script": "cup-final-es", "stream_role": "language", "language": "es", "offset_s": 8.0},
    {"match_id": "semi"},
)
"""The streams of one tournament: three of one match whose content the simulator has written down, and one more."""

SCRIPT_S = 2700.0
"""Length of those three, in content seconds."""

TENANTS = 3


def request_record(seed: int, number: int, *, bare: bool = False, **fields: Any) -> tuple[str, bytes]:
    """Return id and value of the n-th request of a run.

    Args:
        seed: of the run.
        number: from 0.
        bare: of no tournament, and with no content that is written down.
        fields: of the record, in place of those made here.
    """
    request_id = f"chaos-{seed}-{number:04d}"
    profile, metadata = PROFILES[number % len(PROFILES)]
    turn = number // len(PROFILES)
    tenant = number % TENANTS
    if metadata is MEETING:
        metadata = {**MEETING, "date": (LONG_AGO if turn % 3 == 2 else SATURDAY).isoformat()}
    elif metadata is GAMING and not bare:
        cup, view = divmod(turn, len(VIEWS))
        tenant = cup % TENANTS
        named = {"tournament_id": f"cup-{cup // TENANTS}", "tournament_name": "Cup"}  # tenants share ids
        metadata = {**GAMING, **named, **VIEWS[view]}
    value = {
        "request_id": request_id,
        "tenant": f"tenant-{tenant}",
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

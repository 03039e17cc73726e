"""Reading our topics as any consumer would: committed records only, by hand, without a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer

from pipeline.kafka.connection import KafkaConnection
from schemas.catalogue import load

STALL_S = 15.0
"""A read to the end that makes no progress for so long gives up."""


class ReadStalledError(RuntimeError):
    """A topic could not be read to its end. The text says how far it came."""


class Reader:
    """A read_committed consumer of some of our topics, all partitions.

    Attributes:
        consumer: the client underneath.
    """

    def __init__(self, consumer: AIOKafkaConsumer, short_names: dict[str, str]) -> None:
        self.consumer = consumer
        self._short_names = short_names

    def short_name(self, record: Any) -> str:
        """Return the catalogue's name of the topic that a record came from."""
        return self._short_names[record.topic]

    async def follow(self, poll_s: float = 0.2) -> AsyncIterator[list[Any]]:
        """Yield records as they come, for ever; an empty list now and then lets the caller look at its clock."""
        while True:
            batches = await self.consumer.getmany(timeout_ms=int(poll_s * 1000))
            yield [record for records in batches.values() for record in records]

    async def read_to_end(self) -> list[Any]:
        """Return all records up to the end that each partition has now or later, in order within each partition.

        Raises:
            ReadStalledError: no progress for ``STALL_S`` seconds.
        """
        ends = await self.consumer.end_offsets(self.consumer.assignment())
        waiting = {partition: end for partition, end in ends.items() if end > 0}
        found: list[Any] = []
        loop = asyncio.get_running_loop()
        moved_at = loop.time()
        while waiting:
            before = len(found), len(waiting)
            for records in (await self.consumer.getmany(*waiting, timeout_ms=100)).values():
                found += records
            for partition in [p for p, end in waiting.items() if await self.consumer.position(p) >= end]:
                del waiting[partition]
            if (len(found), len(waiting)) != before:
                moved_at = loop.time()
            elif loop.time() - moved_at > STALL_S:
                left = ", ".join(f"{p.topic}-{p.partition} (end {end})" for p, end in waiting.items())
                raise ReadStalledError(f"no progress for {STALL_S:g} s while reading {left}")
        return found


@asynccontextmanager
async def open_reader(
    connection: KafkaConnection,
    topics: Iterable[str],
    *,
    prefix: str,
    start: Literal["earliest", "latest"] = "earliest",
) -> AsyncIterator[Reader]:
    """Open a reader of topics by short name, from their beginning or from now on.

    Raises:
        KafkaError: the cluster is away, or a topic is not there.
    """
    names = {load().full_name(short, prefix): short for short in topics}
    consumer = AIOKafkaConsumer(
        *names,
        **connection.aiokafka(),
        group_id=None,
        isolation_level="read_committed",
        auto_offset_reset=start,
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        if start == "latest":  # now, and not when the first poll comes: what is written meanwhile must not be missed
            for partition in consumer.assignment():
                await consumer.position(partition)
        yield Reader(consumer, names)
    finally:
        await consumer.stop()

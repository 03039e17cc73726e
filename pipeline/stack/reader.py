"""Reading our topics as any consumer would: committed records only, by hand, without a consumer group."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from pipeline.kafka.connection import KafkaConnection
from pipeline.ledger.closing import close_apart
from schemas.catalogue import load

STALL_S = 15.0
"""A read to the end that makes no progress for so long gives up."""


ASK_AFTER_S = 3.0
"""A reader that has received nothing for so long asks whether Kafka is there: silence alone does not tell."""

_ANSWER_WITHIN_S = 2.0
_CLOSE_PATIENCE_S = 2.0


class ReadStalledError(RuntimeError):
    """A topic could not be read to its end. The text says how far it came."""


class Reader:
    """A read_committed consumer of some of our topics, all partitions.

    Attributes:
        consumer: the client underneath.
        unheard_s: while following, for how many seconds Kafka has neither sent records nor answered a question.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, short_names: dict[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.consumer = consumer
        self.unheard_s = 0.0
        self._short_names = short_names
        self._clock = clock

    def short_name(self, record: Any) -> str:
        """Return the catalogue's name of the topic that a record came from."""
        return self._short_names[record.topic]

    async def follow(self, poll_s: float = 0.2) -> AsyncIterator[list[Any]]:
        """Yield records as they come, for ever; an empty list now and then lets the caller look at its clock.

        The client goes on silently while Kafka is away; ``unheard_s`` tells.
        """
        heard_at = self._clock()
        while True:
            batches = await self.consumer.getmany(timeout_ms=int(poll_s * 1000))
            if batches or (self._clock() - heard_at > ASK_AFTER_S and await self._answers()):
                heard_at = self._clock()
            self.unheard_s = self._clock() - heard_at
            yield [record for records in batches.values() for record in records]

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                await self.consumer.end_offsets(self.consumer.assignment())
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    async def read_to_end(self) -> list[Any]:
        """Return all records up to the end that each partition has now or later, in order within each partition.

        Raises:
            ReadStalledError: no progress for ``STALL_S`` seconds.
        """
        return [record async for batch in self.batches_to_end() for record in batch]

    async def batches_to_end(self) -> AsyncIterator[list[Any]]:
        """Yield the same batch by batch, for topics that are better not held in memory as a whole.

        Raises:
            ReadStalledError: no progress for ``STALL_S`` seconds.
        """
        ends = await self.consumer.end_offsets(self.consumer.assignment())
        waiting = {partition: end for partition, end in ends.items() if end > 0}
        loop = asyncio.get_running_loop()
        moved_at = loop.time()
        while waiting:
            before = len(waiting)
            batches = await self.consumer.getmany(*waiting, timeout_ms=100)
            found = [record for records in batches.values() for record in records]
            if found:
                yield found
            for partition in [p for p, end in waiting.items() if await self.consumer.position(p) >= end]:
                del waiting[partition]
            if found or len(waiting) != before:
                moved_at = loop.time()
            elif loop.time() - moved_at > STALL_S:
                left = ", ".join(f"{p.topic}-{p.partition} (end {end})" for p, end in waiting.items())
                raise ReadStalledError(f"no progress for {STALL_S:g} s while reading {left}")


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
    try:
        await consumer.start()
        if start == "latest":  # now, and not when the first poll comes: what is written meanwhile must not be missed
            for partition in consumer.assignment():
                await consumer.position(partition)
        yield Reader(consumer, names)
    finally:
        await close_apart(consumer.stop(), patience=_CLOSE_PATIENCE_S)

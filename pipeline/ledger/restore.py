"""Reading a ledger partition to its stable end, committed records only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

import pipeline.kafka.error_codes  # noqa: F401 - a new leader that does not know the end yet is asked again
from pipeline.ledger.closing import close_apart
from pipeline.ledger.errors import LedgerError

Fold = Callable[[str, bytes | None], None]

_CLOSE_PATIENCE_S = 1.0
"""The state is read: nobody needs the reader any more."""

_CHUNK = 5_000
"""Records folded before the event loop gets its turn: some 10 ms."""


async def read_to_stable_end(
    client_options: Mapping[str, Any], partition: TopicPartition, start: int, fold: Fold, *, stall_timeout: float
) -> int:
    """Fold every committed record from ``start`` to the end of a ledger partition.

    The end counts once no transaction is open on the partition (last stable offset = high watermark). Both come with
    each fetch; call this after the former owner was fenced, so that nobody moves them any more. A new leader's may
    still lag behind what is committed, so the end is asked for as well: the broker answers that when it is sure.

    Args:
        client_options: aiokafka's connection settings.
        partition: of the ledger topic.
        start: first offset to read.
        fold: called with key and value (``None`` is a tombstone), in offset order.
        stall_timeout: seconds without any progress before giving up.

    Returns:
        The partition's end offset.

    Raises:
        LedgerError: no progress for ``stall_timeout`` seconds, or the broker is away.
    """
    try:
        async with _reader(client_options, partition, start, stall_timeout) as consumer:
            return await fold_to_stable_end(consumer, partition, start, fold, stall_timeout=stall_timeout)
    except (KafkaError, TimeoutError, OSError) as error:
        raise LedgerError(f"{partition}: reading from {start} stopped: {error!r}") from error


async def fold_to_stable_end(
    consumer: Any, partition: TopicPartition, start: int, fold: Fold, *, stall_timeout: float
) -> int:
    """Fold what a ``read_committed`` consumer that stands at ``start`` brings, until its partition's stable end.

    Raises:
        LedgerError: no progress for ``stall_timeout`` seconds.
        KafkaError, TimeoutError: the broker is away.
    """
    loop = asyncio.get_running_loop()
    at, moved_at = start, loop.time()
    while True:
        async with asyncio.timeout(stall_timeout):
            batches = await consumer.getmany(partition, timeout_ms=200, max_records=_CHUNK)
            position = await consumer.position(partition)
        for record in batches.get(partition, ()):
            fold(record.key.decode(), record.value)
        if position > at:
            at, moved_at = position, loop.time()
        end, stable, sure = consumer.highwater(partition), consumer.last_stable_offset(partition), None
        if end is not None and end == stable and position >= end:
            sure = await _asked_end(consumer, partition, moved_at + stall_timeout)
            if sure == end:
                return int(end)
        if loop.time() - moved_at > stall_timeout:
            where = f"at {position}, stable to {stable} of {end}, asked {sure}"
            raise LedgerError(f"{partition}: {where}: no progress for {stall_timeout} s")


async def _asked_end(consumer: Any, partition: TopicPartition, deadline: float) -> int | None:
    """The last stable offset by ListOffsets; ``None`` when its leader was not sure until the deadline (loop time)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            return int((await consumer.end_offsets([partition]))[partition])
    return None


@contextlib.asynccontextmanager
async def _reader(
    client_options: Mapping[str, Any], partition: TopicPartition, start: int, timeout: float
) -> AsyncIterator[aiokafka.AIOKafkaConsumer]:
    consumer = aiokafka.AIOKafkaConsumer(
        **client_options,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=10,  # nothing is coming; the answer itself says where the end is
    )
    try:
        async with asyncio.timeout(timeout):
            await consumer.start()
        consumer.assign([partition])
        consumer.seek(partition, start)  # offsets that compaction took away are skipped by the broker
        yield consumer
    finally:
        await close_apart(consumer.stop(), patience=_CLOSE_PATIENCE_S)

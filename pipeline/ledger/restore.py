"""Reading a ledger partition from its beginning to its end, committed records only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.ledger.errors import LedgerError

Fold = Callable[[str, bytes | None], None]

_CHUNK = 5_000
"""Records folded before the event loop gets its turn: some 10 ms."""


async def stable_end(client_options: Mapping[str, Any], partition: TopicPartition, *, timeout: float) -> int:
    """The end of a ledger partition, once no transaction is open on it (last stable offset = high watermark).

    Raises:
        LedgerError: the partition did not settle within ``timeout`` seconds, or the broker is away.
    """
    committed = aiokafka.AIOKafkaConsumer(**client_options, isolation_level="read_committed", enable_auto_commit=False)
    latest = aiokafka.AIOKafkaConsumer(**client_options, isolation_level="read_uncommitted", enable_auto_commit=False)
    try:
        async with asyncio.timeout(timeout):
            await asyncio.gather(committed.start(), latest.start())
            while True:
                stable = (await committed.end_offsets([partition]))[partition]
                high = (await latest.end_offsets([partition]))[partition]
                if stable == high:
                    return int(high)
                await asyncio.sleep(0.02)
    except (KafkaError, TimeoutError, OSError) as error:
        raise LedgerError(f"{partition}: no stable end: {error!r}") from error
    finally:
        await asyncio.gather(committed.stop(), latest.stop(), return_exceptions=True)


async def read_to(
    client_options: Mapping[str, Any], partition: TopicPartition, end: int, fold: Fold, *, stall_timeout: float
) -> int:
    """Fold every committed record below ``end``.

    Args:
        client_options: aiokafka's connection settings.
        partition: of the ledger topic.
        end: offset to stop at, exclusive.
        fold: called with key and value (``None`` is a tombstone), in offset order.
        stall_timeout: seconds without any progress before giving up.

    Returns:
        The number of records read.

    Raises:
        LedgerError: no progress for ``stall_timeout`` seconds, or the broker is away.
    """
    consumer = aiokafka.AIOKafkaConsumer(
        **client_options,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=50,
    )
    read = 0
    position = -1
    loop = asyncio.get_running_loop()
    moved_at = loop.time()
    try:
        async with asyncio.timeout(stall_timeout):
            await consumer.start()
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
        while True:
            async with asyncio.timeout(stall_timeout):
                now_at = await consumer.position(partition)
                if now_at >= end:
                    return read
                batches = await consumer.getmany(partition, timeout_ms=200, max_records=_CHUNK)
            for record in batches.get(partition, ()):
                fold(record.key.decode(), record.value)
                read += 1
            if now_at > position:
                position, moved_at = now_at, loop.time()
            elif loop.time() - moved_at > stall_timeout:
                raise LedgerError(f"{partition}: stuck at offset {position} of {end} for {stall_timeout} s")
    except (KafkaError, TimeoutError, OSError) as error:
        raise LedgerError(f"{partition}: reading stopped after {read} records: {error!r}") from error
    finally:
        await consumer.stop()

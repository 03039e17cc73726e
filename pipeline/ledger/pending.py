"""What is staged for a partition's next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

NewBatch = Callable[[], BatchBuilder]


class Pending:
    """Records in the order they were staged, already built into batches by topic and partition.

    Attributes:
        batches: what to write.
        records: how many records are staged.
        size: bytes staged.
        settled: done when the transaction that carries this has been committed; fails with what broke it.
    """

    __slots__ = ("_new_batch", "batches", "records", "settled", "size")

    def __init__(self, new_batch: NewBatch) -> None:
        self._new_batch = new_batch
        self.batches: dict[TopicPartition, list[BatchBuilder]] = {}
        self.records = 0
        self.size = 0
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def append(
        self,
        partition: TopicPartition,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
        timestamp_ms: int,
        size: int,
    ) -> None:
        """Add a record of so many bytes. A batch takes any first record, however large; later ones until it is full."""
        builders = self.batches.get(partition)
        if builders is None:
            builders = self.batches[partition] = [self._new_batch()]
        if builders[-1].append(timestamp=timestamp_ms, key=key, value=value, headers=headers) is None:
            builders.append(self._new_batch())
            builders[-1].append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
        self.records += 1
        self.size += size

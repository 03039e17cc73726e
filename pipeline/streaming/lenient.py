"""Reading records whose header names are not UTF-8.

Kafka keeps header names as plain bytes, and any client may write any. aiokafka cannot hand out such a record: reading
its batch raises, each time, and the partition would stand still for ever. Here the same bytes are read again, with the
names decoded so that their bytes can be had back (``surrogateescape``); the loop then dead-letters the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException, NoError, NotLeaderForPartitionError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH_AT, _LENGTH_END, _MAGIC_AT = 8, 12, 16
"""Where each batch, of whatever version, has its length and its version."""

_FIRST_MAGIC_WITH_HEADERS = 2
_TIMEOUT_S = 30.0


class _LenientBytes(bytearray):
    """Bytes whose slices decode without an error."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _LenientBytes(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        """Decode; a byte that is no text becomes a lone surrogate."""
        return super().decode(encoding, errors)


class LenientRecords:
    """What a fetch brought of one partition, batch by batch; stands in for aiokafka's ``MemoryRecords``."""

    def __init__(self, fetched: bytes) -> None:
        self._left = memoryview(fetched)

    def has_next(self) -> bool:
        """Whether a whole batch is left; a fetch may end in the middle of one."""
        return len(self._left) >= _LENGTH_END and len(self._left) >= self._size()

    def next_batch(self) -> Any:
        """The next batch, ``None`` at the end.

        Raises:
            CorruptRecordException: its checksum is wrong.
        """
        if not self.has_next():
            return None
        size = self._size()
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        if piece[_MAGIC_AT] < _FIRST_MAGIC_WITH_HEADERS:
            return MemoryRecords(piece).next_batch()
        batch = _DefaultRecordBatchPy(piece)
        if not batch.validate_crc():
            raise CorruptRecordException(f"the batch at offset {batch.base_offset} has a wrong checksum")
        batch._maybe_uncompress()  # noqa: SLF001 - it keeps what it has, and so our bytes
        batch._buffer = _LenientBytes(batch._buffer)  # noqa: SLF001
        return batch

    def _size(self) -> int:
        return _LENGTH_END + int.from_bytes(self._left[_LENGTH_AT:_LENGTH_END], "big")


def positions(consumer: aiokafka.AIOKafkaConsumer, partitions: Iterable[Any]) -> dict[TopicPartition, int]:
    """Where the consumer stands in partitions that are assigned and have a position."""
    found = {}
    for tp in partitions:
        partition = TopicPartition(tp.topic, tp.partition)
        state = _state(consumer, partition)
        if state is not None and state.has_valid_position:
            found[partition] = int(state.position)
    return found


def rewind(consumer: aiokafka.AIOKafkaConsumer, before: Mapping[TopicPartition, int]) -> None:
    """Seek back where a position moved: what a fetch took before it failed was handed to nobody."""
    for partition, offset in positions(consumer, before).items():
        if offset != before[partition]:
            consumer.seek(partition, before[partition])


def unreadable(consumer: aiokafka.AIOKafkaConsumer) -> TopicPartition | None:
    """The partition whose fetched records broke the reading (its iterator has ended, and its records have not)."""
    for partition, fetched in consumer._fetcher._records.items():  # noqa: SLF001 - the only trace of it
        records = getattr(fetched, "_partition_records", None)
        iterator = getattr(records, "_records_iterator", None)
        if iterator is not None and iterator.gi_frame is None:
            return TopicPartition(*partition)
    return None


async def load(consumer: aiokafka.AIOKafkaConsumer, partition: TopicPartition) -> None:
    """Fetch a partition's next records once more, and put them where aiokafka looks for them, readable.

    Raises:
        KafkaError: the broker is away or refuses.
        TimeoutError: it does not answer.
    """
    fetcher, state = consumer._fetcher, _state(consumer, partition)  # noqa: SLF001 - aiokafka keeps no raw bytes
    node = fetcher._select_read_replica(partition)  # noqa: SLF001
    if state is None or not state.has_valid_position:
        return
    if node is None or node < 0:
        raise NotLeaderForPartitionError(partition)
    offset = int(state.position)
    wanted = [(partition.topic, [(partition.partition, offset, fetcher._max_partition_fetch_bytes)])]  # noqa: SLF001
    # one byte is enough to answer with: the records are there
    request = FetchRequest(100, 1, fetcher._fetch_max_bytes, fetcher._isolation_level, wanted)  # noqa: SLF001
    async with asyncio.timeout(_TIMEOUT_S):
        response = await consumer._client.send(node, request)  # noqa: SLF001
    ((_, ((_, error_code, _highwater, *rest),)),) = response.topics
    if (error := for_code(error_code)) is not NoError:
        raise error(partition)
    aborted = rest[2] if response.API_VERSION >= 11 else rest[-2]  # Kafka's protocol moved it
    records = PartitionRecords(
        partition,
        LenientRecords(rest[-1]),
        aborted,
        offset,
        None,
        None,
        check_crcs=False,  # done by LenientRecords
        isolation_level=fetcher._isolation_level,  # noqa: SLF001
    )
    assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
    fetcher._records[partition] = FetchResult(  # noqa: SLF001
        partition, partition_records=records, assignment=assignment, backoff=0
    )


def _state(consumer: aiokafka.AIOKafkaConsumer, partition: TopicPartition) -> Any | None:
    subscription = consumer._subscription.subscription  # noqa: SLF001 - aiokafka's own ``position`` may wait
    assignment = None if subscription is None else subscription.assignment
    if assignment is None or partition not in assignment.tps:
        return None
    return assignment.state_value(partition)

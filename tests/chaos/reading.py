"""What a consumer outside of the pipeline sees, read with librdkafka: another client than the one under test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

_PATIENCE, _ASK_AGAIN = 150, 10
"""Turns without a message, a tenth of a second each, before reading gives up, and before it asks anew."""


@dataclass(frozen=True, slots=True)
class Read:
    """One record as a read_committed consumer got it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Tail:
    """Reads one topic from its beginning, committed records only, each partition in order.

    Attributes:
        records: all that was read so far, by partition.
    """

    def __init__(self, servers: str, topic: str, partitions: int) -> None:
        self.topic = topic
        self.records: dict[int, list[Read]] = {partition: [] for partition in range(partitions)}
        self._at = dict.fromkeys(range(partitions), 0)
        self._ends = Ends(servers)
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "chaos-oracle",  # offsets are never committed
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in self._at])

    async def catch_up(self) -> list[Read]:
        """Read to the present last stable offset of every partition; return what was new.

        Raises:
            KafkaException: the broker is away; try again later.
        """
        return await asyncio.to_thread(self._catch_up)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    @property
    def all(self) -> list[Read]:
        """Everything read so far, partition by partition."""
        return [record for records in self.records.values() for record in records]

    def _catch_up(self) -> list[Read]:
        ends = self._ends.of([self.topic], len(self._at), stable=True)
        wanted = {partition: end for (_, partition), end in ends.items()}
        new: list[Read] = []
        idle = 0
        while any(self._at[partition] < end for partition, end in wanted.items()):
            messages = self._consumer.consume(2000, 0.1)
            idle = 0 if messages else idle + 1
            if (
                idle % _ASK_AGAIN == _ASK_AGAIN - 1
            ):  # librdkafka tells an end once, and forgets it over a broker restart
                self._consumer.assign([TopicPartition(self.topic, p, offset) for p, offset in self._at.items()])
            if idle > _PATIENCE:
                raise KafkaException(f"{self.topic}: no progress at {self._at} of {wanted}")
            new += [read for message in messages if (read := self._take(message)) is not None]
        return new

    def _take(self, message: Any) -> Read | None:
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # control records at the end count as read
                self._at[message.partition()] = max(self._at[message.partition()], message.offset())
            return None
        self._at[message.partition()] = message.offset() + 1
        headers = dict(message.headers() or [])
        read = Read(message.partition(), message.offset(), message.key(), message.value(), headers)
        self.records[read.partition].append(read)
        return read


class Ends:
    """Ends of partitions and offsets of groups, as the broker tells them."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._admin = self._connect()

    def _connect(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self._servers, "log_level": 0})

    def of(self, topics: Iterable[str], partitions: int, *, stable: bool) -> dict[tuple[str, int], int]:
        """Return last stable offsets (``stable``) or high watermarks, by topic and partition."""
        level = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
        wanted = {TopicPartition(topic, n): OffsetSpec.latest() for topic in topics for n in range(partitions)}
        for last in (False, False, True):
            try:
                answers = self._admin.list_offsets(wanted, isolation_level=level, request_timeout=5.0)
                return {(tp.topic, tp.partition): answer.result().offset for tp, answer in answers.items()}
            except KafkaException:
                self._admin = self._connect()  # the old one keeps to the leader epoch of before a broker restart
                if last:
                    raise
                time.sleep(0.3)
        return {}

    def open_transactions(self, topics: Iterable[str], partitions: int) -> dict[tuple[str, int], int]:
        """Return partitions whose last stable offset is below their end, with that offset."""
        topics = list(topics)
        ends = self.of(topics, partitions, stable=False)  # first, or whatever is committed in between looks open
        stable = self.of(topics, partitions, stable=True)
        return {place: stable[place] for place, end in ends.items() if stable[place] < end}

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Return the offsets a consumer group has committed."""
        answer = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=5.0)
        found = answer[group].result().topic_partitions
        return {(tp.topic, tp.partition): tp.offset for tp in found if tp.offset != OFFSET_INVALID}


async def unread(servers: str, group: str, inputs: Mapping[str, Tail], partitions: int) -> dict[str, int]:
    """Count records behind a group's committed offsets, by topic and partition. Control records do not count.

    Args:
        servers: of the broker.
        group: the consumer group.
        inputs: a reader of each topic, by its full name.
        partitions: of each topic.
    """
    committed = await asyncio.to_thread(Ends(servers).committed, group)
    behind: dict[str, int] = {}
    for topic, tail in inputs.items():
        await tail.catch_up()
        for partition in range(partitions):
            offset = committed.get((topic, partition), 0)
            count = sum(record.offset >= offset for record in tail.records[partition])
            if count:
                behind[f"{topic}-{partition}"] = count
    return behind

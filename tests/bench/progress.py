"""What a read_committed consumer could have read of a topic, and when: ends polled meanwhile, records read after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.bench.offsets import stable_ends

Ends = Mapping[int, int]
"""Last stable offset by partition."""


class Written(NamedTuple):
    """What a topic holds between two ends.

    Attributes:
        records: how many.
        distinct: how many different event ids.
        last: offset of the last record, by partition with any.
    """

    records: int
    distinct: int
    last: Ends


class Progress:
    """Watches one topic."""

    def __init__(self, servers: str, topic: str, partitions: int) -> None:
        self._servers = servers
        self._topic = topic
        self._partitions = partitions
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 2})
        self.seen: list[tuple[float, Ends]] = []

    def ends(self) -> Ends:
        """Return what is readable now; some milliseconds."""
        ends = stable_ends(self._admin, [self._topic], self._partitions)
        return {number: offset for (_, number), offset in ends.items()}

    def watch(
        self,
        done: int,
        *,
        timeout: float,
        quiet: float = 0.7,
        every: float = 0.02,
        also: Callable[[], object] | None = None,
    ) -> None:
        """Note ends until at least ``done`` offsets have come since now, and then none for ``quiet`` seconds.

        Args:
            done: records that must come (a transaction's marker counts as an offset too, hence the quiet).
            timeout: seconds without any change before giving up.
            quiet: seconds.
            every: seconds between two looks.
            also: called at each look.

        Raises:
            TimeoutError: nothing moves, and not all has come.
        """
        first = sum(self.ends().values())
        total, changed_at = first, time.monotonic()
        while True:
            ends = self.ends()
            now = time.monotonic()
            self.seen.append((now, ends))
            if also:
                also()
            if (new := sum(ends.values())) != total:
                total, changed_at = new, now
            elif total - first >= done and now - changed_at >= quiet:
                return
            elif now - changed_at > timeout:
                raise TimeoutError(f"{self._topic}: {total - first} of {done} came, then nothing for {timeout:g} s")
            time.sleep(every)

    def complete_at(self, last: Ends) -> float:
        """Return when all of these offsets were readable first, in monotonic seconds."""
        for at, ends in self.seen:
            if all(ends[partition] > offset for partition, offset in last.items()):
                return at
        raise LookupError("never")

    def read(self, since: Ends, *, expected: int, timeout: float = 60.0) -> Written:
        """Read what became readable since then, until it was ``expected`` records and no more come."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": f"bench-reader-{self._topic}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
                "log_level": 2,
            }
        )
        consumer.assign([TopicPartition(self._topic, number, offset) for number, offset in since.items()])
        try:
            return _read(consumer, len(since), expected, timeout)
        finally:
            consumer.close()


def event_id(message: Any) -> bytes:
    """Return the CloudEvents id of a record as it was read."""
    event: bytes = next(value for name, value in message.headers() if name == "ce_id")
    return event


def _read(consumer: Any, partitions: int, expected: int, timeout: float) -> Written:
    ids: set[bytes] = set()
    last: dict[int, int] = {}
    records = 0
    at_end: set[int] = set()
    deadline = time.monotonic() + timeout
    while (records < expected or len(at_end) < partitions) and time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.1):
            if message.error() is not None:  # the end of a partition, so far
                at_end.add(message.partition())
                continue
            at_end.discard(message.partition())
            records += 1
            last[message.partition()] = message.offset()
            ids.add(event_id(message))
    return Written(records, len(ids), last)

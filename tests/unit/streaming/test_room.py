"""How much may wait for the agents: one bound for the worker, shared by the topics and partitions it has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings.groups import WorkerSettings
from pipeline.streaming.batch import Batch, InFlight
from pipeline.streaming.consumer import BatchConsumer

LEAST = 64 * 1024
MIB = 1024 * 1024


class Reader(BatchConsumer):
    """A consumer without a client: it has an assignment and a book of what waits."""

    def __init__(self, assigned: set[TP], max_buffered_bytes: int) -> None:
        client = SimpleNamespace(assignment=lambda: assigned)
        self._thread: Any = SimpleNamespace(_ensure_consumer=lambda: client)
        self.reading: Any = SimpleNamespace(may_read=lambda partition: partition != 99)
        self.in_flight = InFlight()
        self.max_buffered_bytes = max_buffered_bytes

    def fill(self, tp: TP, size: int) -> int:
        """Deliver batches of a size while there is room; returns the bytes that wait then."""
        while self._has_room(tp):
            self.in_flight.add(Batch(tp, [SimpleNamespace(key=None, value=bytes(size))], session=1))
        return self.in_flight.size(tp)


@given(
    topics=st.integers(1, 4),
    partitions=st.integers(1, 40),
    bound=st.integers(MIB, 64 * MIB),
    size=st.sampled_from([LEAST, 512 * 1024, MIB]),
)
def test_what_waits_keeps_to_the_setting(topics: int, partitions: int, bound: int, size: int) -> None:
    """All together stay below it, but for the batch that fills each share; none starves, however many there are."""
    assigned = {TP(f"in-{topic}", partition) for topic in range(topics) for partition in range(partitions)}
    reader = Reader(assigned, bound)
    waiting = {tp: reader.fill(tp, size) for tp in assigned}
    assert all(waiting.values())
    assert sum(waiting.values()) < max(bound, LEAST * len(assigned)) + size * len(assigned)


def test_three_topics_of_twelve_partitions_share_64_mib() -> None:
    """The default bound, filled in small batches, is what waits, not more than twice of it."""
    assigned = {TP(topic, partition) for topic in ("a", "b", "c") for partition in range(12)}
    bound = WorkerSettings.model_fields["max_buffered_bytes"].default
    reader = Reader(assigned, bound)
    waiting = sum(reader.fill(tp, 1024) for tp in assigned)
    assert bound * 0.99 < waiting <= bound + 36 * 1024


def test_a_partition_whose_ledger_is_closed_has_no_room() -> None:
    """Nor does a consumer that lost its whole assignment fail over it."""
    assert not Reader(set(), MIB)._has_room(TP("in", 99))
    assert Reader(set(), MIB)._has_room(TP("in", 0))

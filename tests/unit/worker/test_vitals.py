"""What counts as a stall, and what does not, on a clock of the test's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from pipeline.streaming.batch import Batch, InFlight
from pipeline.worker.vitals import Vitals

TIMEOUT_S, JOIN_WITHIN_S = 120.0, 60.0


class Room:
    """A worker's parts, each as a test wants it: at first all is well."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.consumer = SimpleNamespace(generation=3, in_flight=InFlight(), last_fetch_at=self.now)
        self.probe = SimpleNamespace(up=True, changed_at=0.0)
        owner: Any = SimpleNamespace(may_read=lambda _partition: True)
        app: Any = SimpleNamespace(batch_consumer=self.consumer)
        unused: Any = None
        probe: Any = self.probe
        self.vitals = Vitals(owner, app, unused, probe, unused, join_within=JOIN_WITHIN_S, clock=lambda: self.now)

    def stalled(self, after: float = 0.0, *, fetching: bool = True) -> str | None:
        """What the watchdog hears, looking every second for so long."""
        until = self.now + after
        while self.now < until:
            self.now += 1.0
            if fetching:
                self.consumer.last_fetch_at = self.now
            self.vitals.stalled_for(TIMEOUT_S)
        return self.vitals.stalled_for(TIMEOUT_S)


@pytest.fixture
def room() -> Room:
    """A worker in which all is well."""
    return Room()


def test_a_worker_with_nothing_to_do_is_no_stall(room: Room) -> None:
    """However long it waits for records."""
    assert room.stalled(10_000.0) is None


def test_a_worker_outside_its_group_is_a_stall_in_the_end(room: Room) -> None:
    """Two rebalances and the stall timeout are enough to get in when Kafka is there; a hung rebalance ends so."""
    room.consumer.generation = -1
    assert room.stalled(JOIN_WITHIN_S + TIMEOUT_S - 1) is None
    assert "not in the group" in (room.stalled(3.0) or "")


def test_getting_into_the_group_begins_the_count_anew(room: Room) -> None:
    """A group that is rebalanced often is no stall, as long as the worker gets in between."""
    for _ in range(5):
        room.consumer.generation = -1
        assert room.stalled(JOIN_WITHIN_S + TIMEOUT_S - 1) is None
        room.consumer.generation += 2
        assert room.stalled(1.0) is None


def test_an_absent_kafka_is_no_stall(room: Room) -> None:
    """A restart would not bring it back; and when it is back there is time anew to get in."""
    room.consumer.generation = -1
    room.probe.up = False
    assert room.stalled(10_000.0, fetching=False) is None
    room.probe.up, room.probe.changed_at = True, room.now
    assert room.stalled(JOIN_WITHIN_S + TIMEOUT_S - 1, fetching=False) is None


def test_a_frozen_process_gets_its_time_anew(room: Room) -> None:
    """However long it did not run while it was joining: nobody looked, so nothing can be held against it."""
    room.consumer.generation = -1
    assert room.stalled(JOIN_WITHIN_S) is None
    room.now += 10_000.0
    room.vitals.stalled_for(TIMEOUT_S)
    assert room.stalled(JOIN_WITHIN_S + TIMEOUT_S - 1) is None
    assert "not in the group" in (room.stalled(3.0) or "")


def test_a_batch_that_is_not_applied_is_a_stall(room: Room) -> None:
    """The agent hangs, or waits for a transaction that never ends."""
    batch = Batch(TP("in", 0), [], 1, delivered_at=room.now)
    room.consumer.in_flight.add(batch)
    assert room.stalled(TIMEOUT_S - 1) is None
    assert "was not applied" in (room.stalled(3.0) or "")
    batch.done = True
    assert room.stalled() is None


def test_a_consumer_that_fetches_no_more_is_a_stall(room: Room) -> None:
    """Faust's fetcher hangs although the worker is in its group."""
    assert room.stalled(TIMEOUT_S - 1, fetching=False) is None
    assert "nothing was fetched" in (room.stalled(3.0, fetching=False) or "")

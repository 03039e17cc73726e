"""The owner of the ledgers over rebalances, with the real runner of effects attached."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from faust.types import TP

from pipeline.effects.runner import EffectRunner
from pipeline.streaming.owner import LedgerOwner
from pipeline.worker.exit_codes import Unrecoverable
from tests.kafka.driving import eventually
from tests.unit.streaming.memory import Disk, MemoryLedger


class NothingDue:
    """Rules without any effect."""

    def next_due(self, _state: Any) -> float | None:
        """Nothing ever is."""
        return None


class Group:
    """A group in which every member is confirmed."""

    generation = 1

    async def confirm(self) -> bool:
        """Say yes."""
        return True

    async def reread(self, _partition: int) -> None:
        """Nothing is read."""


class Owner(LedgerOwner[Any]):
    """Opens ledgers in memory, and keeps them over rebalances."""

    async def open_ledger(self, partition: int, _still_ours: Any) -> Any:
        """Keep the ledger that is here, or make one."""
        kept: Any = self._ledgers.get(partition)
        if kept is None:
            kept = self._ledgers[partition] = MemoryLedger(Disk(), partition)  # type: ignore[assignment]
        return kept


def idle_runner() -> EffectRunner[Any]:
    """A runner for which nothing is ever due."""
    rules: Any = NothingDue()
    nothing: Any = object()
    return EffectRunner(
        rules,
        nothing,
        clock=lambda: 0.0,
        sleep=asyncio.sleep,
        concurrency=2,
        on_fatal=lambda error: pytest.fail(repr(error)),
        performer=nothing,
    )


def assignment(*partitions: int) -> set[TP]:
    """An assignment of the only input topic."""
    return {TP("in", partition) for partition in partitions}


async def test_effects_follow_the_ledger_when_an_assignment_is_told_late() -> None:
    """Where the signal of an assignment comes after the next revocation, no effect stays with a ledger that left."""
    fatal: list[Unrecoverable] = []
    runner = idle_runner()
    config: Any = None
    owner = Owner(config, lambda _partition: None, {"in": "in"}, attachment=runner, on_fatal=fatal.append)
    owner.bind(Group())
    await owner.revoked()
    await owner.revoked()  # of the next generation; the signal of the one before comes only now
    await owner.assigned_to(assignment(0, 1), 1)
    await eventually(lambda: owner.all_open)
    await owner.assigned_to(assignment(1), 1)
    await eventually(lambda: owner.all_open)
    assert set(runner._works) == {1}
    await owner.revoked()
    await owner.assigned_to(assignment(0, 1), 1)
    await eventually(lambda: owner.all_open)
    assert {number: work.ledger for number, work in runner._works.items()} == owner._ledgers
    assert fatal == []
    await owner.close()


async def test_a_second_ledger_of_a_partition_is_not_passed_over() -> None:
    """Attached beside one that was never detached it would have no effects for ever: it is an error."""
    runner = idle_runner()
    one: Any = MemoryLedger(Disk())
    other: Any = MemoryLedger(Disk())
    runner.attach(one)
    runner.attach(one)
    with pytest.raises(RuntimeError, match="another ledger"):
        runner.attach(other)
    await runner.detach(one)
    runner.attach(other)
    await runner.detach(other)

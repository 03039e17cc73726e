"""The keeper of a partition's ledger: when it opens, when it gives up, when it ends the process."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.ledger import BatchRefused, LedgerBroke, LedgerError, LedgerFenced
from pipeline.streaming.keeper import Keeper
from pipeline.worker.exit_codes import ExitCode, Unrecoverable


class Failing:
    """A ledger that has failed."""

    def __init__(self, failure: LedgerError) -> None:
        self.failure = failure


class Group:
    """A group coordinator whose answers are set: each is a generation, or None for no answer."""

    def __init__(self, *answers: int | None) -> None:
        self.generation = 5
        self.answers = list(answers)
        self.reread_partitions: list[int] = []

    async def confirm(self) -> bool:
        """Give the next answer."""
        answer = self.answers.pop(0) if self.answers else self.generation
        if answer is None:
            return False
        self.generation = answer
        return True

    async def reread(self, partition: int) -> None:
        """Note the partition."""
        self.reread_partitions.append(partition)


class Shelf:
    """Opens ledgers that fail one after the other; then serves for ever."""

    def __init__(self, *failures: LedgerError) -> None:
        self.failures = list(failures)
        self.opened = self.discarded = 0
        self.serving = asyncio.Event()

    async def open_ledger(self, _partition: int, _still_ours: Callable[[], bool]) -> Any:
        """A ledger that is going to fail, or one that is not."""
        self.opened += 1
        return Failing(self.failures[0]) if self.failures else object()

    async def serve(self, _ledger: Any) -> None:
        """Fail at once, or never."""
        if self.failures:
            self.failures.pop(0)
            return
        self.serving.set()
        await asyncio.Event().wait()

    async def discard(self, _partition: int) -> None:
        """Count."""
        self.discarded += 1


def keeper(group: Group, shelf: Shelf, pauses: list[float] | None = None) -> Keeper[Any]:
    """A keeper of partition 3 in generation 5 that does not really sleep."""

    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        await asyncio.sleep(0)

    return Keeper(3, 5, group=group, shelf=shelf, sleep=sleep)


async def test_an_evicted_member_opens_nothing() -> None:
    """R41: a worker frozen before it opens asks the coordinator first, and leaves the healthy owner alone."""
    group, shelf = Group(-1), Shelf()
    await keeper(group, shelf).run()
    assert shelf.opened == 0
    assert group.reread_partitions == []


async def test_a_member_evicted_while_opening_does_not_work() -> None:
    """R41: a worker frozen while it opens notices before it reads a record, and lets the ledger go."""
    group, shelf = Group(5, -1), Shelf()
    await keeper(group, shelf).run()
    assert (shelf.opened, shelf.discarded, group.reread_partitions) == (1, 1, [])


async def test_a_coordinator_that_is_away_is_waited_for() -> None:
    """No answer is no verdict: the keeper asks again until it has one."""
    group, shelf = Group(None, None, None, 5), Shelf()
    pauses: list[float] = []
    task = asyncio.create_task(keeper(group, shelf, pauses).run())
    await asyncio.wait_for(shelf.serving.wait(), 1)
    assert len(pauses) == 3
    assert group.reread_partitions == [3]
    task.cancel()


@pytest.mark.parametrize("failure", [LedgerFenced("x"), LedgerBroke("x")], ids=["fenced", "broke"])
async def test_one_such_failure_is_survived(failure: LedgerError) -> None:
    """Fenced or broken once and still ours by the coordinator's word: the ledger is opened again."""
    group, shelf = Group(), Shelf(failure)
    task = asyncio.create_task(keeper(group, shelf).run())
    await asyncio.wait_for(shelf.serving.wait(), 1)
    assert shelf.opened == 2
    task.cancel()


@pytest.mark.parametrize(
    ("kind", "code"), [(LedgerFenced, ExitCode.FENCED), (LedgerBroke, ExitCode.BUG)], ids=["fenced", "broke"]
)
async def test_two_such_failures_end_the_process(kind: type[LedgerError], code: ExitCode) -> None:
    """While the group says it is ours: somebody outside of it writes, or a fault of ours repeats; each has its code."""
    with pytest.raises(Unrecoverable) as ended:
        await keeper(Group(), Shelf(kind("x"), LedgerError("between"), kind("y"))).run()
    assert ended.value.exit_code == code


async def test_one_failure_of_each_kind_is_survived() -> None:
    """Each kind is counted for itself."""
    shelf = Shelf(LedgerFenced("x"), LedgerBroke("y"))
    task = asyncio.create_task(keeper(Group(), shelf).run())
    await asyncio.wait_for(shelf.serving.wait(), 1)
    task.cancel()


async def test_a_fenced_member_that_was_evicted_leaves_quietly() -> None:
    """Fenced because the partition moved: no reopening, no exit."""
    group = Group(5, 5, -1)
    shelf = Shelf(LedgerFenced("x"))
    await keeper(group, shelf).run()
    assert shelf.opened == 1


async def test_a_broker_that_is_away_is_tried_at_growing_intervals() -> None:
    """Ledgers that fail again and again are opened again and again, up to five seconds apart; that is no exit."""
    pauses: list[float] = []
    shelf = Shelf(*(LedgerError(str(number)) for number in range(8)))
    task = asyncio.create_task(keeper(Group(), shelf, pauses).run())
    await asyncio.wait_for(shelf.serving.wait(), 1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0
    task.cancel()


async def test_refusals_are_followed_without_growing_pauses() -> None:
    """Several records of a partition that the broker refuses hold it up for moments, not for minutes."""
    pauses: list[float] = []
    shelf = Shelf(*(BatchRefused("out", str(number)) for number in range(20)))
    task = asyncio.create_task(keeper(Group(), shelf, pauses).run())
    await asyncio.wait_for(shelf.serving.wait(), 1)
    assert sum(pauses) < 3.0
    task.cancel()

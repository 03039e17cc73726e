"""A batch is applied only in the reading session it came from, and only behind everything before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from pipeline.domain import Outcome
from pipeline.ledger import Ledger
from pipeline.streaming.apply import Applier
from pipeline.streaming.batch import Batch
from pipeline.streaming.owner import LedgerOwner
from pipeline.worker.exit_codes import Unrecoverable
from tests.kafka.driving import eventually
from tests.unit.streaming.memory import Disk, MemoryLedger

PARTITION = TP("in", 0)


@dataclass
class Record:
    """A consumed record."""

    offset: int
    key: bytes = b"k"
    value: bytes = b""
    partition: int = 0
    topic: str = "in"
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


class Scene:
    """A real owner with its keeper and a real loop, on ledgers in memory; its own group and consumer."""

    generation = 1

    def __init__(self) -> None:
        self.disk = Disk()
        self.session = 0
        self.starts: list[int] = []
        self.may_reread = asyncio.Event()
        self.may_reread.set()
        self.opened: list[MemoryLedger] = []
        self.fatal: list[Unrecoverable] = []
        scene = self

        class Owner(LedgerOwner[Any]):
            async def open_ledger(self, partition: int, _still_ours: Any) -> Ledger[Any]:
                ledger: Any = MemoryLedger(scene.disk)
                scene.opened.append(ledger)
                self._ledgers[partition] = ledger
                return ledger  # type: ignore[no-any-return]

        config: Any = None
        self.owner = Owner(
            config, lambda _p: None, {"in": "in"}, attachment=self, on_fatal=self.fatal.append, sleep=_no_sleep
        )
        self.owner.bind(self)
        self.loop = Applier(
            "in",
            self._fold,
            self.owner,
            session_of=lambda _p: self.session,
            place=lambda _key: 0,
            clock=lambda: 0.0,
            wake=lambda _p: None,
            observer=self,
            on_fatal=self.fatal.append,
        )

    @staticmethod
    def _fold(record: Any, _state: Any, stage: Any, _now: float) -> Outcome:
        stage.staged.append(record.offset)
        return Outcome.FOLDED

    def batch(self, offsets: Iterable[int]) -> Batch:
        """A batch as the consumer delivers it now."""
        return Batch(PARTITION, [Record(offset) for offset in offsets], self.session)

    @property
    def ledger(self) -> MemoryLedger:
        """The ledger opened last."""
        return self.opened[-1]

    async def until_readable(self) -> None:
        """Wait until the partition may be read."""
        await eventually(lambda: self.owner.may_read(0), 5)

    # -- the group, the attachment and the observer

    async def confirm(self) -> bool:
        """Every member is confirmed."""
        return True

    async def reread(self, _partition: int) -> None:
        """Begin a new reading session at the ledger's position, once that is allowed."""
        await self.may_reread.wait()
        self.session += 1
        self.starts.append(self.owner.next_offsets([PARTITION])[PARTITION])

    def attach(self, _ledger: Any) -> None:
        """There are no effects."""

    async def detach(self, _ledger: Any) -> None:
        """There are no effects."""

    def applied(self, *_args: Any) -> None:
        """Nobody counts."""

    def dead_lettered(self, *_args: Any) -> None:
        """Nobody counts."""


async def _no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def reading() -> AsyncIterator[Scene]:
    """A scene whose partition is being read."""
    scene = Scene()
    await scene.owner.assigned_to({PARTITION}, 1)
    await scene.until_readable()
    yield scene
    await scene.owner.revoked()
    assert scene.fatal == []


async def test_a_batch_of_before_a_reopening_is_not_applied_after_it() -> None:
    """What waited while its ledger failed is read again from the new ledger's position: no record is stepped over."""
    async with reading() as scene:
        first, second = scene.batch(range(100, 200)), scene.batch(range(200, 300))
        await scene.loop.apply(first)
        scene.may_reread.clear()
        scene.ledger.abandon("its deadline passed")
        await eventually(lambda: len(scene.opened) == 2, 5)
        await scene.loop.apply(second)  # the agent was busy elsewhere until now
        assert not second.done
        assert scene.ledger.staged == []
        scene.may_reread.set()
        await scene.until_readable()
        assert scene.starts[-1] == 100


async def test_a_batch_behind_an_interrupted_one_is_not_applied() -> None:
    """A loop cancelled in the middle of a batch does not go on with the next one: both are read again."""
    async with reading() as scene:
        interrupted, following = scene.batch(range(100, 900)), scene.batch(range(900, 910))
        task = asyncio.create_task(scene.loop.apply(interrupted))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert scene.ledger.staged
        await scene.ledger.flush()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await scene.loop.apply(following)
        assert not following.done
        await scene.until_readable()
        assert scene.starts[-1] == scene.disk.position + 1
        assert scene.disk.applied == list(range(100, scene.disk.position + 1))
        assert scene.disk.position < 899

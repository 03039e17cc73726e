"""Which ledgers are open: opened when a partition comes, kept open through failures, let go when it leaves.

Each owned partition has a keeper task. It opens the ledger (or renews a retained one), has the consumer read from the
ledger's position, and when the ledger fails it opens a new one. Until a ledger is open nothing of its partition is
delivered; the other partitions go on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

import structlog
from faust.types import TP

from pipeline.domain import State
from pipeline.ledger import BatchRefused, Ledger, LedgerConfig, LedgerError
from pipeline.streaming.keeper import GroupView, Keeper
from pipeline.worker.exit_codes import ExitCode, Unrecoverable

S = TypeVar("S", bound=State)

CAREFUL_LIMIT_S = 120.0
"""Effects wait no longer for the records around a refused batch to be read again; retention may have taken them."""

log = structlog.get_logger(__name__)


class Attachment(Protocol[S]):
    """Who wants to know of ledgers: the effect runner."""

    def attach(self, ledger: Ledger[S]) -> None:
        """A ledger is open."""

    async def detach(self, ledger: Ledger[S]) -> None:
        """Stop using a ledger; return when nothing of it is in use any more."""


class LedgerOwner(Generic[S]):
    """Owns the ledgers of this worker's partitions.

    Args:
        config: shared by all ledgers.
        new_state: makes an empty state for a partition number.
        inputs: full name to short name of the consumed topics.
        attachment: told of ledgers as they open and before they close.
        on_fatal: called when the process cannot go on.
        sleep: waits, in seconds.
    """

    def __init__(
        self,
        config: LedgerConfig,
        new_state: Callable[[int], S],
        inputs: Mapping[str, str],
        *,
        attachment: Attachment[S],
        on_fatal: Callable[[Unrecoverable], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.config = config
        self.refused: dict[tuple[int, str], tuple[int, str]] = {}
        """By partition and topic: the offset of the record whose outputs the broker refused, and its reason."""
        self.careful: dict[tuple[int, str], int] = {}
        """By partition and topic: up to which offset each record gets a transaction of its own."""
        self.alone: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By partition: held while a record has a transaction of its own."""
        self._calm: dict[int, asyncio.Event] = {}
        self._new_state = new_state
        self._inputs = inputs
        self._attachment = attachment
        self._on_fatal = on_fatal
        self._sleep = sleep
        self._group: GroupView | None = None
        self._ledgers: dict[int, Ledger[S]] = {}
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._ready: set[int] = set()
        self._assigned: frozenset[int] = frozenset()
        self._rebalances = 0
        self._closed = False
        self._letting_go: set[asyncio.Task[None]] = set()

    def bind(self, group: GroupView) -> None:
        """Say which consumer the partitions come from (it is made by Faust, after this object)."""
        self._group = group

    # -- asked by the consumer and the loop ------------------------------------------------------------------------

    def may_read(self, partition: int) -> bool:
        """Whether the partition's ledger is open and reading was set to its position."""
        return partition in self._ready

    def next_offsets(self, assignment: Iterable[TP]) -> dict[TP, int]:
        """Where reading starts: right behind the ledger's position."""
        offsets = {}
        for tp in assignment:
            ledger, short = self._ledgers.get(tp.partition), self._inputs.get(tp.topic)
            if ledger is not None and short is not None and ledger.position(short) >= 0:
                offsets[tp] = ledger.position(short) + 1
        return offsets

    def durable_offsets(self, assignment: Iterable[TP]) -> dict[TP, int]:
        """What may be committed to the group: right behind what is in Kafka together with its effects."""
        offsets = {}
        for tp in assignment:
            ledger, short = self._ledgers.get(tp.partition), self._inputs.get(tp.topic)
            if ledger is not None and short is not None and ledger.durable_position(short) >= 0:
                offsets[tp] = ledger.durable_position(short) + 1
        return offsets

    def ledger(self, partition: int) -> Ledger[S] | None:
        """The open ledger of a partition, or ``None``."""
        ledger = self._ledgers.get(partition)
        return ledger if ledger is not None and ledger.is_open else None

    def short_name(self, topic: str) -> str:
        """The short name of a consumed topic."""
        return self._inputs[topic]

    def is_careful(self, partition: int) -> bool:
        """Whether each record of a partition gets a transaction of its own, to find whose output is refused."""
        return any((partition, short) in self.careful for short in self._inputs.values())

    def passed(self, partition: int, short: str, offset: int) -> None:
        """Records of a topic are durable up to an offset: forget what was refused before; when all is calm, say so."""
        place = (partition, short)
        if self.careful.get(place, offset + 1) <= offset:
            del self.careful[place]
        if self.refused.get(place, (offset + 1, ""))[0] <= offset:
            del self.refused[place]
        if (calm := self._calm.get(partition)) is not None and not self.is_careful(partition):
            calm.set()

    @property
    def open_ledgers(self) -> list[Ledger[S]]:
        """All ledgers that are open now."""
        return [ledger for ledger in self._ledgers.values() if ledger.is_open]

    @property
    def all_open(self) -> bool:
        """Whether every assigned partition can be worked on."""
        return self._ready >= self._assigned

    @property
    def assigned(self) -> frozenset[int]:
        """The partition numbers this worker owns."""
        return self._assigned

    async def flush(self) -> None:
        """Flush all open ledgers. One that fails is its keeper's business."""
        results = await asyncio.gather(*(ledger.flush() for ledger in self.open_ledgers), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, LedgerError):
                raise result

    # -- told by the group -----------------------------------------------------------------------------------------

    async def revoked(self) -> None:
        """All partitions are revoked (Faust rebalances eagerly): stop effects, then flush. Ledgers stay in memory."""
        self._rebalances += 1
        self._ready.clear()
        self._assigned = frozenset()
        await self._stop_keepers()
        self._ready.clear()  # a keeper that swallowed a cancellation may have added its partition again
        await asyncio.gather(*(self._attachment.detach(ledger) for ledger in self._ledgers.values()))
        await self.flush()

    async def assigned_to(self, assignment: Iterable[TP], generation: int) -> None:
        """Take the partitions of a new assignment: keep, open, let go."""
        by_topic: dict[str, set[int]] = {topic: set() for topic in self._inputs}
        for tp in assignment:
            by_topic.setdefault(tp.topic, set()).add(tp.partition)
        wanted = set().union(*by_topic.values())
        if any(partitions != wanted for partitions in by_topic.values()):
            self._on_fatal(Unrecoverable(ExitCode.TOPICS, f"topics are not assigned together: {by_topic}"))
            return
        group, rebalance = self._group, self._rebalances
        if group is None:
            raise Unrecoverable(ExitCode.BUG, "the ledgers have no consumer")
        await self._stop_keepers()
        # the signal of an assignment may come after the next revocation: then keepers of its had attached again
        await asyncio.gather(*(self._attachment.detach(ledger) for ledger in self._ledgers.values()))
        if self._rebalances != rebalance or self._closed:
            return  # revoked again meanwhile: the next assignment counts
        for partition in set(self._ledgers) - wanted:
            self._let_go(self._ledgers.pop(partition))
        self._forget_refusals_except(wanted)
        self._assigned = frozenset(wanted)
        for partition in sorted(wanted):
            keeper = Keeper(partition, generation, group=group, shelf=self, sleep=self._sleep)
            task = asyncio.create_task(keeper.run(), name=f"keeper-{partition}")
            task.add_done_callback(self._keeper_ended)
            self._keepers[partition] = task

    async def close(self) -> None:
        """Flush and close everything; the end of the process. What is assigned from now on is not taken."""
        self._closed = True
        await self.revoked()
        await asyncio.gather(*(ledger.close() for ledger in self._ledgers.values()))
        self._ledgers.clear()
        await asyncio.gather(*self._letting_go)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _stop_keepers(self) -> None:
        """Cancel all keepers until they have ended: a client library may swallow one cancellation on the way."""
        keepers, self._keepers = set(self._keepers.values()), {}
        while keepers:
            for keeper in keepers:
                keeper.cancel()
            _, keepers = await asyncio.wait(keepers, timeout=1.0)

    def _forget_refusals_except(self, partitions: set[int]) -> None:
        for book in (self.refused, self.careful):
            for place in [place for place in book if place[0] not in partitions]:
                del book[place]

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if keeper.cancelled() or keeper.exception() is None:
            return
        error = keeper.exception()
        if isinstance(error, Unrecoverable):
            self._on_fatal(error)
        else:
            log.error("keeper_failed", task=keeper.get_name(), exc_info=error)
            self._on_fatal(Unrecoverable(ExitCode.BUG, f"{keeper.get_name()}: {error!r}"))

    def _let_go(self, ledger: Ledger[S]) -> None:
        """Drop a ledger that left, in the background: other partitions need not wait for its producer to close."""
        dropping = asyncio.create_task(ledger.drop(), name=f"drop-{ledger.partition}")
        self._letting_go.add(dropping)
        dropping.add_done_callback(self._letting_go.discard)

    # -- asked by keepers (see pipeline.streaming.keeper.Shelf) ----------------------------------------------------

    async def open_ledger(self, partition: int, still_ours: Callable[[], bool]) -> Ledger[S]:
        """Renew the partition's ledger if it is here and its state is still the truth; else open a new one.

        Raises:
            NotOurs: the generation moved on.
            LedgerError: a step failed; it may be tried again.
        """
        kept = self._ledgers.get(partition)
        if kept is not None:
            if await kept.renew(still_ours):
                return kept
            await self.discard(partition)
        ledger = Ledger(self.config, partition, self._new_state(partition))
        await ledger.open(still_ours)
        self._ledgers[partition] = ledger
        return ledger

    async def serve(self, ledger: Ledger[S]) -> None:
        """Let records and effects be applied to a ledger until it has failed; then nobody uses it any more."""
        partition = ledger.partition
        for short in self._inputs.values():
            self.passed(partition, short, ledger.durable_position(short))
        self._ready.add(partition)
        try:
            await self._until_calm(ledger)
            if ledger.is_open:
                self._attachment.attach(ledger)
            await ledger.failed.wait()
        finally:
            self._ready.discard(partition)
        await self._attachment.detach(ledger)
        if isinstance(ledger.failure, BatchRefused):
            for short in self._inputs.values():
                self.careful[(partition, short)] = ledger.position(short)
        await self.discard(partition)

    async def _until_calm(self, ledger: Ledger[S]) -> None:
        """Wait until no record needs a transaction of its own: what effects stage must not be held against one."""
        if not self.is_careful(ledger.partition):
            return
        calm = self._calm[ledger.partition] = asyncio.Event()
        waits = {asyncio.create_task(calm.wait()), asyncio.create_task(ledger.failed.wait())}
        try:
            await asyncio.wait(waits, timeout=CAREFUL_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._calm.pop(ledger.partition, None)
            for wait in waits:
                wait.cancel()

    async def discard(self, partition: int) -> None:
        """Drop the partition's ledger, if there is one."""
        ledger = self._ledgers.get(partition)
        if ledger is not None:
            await ledger.drop()
            self._ledgers.pop(partition, None)

"""Keeps one partition's ledger open for one group generation: open or renew, let it be read, reopen when it fails."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import structlog
from aiokafka.errors import KafkaError

from pipeline.domain import State
from pipeline.ledger import BatchRefused, Ledger, LedgerBroke, LedgerError, LedgerFenced, NotOurs
from pipeline.worker.exit_codes import ExitCode, Unrecoverable

S = TypeVar("S", bound=State)

ONCE_ONLY = {LedgerFenced: ExitCode.FENCED, LedgerBroke: ExitCode.BUG}
"""Failures after which a ledger that is ours is opened again once, and how the process ends on the second: somebody
outside of the group writes, or a fault of ours strikes again and again."""

ONCE_WITHIN_S = 300.0
"""Such failures further apart than so many seconds have nothing to do with each other."""

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_SETTLED_S = 10.0
"""A ledger that worked for so many seconds and then failed is opened again without a longer pause."""

log = structlog.get_logger(__name__)


class GroupView(Protocol):
    """What the keepers need of the consumer."""

    @property
    def generation(self) -> int:
        """The group generation this member is in now, as far as it knows."""

    async def confirm(self) -> bool:
        """Ask the group coordinator, so that ``generation`` is the truth. False when it did not answer."""

    async def reread(self, partition: int) -> None:
        """Read a partition number anew from its ledger's position."""


class Shelf(Protocol[S]):
    """Where a keeper's ledger stands while others use it."""

    async def open_ledger(self, partition: int, still_ours: Callable[[], bool]) -> Ledger[S]:
        """Renew the partition's ledger, or open a new one."""

    async def serve(self, ledger: Ledger[S]) -> None:
        """Let records and effects be applied to a ledger until it has failed; then nobody uses it any more."""

    async def discard(self, partition: int) -> None:
        """Drop the partition's ledger, if there is one."""


class Keeper(Generic[S]):
    """See the module's docstring. A broker that is away is no reason to leave; a partition that is not ours is."""

    def __init__(
        self,
        partition: int,
        generation: int,
        *,
        group: GroupView,
        shelf: Shelf[S],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._partition = partition
        self._generation = generation
        self._group = group
        self._shelf = shelf
        self._sleep = sleep
        self._failures: dict[type[LedgerError], list[float]] = {kind: [] for kind in ONCE_ONLY}

    async def run(self) -> None:
        """Work until cancelled, or until the group says that the partition is not ours.

        Raises:
            Unrecoverable: fenced, or broken by a fault of ours, again and again, although it is ours.
        """
        pause = _FIRST_PAUSE_S
        while True:
            try:
                ledger = await self._open()
            except NotOurs:
                log.info("ledger_not_ours", partition=self._partition, generation=self._generation)
                await self._shelf.discard(self._partition)
                return
            except (LedgerError, KafkaError, TimeoutError) as error:
                log.warning("ledger_open_failed", partition=self._partition, error=str(error), retry_in_s=pause)
                await self._sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            opened_at = time.monotonic()
            await self._shelf.serve(ledger)
            log.warning("ledger_failed", partition=self._partition, error=repr(ledger.failure))
            now = time.monotonic()
            if (kind := type(ledger.failure)) in self._failures:
                self._failures[kind] = [at for at in self._failures[kind] if now - at < ONCE_WITHIN_S] + [now]
            # each refusal brings the culprit nearer, and is bounded where it is looked for
            goes_on = now - opened_at > _SETTLED_S or isinstance(ledger.failure, BatchRefused)
            pause = _FIRST_PAUSE_S if goes_on else min(pause * 2, _LONGEST_PAUSE_S)
            await self._sleep(pause)

    async def _open(self) -> Ledger[S]:
        """Open, sure before and after that the partition is ours: a process may have been frozen at any point."""
        await self._confirm()
        for kind, exit_code in ONCE_ONLY.items():
            if len(self._failures[kind]) > 1:
                reason = f"partition {self._partition}: {kind.__name__} twice in generation {self._generation}"
                raise Unrecoverable(exit_code, reason)
        ledger = await self._shelf.open_ledger(self._partition, self._still_ours)
        await self._confirm()
        await self._group.reread(self._partition)
        return ledger

    def _still_ours(self) -> bool:
        return self._group.generation == self._generation

    async def _confirm(self) -> None:
        """Hear from the coordinator that our generation is the current one.

        Raises:
            NotOurs: it is not.
        """
        while True:
            confirmed = await self._group.confirm()
            if not self._still_ours():
                raise NotOurs(f"partition {self._partition} belongs to another generation")
            if confirmed:
                return
            await self._sleep(0.2)

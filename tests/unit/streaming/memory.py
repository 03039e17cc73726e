"""A ledger without Kafka, for what stands around ledgers."""

from __future__ import annotations

import asyncio

from pipeline.ledger import LedgerError


class Disk:
    """What is durable: the position, and the offsets whose effects are."""

    def __init__(self) -> None:
        self.position = 99
        self.applied: list[int] = []


class MemoryLedger:
    """A ledger without Kafka: staged offsets become durable with a flush, all or nothing."""

    def __init__(self, disk: Disk, partition: int = 0) -> None:
        self.partition = partition
        self.state = None
        self.failure: LedgerError | None = None
        self.failed = asyncio.Event()
        self.staged: list[int] = []
        self._disk = disk
        self._position = disk.position

    @property
    def is_open(self) -> bool:
        """Whether records may be staged."""
        return self.failure is None

    def position(self, _topic: str) -> int:
        """The last applied offset."""
        return self._position

    def durable_position(self, _topic: str) -> int:
        """The last durable offset."""
        return self._disk.position

    def advance(self, _topic: str, offset: int) -> None:
        """Say that records up to an offset are applied."""
        self._position = offset

    async def room(self) -> None:
        """There is always room."""

    async def flush(self) -> None:
        """Make what is staged durable."""
        self._disk.position = self._position
        self._disk.applied += self.staged
        self.staged = []

    def abandon(self, reason: str) -> None:
        """Fail at once."""
        self.failure = self.failure or LedgerError(reason)
        self.failed.set()

    async def close(self) -> None:
        """Flush, then let go."""
        await self.flush()
        await self.drop()

    async def drop(self) -> None:
        """Let go."""
        self.abandon("dropped")

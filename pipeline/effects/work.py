"""One attached ledger, as the runner sees it: what runs for it, and what waits until the API may be called."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from pipeline.domain import Stage, State
from pipeline.ledger.errors import LedgerError

S = TypeVar("S", bound=State)
S_co = TypeVar("S_co", bound=State, covariant=True)


class OpenLedger(Stage, Protocol[S_co]):
    """What the runner needs of a ledger."""

    partition: int

    @property
    def failure(self) -> LedgerError | None:
        """Why it has closed itself; ``None`` while it has not."""

    @property
    def state(self) -> S_co:
        """What the partition knows."""

    @property
    def is_open(self) -> bool:
        """Whether records may be staged."""

    async def flush(self) -> None:
        """Return when all that is staged so far is durable. Raises ``LedgerError`` when it will not be."""

    def abandon(self, reason: str) -> None:
        """Fail at once: what is staged and not on its way yet is never written."""


class Work(Generic[S]):
    """One attached ledger: its loops, its calls in flight, and requests held back.

    Attributes:
        wake: set when something may be due earlier than ``sleeps_until`` (unix seconds; ``None``: nothing is due).
        leaving: nothing is sent any more.
        loops: what takes effects off the due list, and what begins those that call the API.
        waiting: taken effects that call the API, in the order in which they were due; ``has_waiting``: there are any.
        reads: calls that may be given up; ``submits``: those that may not.
        held: requests whose results a broker refused, until they may be tried again.
        alone: held by the one result that is written by itself.
    """

    def __init__(self, ledger: OpenLedger[S]) -> None:
        self.ledger = ledger
        self.wake = asyncio.Event()
        self.sleeps_until: float | None = 0.0
        self.leaving = False
        self.loops: list[asyncio.Task[None]] = []
        self.waiting: deque[str] = deque()
        self.has_waiting = asyncio.Event()
        self.reads: set[asyncio.Task[None]] = set()
        self.submits: set[asyncio.Task[None]] = set()
        self.held: set[asyncio.Task[None]] = set()
        self.alone = asyncio.Lock()

    def put_off(self, request_id: str) -> None:
        """Have an effect wait until the API may be called."""
        self.waiting.append(request_id)
        self.has_waiting.set()

    def next_waiting(self) -> str:
        """Take the effect that waited longest."""
        request_id = self.waiting.popleft()
        if not self.waiting:
            self.has_waiting.clear()
        return request_id


@contextlib.contextmanager
def whole_or_nothing(ledger: OpenLedger[Any], what: str) -> Iterator[None]:
    """Give a ledger up when a fault of ours leaves half a decision staged: none of it may be written."""
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:
        ledger.abandon(f"{what} broke: {error!r}")
        raise

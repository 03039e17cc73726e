"""A partition's ledger: open (which fences), stage, flush, renew, close. See the package's docstring for the why."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from pipeline.domain import Headers, State
from pipeline.ledger.closing import retrieve
from pipeline.ledger.errors import LedgerBroke, LedgerClosed, LedgerError, NotOurs
from pipeline.ledger.pending import Pending
from pipeline.ledger.producer import TransactionalProducer
from pipeline.ledger.records import POSITION_PREFIX, Position, decode_position
from pipeline.ledger.restore import read_to_stable_end
from schemas.records import RecordError

S = TypeVar("S", bound=State)

_encoder = msgspec.json.Encoder()

_record_size = DefaultRecordBatchBuilder.estimate_size_in_bytes
"""At C speed: key, value and headers, with the most that their lengths and the batch's frame can take."""

_FRAME_BYTES = 1024
"""Left free below a topic's limit, to be sure."""

log = structlog.get_logger(__name__)


class LedgerObserver(Protocol):
    """Where a ledger reports what it measured."""

    def flushed(self, partition: int, records: int, seconds: float) -> None:
        """A transaction was committed."""

    def restored(self, partition: int, records: int, seconds: float) -> None:
        """A partition's state was read from Kafka."""


@dataclass(frozen=True, kw_only=True)
class LedgerConfig:
    """What all ledgers of a worker share.

    Attributes:
        client_options: aiokafka's connection settings (servers, security).
        topic: full name of the ledger topic.
        topics: full names of the other topics, by short name.
        max_bytes: the largest record each topic takes, by short name (``ledger`` included).
        linger: seconds a transaction waits for company.
        flush_records: staged records that end the linger early.
        max_pending_bytes: staged bytes beyond which :meth:`Ledger.room` waits.
        timeout: seconds that any single step (open, commit, close) may take.
        clock: unix seconds.
    """

    client_options: Mapping[str, Any]
    topic: str
    topics: Mapping[str, str]
    max_bytes: Mapping[str, int]
    linger: float = 0.01
    flush_records: int = 2_000
    max_pending_bytes: int = 8 * 1024 * 1024
    batch_bytes: int = 512 * 1024
    timeout: float = 30.0
    clock: Callable[[], float] = time.time
    observer: LedgerObserver | None = None
    crash_point: Callable[[str], None] = field(default=lambda _name: None)


class Ledger(Generic[S]):
    """One partition's state and its only way out. Implements :class:`pipeline.domain.Stage`.

    Staging is synchronous and folds at once; a task of its own writes what is staged, one transaction at a time.
    After any failure the ledger is closed for good: its state may be ahead of Kafka, so its owner opens a new one.
    """

    def __init__(self, config: LedgerConfig, partition: int, state: S) -> None:
        self.config = config
        self.partition = partition
        self.state = state
        self.failure: LedgerError | None = None
        self.failed = asyncio.Event()
        self._positions: dict[str, int] = {}
        self._durable: dict[str, int] = {}
        self._moved: set[str] = set()
        self._tp = TopicPartition(config.topic, partition)
        self._targets = {short: TopicPartition(full, partition) for short, full in config.topics.items()}
        self._producer: TransactionalProducer | None = None
        self._pending: Pending | None = None
        self._in_flight: Pending | None = None
        self._flusher: asyncio.Task[None] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._expected_end = 0
        self._staged_at = 0.0
        self._now_ms = 0
        self._restored = 0

    # -- open and close ------------------------------------------------------------------------------------------

    async def open(self, still_ours: Callable[[], bool]) -> None:
        """Fence the former owner, then read the partition's state.

        Args:
            still_ours: whether the group generation that gave us the partition is still the current one.

        Raises:
            NotOurs: the generation moved on.
            LedgerError: a step failed or passed its deadline.
        """
        started = time.monotonic()
        self._require(still_ours)
        self.config.crash_point("before_open")
        await self._fence()
        try:
            self._expected_end = await self._read_from(0, self._restore)
            self._require(still_ours)
        except BaseException:
            await self._drop_producer()
            raise
        self.config.crash_point("after_open")
        self._durable = dict(self._positions)
        self._start()
        if self.config.observer:
            self.config.observer.restored(self.partition, self._restored, time.monotonic() - started)

    async def renew(self, still_ours: Callable[[], bool]) -> bool:
        """Keep the state over a rebalance, if nobody wrote meanwhile and nothing of ours was lost.

        Returns:
            True when the ledger is open again with its state; False when it has to be opened anew.

        Raises:
            NotOurs: the generation moved on.
            LedgerError: a step failed or passed its deadline; it may be tried again.
        """
        self._require(still_ours)
        await self._stop_flusher()
        if self.failure is not None or self._has_work():
            return False  # the state is ahead of Kafka
        await self._drop_producer()
        await self._fence()
        written = 0

        def count(_key: str, _value: bytes | None) -> None:
            nonlocal written
            written += 1

        try:
            end = await self._read_from(self._expected_end, count)
            self._require(still_ours)
        except BaseException:
            await self._drop_producer()
            raise
        if written or end != self._expected_end:
            await self._drop_producer()
            return False
        self._start()
        return True

    async def close(self) -> None:
        """Flush what is staged if possible, then let go. Never raises."""
        self.config.crash_point("before_close")
        with contextlib.suppress(LedgerError):
            await self.flush()
        await self.drop()
        self.config.crash_point("after_close")

    def abandon(self, reason: str) -> None:
        """Fail at once: what is staged and not on its way yet is never written."""
        self._fail(LedgerError(f"ledger {self.partition} was abandoned: {reason}"))

    async def drop(self) -> None:
        """Let go without a flush: what is staged is forgotten; whoever opens next reads what is true."""
        try:
            self._fail(LedgerClosed(f"ledger {self.partition} was closed"))
            await self._stop_flusher()
        finally:
            await self._drop_producer()

    @property
    def is_open(self) -> bool:
        """Whether records may be staged."""
        return self._flusher is not None and self.failure is None

    # -- staging -------------------------------------------------------------------------------------------------

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Fold a state record and stage it (see :class:`pipeline.domain.Stage`)."""
        data = None if value is None else _encoder.encode(value)
        name = key.encode()
        size = self._size_of("ledger", name, data, [])
        pending = self._open_pending()
        self.state.fold(key, value)
        pending.append(self._tp, name, data, [], self._now_ms, size)

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        """Stage an output record (see :class:`pipeline.domain.Stage`)."""
        carried = list(headers)
        size = self._size_of(topic, key, value, carried)
        target = self._targets[topic] if partition is None else TopicPartition(self.config.topics[topic], partition)
        self._open_pending().append(target, key, value, carried, self._now_ms, size)

    @property
    def staged(self) -> int:
        """How many records the next transaction holds so far."""
        return 0 if self._pending is None else self._pending.records

    def position(self, topic: str) -> int:
        """The last applied offset of an input topic (short name), -1 when none was."""
        return self._positions.get(topic, -1)

    def durable_position(self, topic: str) -> int:
        """The last applied offset of an input topic that is committed with its effects, -1 when none is."""
        return self._durable.get(topic, -1)

    def advance(self, topic: str, offset: int) -> None:
        """Say that an input record is applied: this becomes visible with its effects, in the same transaction."""
        self._open_pending()
        self._positions[topic] = offset
        self._moved.add(topic)

    async def room(self) -> None:
        """Wait until fewer than ``max_pending_bytes`` are staged.

        Raises:
            LedgerError: the ledger failed meanwhile.
        """
        while (pending := self._pending) is not None and pending.size > self.config.max_pending_bytes:
            self._hurry.set()
            await asyncio.shield(pending.settled)

    async def flush(self) -> None:
        """Return when all that is staged so far is committed.

        Raises:
            LedgerError: it will not be; the ledger has closed itself.
        """
        if self.failure is not None:
            raise self.failure
        waiting = self._pending if self._has_work() else self._in_flight
        if waiting is None:
            return
        if self._flusher is None and waiting is self._pending:
            raise LedgerClosed(f"ledger {self.partition} is being renewed")
        self._hurry.set()
        await asyncio.shield(waiting.settled)

    # -- inside --------------------------------------------------------------------------------------------------

    def _require(self, still_ours: Callable[[], bool]) -> None:
        if not still_ours():
            raise NotOurs(f"partition {self.partition} is not ours any more")

    async def _fence(self) -> None:
        self._producer = await TransactionalProducer.open(
            self.config.client_options,
            f"{self.config.topic}-{self.partition}",
            batch_bytes=self.config.batch_bytes,
            timeout=self.config.timeout,
        )

    async def _read_from(self, start: int, fold: Callable[[str, bytes | None], None]) -> int:
        return await read_to_stable_end(
            self.config.client_options, self._tp, start, fold, stall_timeout=self.config.timeout
        )

    def _restore(self, key: str, value: bytes | None) -> None:
        self._restored += 1
        if key.startswith(POSITION_PREFIX):
            if value is not None:
                self._positions[key[len(POSITION_PREFIX) :]] = decode_position(value).offset
        else:
            self.state.fold(key, None if value is None else self.state.decode(key, value))

    def _start(self) -> None:
        self._new_pending()
        self._flusher = asyncio.create_task(self._flush_forever(), name=f"ledger-{self.partition}")

    def _new_pending(self) -> None:
        if self._producer is None:
            raise LedgerClosed(f"ledger {self.partition} has no producer")
        self._pending = Pending(self._producer.new_batch)
        self._pending.settled.add_done_callback(retrieve)  # a failure is told by ``failure``
        self._work.clear()
        self._hurry.clear()

    def _open_pending(self) -> Pending:
        pending = self._pending
        if self._flusher is None or self.failure is not None or pending is None:
            raise LedgerClosed(f"ledger {self.partition} is closed") from self.failure
        if not self._work.is_set():
            now = self.config.clock()
            self._now_ms = int(now * 1000)
            self._staged_at = time.monotonic()
            self._work.set()
        if pending.records >= self.config.flush_records:
            self._hurry.set()
        return pending

    def _size_of(self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> int:
        """Return a record's size in its batch, at most; raises ``RecordError`` when its topic would refuse it."""
        size: int = _record_size(key, value, headers)
        limit = self.config.max_bytes[topic]
        if size + _FRAME_BYTES > limit:
            raise RecordError("oversize_output", f"a record of {size} bytes is too large for {topic} (limit {limit})")
        return size

    def _has_work(self) -> bool:
        return self._pending is not None and (self._pending.records > 0 or bool(self._moved))

    async def _flush_forever(self) -> None:
        while self.failure is None:
            await self._work.wait()
            left = self._staged_at + self.config.linger - time.monotonic()
            if left > 0 and not self._hurry.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._hurry.wait()
            # a task of its own: whoever is cancelled, a transaction under way is finished
            self._committing = asyncio.create_task(self._commit(), name=f"ledger-{self.partition}-commit")
            await asyncio.shield(self._committing)

    async def _commit(self) -> None:
        """Write what is staged in one transaction; meanwhile the next one fills up. Fails the ledger, never raises."""
        try:
            await self._commit_pending()
        except LedgerError as error:
            self._fail(error)
        except Exception as error:  # a fault of ours or of the client: without this, every later flush would hang
            log.exception("ledger_commit_broke", partition=self.partition)
            self._fail(LedgerBroke(f"commit broke: {error!r}"))

    async def _commit_pending(self) -> None:
        pending, producer = self._pending, self._producer
        if pending is None or producer is None or self.failure is not None:
            return
        moved = {topic: self._positions[topic] for topic in sorted(self._moved)}
        for topic, offset in moved.items():
            position = _encoder.encode(Position(offset=offset))
            name = f"{POSITION_PREFIX}{topic}".encode()
            pending.append(self._tp, name, position, [], self._now_ms, len(name) + len(position))
        self._moved.clear()
        self._in_flight = pending
        self._new_pending()
        started = time.monotonic()
        self.config.crash_point("before_commit")
        last = await producer.commit(pending.batches, timeout=self.config.timeout)
        self.config.crash_point("after_commit")
        if self._tp in last:
            self._expected_end = last[self._tp] + 2  # the transaction's commit marker takes an offset too
        self._durable.update(moved)
        self._in_flight = None
        if not pending.settled.done():
            pending.settled.set_result(None)
        if self.config.observer:
            self.config.observer.flushed(self.partition, pending.records, time.monotonic() - started)

    def _fail(self, error: LedgerError) -> None:
        if self.failure is None:
            self.failure = error
            self.failed.set()
        for pending in (self._pending, self._in_flight):
            if pending is not None and not pending.settled.done():
                pending.settled.set_exception(self.failure)

    async def _stop_flusher(self) -> None:
        """End the flusher; a transaction under way is finished first (it has its own deadline)."""
        flusher, self._flusher = self._flusher, None
        if flusher is not None:
            flusher.cancel()
            await asyncio.wait({flusher})
        if self._committing is not None:
            await asyncio.wait({self._committing})

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close(timeout=2.0)

"""Faust's consumer with four things changed; each has a test on real Kafka.

1. A fetched partition batch is one Faust event (Faust spends 60 to 200 microseconds an event).
2. The offsets committed to the group are the ledgers' durable positions: whatever Faust believes to be acknowledged,
   nothing is committed that is not in Kafka together with its effects.
3. Reading starts behind the ledger's position, whatever was committed, and is read_committed.
4. The gate stands before fetching. Faust's own pause skips records that were already fetched, and so loses them.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, cast

import structlog
from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message
from mode import Service

from pipeline.streaming.batch import Batch, InFlight
from pipeline.streaming.consumer_thread import ReadCommittedThread

_CONFIRM_TIMEOUT_S = 10.0
_CHECK_EVERY_S = 1.0

_LEAST_SHARE = 64 * 1024
"""Bytes that may wait of each topic and partition, however many there are."""

log = structlog.get_logger(__name__)


class Reading(Protocol):
    """What the consumer asks the owner of the ledgers."""

    def may_read(self, partition: int) -> bool:
        """Whether records of a partition number may be delivered now."""

    def next_offsets(self, assignment: Iterable[TP]) -> Mapping[TP, int]:
        """Where reading starts, for the partitions whose ledger has a position."""

    def durable_offsets(self, assignment: Iterable[TP]) -> Mapping[TP, int]:
        """What may be committed to the group."""


class BatchConsumer(driver.Consumer):
    """See the module's docstring. ``reading`` and ``crash_point`` are set before the app starts."""

    reading: Reading
    crash_point: Callable[[str], None]
    max_records = 2_000
    max_buffered_bytes = 64 * 1024 * 1024
    """What may be delivered and not yet applied, in equal shares of the topic-partitions; a share ends with a batch."""
    fetch_timeout = 0.2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_flight = InFlight()
        self.sessions: defaultdict[int, int] = defaultdict(int)
        self.last_fetch_at = time.monotonic()
        self.crash_point = lambda _name: None
        self._committed: dict[TP, int] = {}
        self._fetching = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()

    def _new_consumer_thread(self) -> ReadCommittedThread:
        return ReadCommittedThread(self, loop=self.loop, beacon=self.beacon)

    # -- the gate ------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Stop taking in records. What was fetched is still delivered; nothing is skipped."""
        self._open.clear()

    def release(self) -> None:
        """Take in records again."""
        self._open.set()

    @property
    def generation(self) -> int:
        """The group generation this member is in now; -1 when it is in none."""
        consumer = self._thread._consumer  # noqa: SLF001 - Faust copies the generation at assignment only
        coordinator = None if consumer is None else consumer._coordinator  # noqa: SLF001 - none before it has started
        return -1 if coordinator is None else int(coordinator.generation)

    def read_up_to(self, tp: TP) -> int:
        """The offset behind what was fetched and delivered of a partition, also past what is no record; 0: unknown."""
        consumer = self._thread._consumer  # noqa: SLF001 - only a coroutine of its own thread would tell it
        if consumer is None or consumer._subscription.subscription is None:  # noqa: SLF001
            return 0
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
        state = assignment.state_value(TopicPartition(tp.topic, tp.partition)) if assignment else None
        return int(state.position) if state is not None and state.has_valid_position else 0

    async def confirm(self) -> bool:
        """Ask the group coordinator, so that ``generation`` is the truth. False when it did not answer."""
        asked = asyncio.run_coroutine_threadsafe(self._batch_thread.heartbeat(), self._thread.thread_loop)
        try:
            async with asyncio.timeout(_CONFIRM_TIMEOUT_S):
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            return False

    @property
    def _batch_thread(self) -> ReadCommittedThread:
        return cast("ReadCommittedThread", self._thread)

    # -- delivery ------------------------------------------------------------------------------------------------

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetch and deliver until stopped (Faust's fetcher service runs this)."""
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait(self.can_resume_flow.wait())
                continue
            if not self._open.is_set():
                await self.wait(self._open.wait())
                continue
            try:
                async with self._fetching:
                    batches = await self._fetch()
            except ConsumerStoppedError:
                return  # the app is stopping
            except (KafkaError, TimeoutError, UnicodeDecodeError) as error:
                # as when a right to read was taken away: it may come back
                log.warning("fetch_failed", error=repr(error))
                await asyncio.sleep(1.0)
                continue
            for batch in batches:
                await self._deliver(batch)
            if not batches:
                await asyncio.sleep(0)

    async def _fetch(self) -> list[Batch]:
        self.last_fetch_at = time.monotonic()
        ready = {tp for tp in self.assignment() if self._has_room(tp)}
        if not ready:
            await asyncio.sleep(0.01)
            return []
        fetched: Mapping[TP, list[Any]] = await self._thread.call_thread(
            self._batch_thread.fetch, ready, timeout=self.fetch_timeout, max_records=self.max_records
        )
        if not self.flow_active:
            return []  # a rebalance began: every partition is sought again before the flow resumes
        now = time.monotonic()
        batches = [Batch(tp, records, self.sessions[tp.partition], now) for tp, records in fetched.items() if records]
        for batch in batches:
            self.in_flight.add(batch)
        return batches

    def _has_room(self, tp: TP) -> bool:
        if not self.reading.may_read(tp.partition):
            return False
        assigned = self._batch_thread._ensure_consumer().assignment()  # noqa: SLF001 - Faust copies it, 0.1 ms each time
        return self.in_flight.size(tp) < max(self.max_buffered_bytes // max(len(assigned), 1), _LEAST_SHARE)

    async def _deliver(self, batch: Batch) -> None:
        last = batch.records[-1]
        message: Message = ConsumerMessage(
            batch.tp.topic,
            batch.tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            [],
            None,
            cast("Any", batch),
            None,
            0,
            batch.size,
            batch.tp,
            generation_id=self.app.consumer_generation_id,
        )
        await self.wait_first(self.callback(message), self.suspend_flow.wait())

    @Service.task
    async def _check_forever(self) -> None:
        """See that aiokafka's tasks are alive, also while nothing is fetched. What ended one of them ends the app."""
        while not self.should_stop:
            await self.sleep(_CHECK_EVERY_S)
            try:
                await self._thread.call_thread(self._batch_thread.check)
            except ConsumerStoppedError:
                return  # the app is stopping
            except KafkaError as error:
                log.warning("group_error", error=repr(error))

    # -- where reading starts ------------------------------------------------------------------------------------

    async def perform_seek(self) -> None:
        """Leave the positions alone: a partition is read only after its keeper had it sought (:meth:`reread`).

        Waits for a fetch that is under way, so that nothing it brings is delivered after a rebalance.
        """
        async with self._fetching:
            pass

    async def reread(self, partition: int) -> None:
        """Begin a new reading session of a partition number, behind its ledger's position.

        Without a position (nothing was ever applied) reading starts at the committed offset, else at the beginning.
        What was delivered before and is not applied yet will be ignored by the loop and read again.

        Raises:
            KafkaError: the partition is not assigned any more, or the broker is away.
            Unrecoverable: the ledger's position is beyond the topic's end.
        """
        async with self._fetching:
            tps = {tp for tp in self.assignment() if tp.partition == partition}
            self.sessions[partition] += 1
            for tp in tps:
                self.in_flight.forget(tp)
            positions = self.reading.next_offsets(tps)
            await self._thread.call_thread(self._batch_thread.seek_each, tps, positions)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what was delivered: the next owner, ourselves perhaps, starts at the ledger's position."""
        for tp in revoked:
            self.in_flight.forget(tp)
            self._committed.pop(tp, None)
        for partition in {tp.partition for tp in revoked}:
            self.sessions[partition] += 1  # before the ledgers flush: nothing more is staged behind their back
        await super().on_partitions_revoked(revoked)

    # -- offsets -------------------------------------------------------------------------------------------------

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - Faust's signature
        """Commit the ledgers' durable positions to the group, for lag monitoring and as second line."""
        self._acked.clear()
        self._acked_index.clear()
        await self.app.producer.flush()
        durable = self.reading.durable_offsets(self.assignment())
        offsets = {tp: offset for tp, offset in durable.items() if self._committed.get(tp) != offset}
        if not offsets:
            return False
        self.crash_point("before_offsets")
        if not await self._commit(offsets):
            return False
        self.crash_point("after_offsets")
        self._committed.update(offsets)
        return True

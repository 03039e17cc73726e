"""The thread with the aiokafka consumer: what it is asked from the worker's own loop, and what Faust leaves out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import aiokafka
import structlog
from aiokafka.errors import (
    IllegalGenerationError,
    KafkaError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from pipeline.streaming import lenient
from pipeline.worker.exit_codes import ExitCode, Unrecoverable

FETCH_MAX_WAIT_MS = 100

_SEEK_TIMEOUT_S = 30.0
_COMMIT_TIMEOUT_S = 30.0

log = structlog.get_logger(__name__)


class ReadCommittedThread(driver.AIOKafkaConsumerThread):
    """The thread with the aiokafka consumer; reads committed records only, since our ledgers write what we read."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - Faust ties it to its own exactly-once
        # a partition that was just sought waits for the fetch that is out already: not for Faust's 1.5 s
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # noqa: SLF001 - Faust has no setting for it
        return consumer

    async def heartbeat(self) -> bool:
        """Send one heartbeat now. What the coordinator answers is in its generation afterwards; False: no answer.

        Not aiokafka's own ``_do_heartbeat``: that one, answered late, would throw away a membership won meanwhile.
        """
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001 - aiokafka beats by its own clock only
        asked = (coordinator.generation, coordinator.member_id)
        if coordinator.generation < 0:
            return True
        try:
            answer = await coordinator._send_req(HeartbeatRequest(coordinator.group_id, *asked))  # noqa: SLF001
        except KafkaError as error:
            log.warning("heartbeat_failed", error=repr(error))
            return False
        code = for_code(answer.error_code)
        if code in {IllegalGenerationError, UnknownMemberIdError}:
            if (coordinator.generation, coordinator.member_id) == asked:
                coordinator.reset_generation()
            return True
        return code in {NoError, RebalanceInProgressError}

    async def check(self) -> None:
        """Take the error for which aiokafka's coordination waits, if there is one; only then does it join again.

        Raises:
            KafkaError: that error, as when the right to the group was taken away.
            RuntimeError: one of aiokafka's tasks has ended, and nobody starts it again.
        """
        consumer = self._consumer
        if consumer is None or consumer._coordinator is None or consumer._fetcher is None:  # noqa: SLF001
            return  # it has not started yet
        for task in (consumer._coordinator._coordination_task, consumer._fetcher._fetch_task):  # noqa: SLF001
            if task.done():
                raise RuntimeError(f"a task of aiokafka has ended: {task!r}")
        consumer._coordinator.check_errors()  # noqa: SLF001 - else called by methods that Faust does not use

    async def fetch(self, partitions: set[TP], *, timeout: float, max_records: int) -> Mapping[TP, list[Any]]:
        """Take fetched records, which moves the positions behind them. A fetch that fails moves none.

        Raises:
            KafkaError: as when a right to read was taken away.
        """
        consumer = self._ensure_consumer()
        before = lenient.positions(consumer, partitions)
        try:
            records = await self._fetch_records(consumer, partitions, timeout=timeout, max_records=max_records)
        except (KafkaError, UnicodeDecodeError) as error:
            broken = lenient.unreadable(consumer)
            lenient.rewind(consumer, before)  # aiokafka drops what it took of other partitions before
            if broken is None or not isinstance(error, UnicodeDecodeError):
                raise
            log.warning("header_unreadable", topic=broken.topic, partition=broken.partition, offset=before.get(broken))
            await lenient.load(consumer, broken)
            records = await self._fetch_records(consumer, {broken}, timeout=0, max_records=max_records)
        return {TP(tp.topic, tp.partition): batch for tp, batch in records.items()}

    async def seek_each(self, partitions: Iterable[TP], positions: Mapping[TP, int]) -> None:
        """Seek partitions to their positions; without one, to what the group committed, else to the beginning.

        Raises:
            TimeoutError: the coordinator, or a leader, did not answer.
            Unrecoverable: a topic ends before what was applied of it; all its new records would pass as known.
        """
        async with asyncio.timeout(_SEEK_TIMEOUT_S):
            await self._seek_each(partitions, positions)

    async def _seek_each(self, partitions: Iterable[TP], positions: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        for partition in partitions:
            tp, offset = TopicPartition(partition.topic, partition.partition), positions.get(partition)
            if offset is None:
                offset = await consumer.committed(tp)
            # not seek_to_beginning: its answer waits behind a long poll; an offset that retention took is reset anyway
            consumer.seek(tp, max(offset or 0, 0))
        ends = await consumer.end_offsets([TopicPartition(tp.topic, tp.partition) for tp in positions])
        for tp, position in positions.items():
            if (end := ends[TopicPartition(tp.topic, tp.partition)]) < position:
                reason = f"{tp.topic}-{tp.partition} ends at {end}, but {position} records were applied"
                raise Unrecoverable(ExitCode.TOPICS, f"{reason}: was the topic deleted and made again?")

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Judge nothing: our watchdog does. Faust's check crashes the consumer when a partition has no position yet."""

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit offsets. They serve lag monitoring, so a broker that is away is no reason to crash, as in Faust."""
        assignment = self.assignment()
        ours = {
            TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in assignment
        }
        try:
            async with asyncio.timeout(_COMMIT_TIMEOUT_S):  # without a coordinator aiokafka would ask for ever
                await self._ensure_consumer().commit(ours)
        except (KafkaError, TimeoutError) as error:
            log.warning("offset_commit_failed", error=repr(error))
            return False
        return True

"""One partition's transactional producer: opening it fences the former owner, committing is all or nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    IllegalOperation,
    InvalidProducerEpoch,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    ProducerFenced,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from pipeline.kafka.error_codes import InvalidRecordError
from pipeline.ledger.closing import close_apart, retrieve
from pipeline.ledger.errors import BatchRefused, LedgerError, LedgerFenced

_FENCED = (ProducerFenced, InvalidProducerEpoch)
_REFUSED = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidRecordError,
    InvalidTimestampError,
    CorruptRecordException,
)
"""The fault of a record: the broker looked at it, and sent again as it is it fails again (bytes that were garbled on
the way are sent anew, record by record, and pass). A missing right, or a policy, is the cluster's: every record would
fail, so all wait."""
_NOT_ALLOWED = (TopicAuthorizationFailedError, PolicyViolationError)

Batches = Mapping[TopicPartition, Sequence[BatchBuilder]]
_Sent = list[tuple[TopicPartition, int, asyncio.Future[Any]]]


class TransactionalProducer:
    """An aiokafka producer bound to one transactional id."""

    def __init__(self, producer: aiokafka.AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    async def open(
        cls, client_options: Mapping[str, Any], transactional_id: str, *, batch_bytes: int, timeout: float
    ) -> TransactionalProducer:
        """Start a producer; InitProducerId fences every older one and ends its open transaction.

        Raises:
            LedgerError: the broker could not be reached, or did not answer within ``timeout`` seconds.
        """
        producer = aiokafka.AIOKafkaProducer(
            **client_options,
            transactional_id=transactional_id,
            acks="all",
            enable_idempotence=True,
            max_batch_size=batch_bytes,
            # the sizes of records are checked against their topic when staged; this one must not be in the way
            max_request_size=64 * 1024 * 1024,
            linger_ms=0,
            retry_backoff_ms=50,
            request_timeout_ms=int(timeout * 1000),
            transaction_timeout_ms=int(timeout * 1000),
        )
        opened = cls(producer)
        try:
            async with asyncio.timeout(timeout):
                await producer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await opened.close(timeout=1.0)
            raise LedgerError(f"could not open a transactional producer: {error!r}") from error
        except BaseException:
            await opened.close(timeout=1.0)
            raise
        return opened

    def new_batch(self) -> BatchBuilder:
        """An empty batch for one partition of one topic."""
        return self._producer.create_batch()

    async def commit(self, batches: Batches, *, timeout: float) -> dict[TopicPartition, int]:
        """Write all batches in one transaction.

        Returns:
            The offset of the last record written, by partition.

        Raises:
            BatchRefused: the broker refused a batch; the transaction is given up.
            LedgerFenced: another producer took over.
            LedgerError: the outcome is unknown.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._producer.begin_transaction()
                sent = await self._send(batches)
                last = await self._await_all(sent)
                await self._producer.commit_transaction()
        except LedgerError:
            raise
        except _FENCED as error:
            raise LedgerFenced(repr(error)) from error
        except (KafkaError, TimeoutError, AssertionError, IllegalOperation, OSError) as error:
            # a complaint of aiokafka's state machine means that the producer failed in the background
            raise self._classify(error) from error
        return last

    async def _send(self, batches: Batches) -> _Sent:
        sent: _Sent = []
        for tp, builders in batches.items():
            for batch in builders:
                future = await self._producer.send_batch(batch, tp.topic, partition=tp.partition)
                future.add_done_callback(retrieve)  # a later one may fail to be sent, and then nobody awaits this one
                sent.append((tp, batch.record_count(), future))
        return sent

    async def _await_all(self, sent: _Sent) -> dict[TopicPartition, int]:
        """Await every batch: aiokafka would commit although one of them failed (test: R36)."""
        results = await asyncio.gather(*(future for _, _, future in sent), return_exceptions=True)
        last: dict[TopicPartition, int] = {}
        for (tp, _, _), result in zip(sent, results, strict=True):
            if isinstance(result, _REFUSED):  # looked for first: what followed it failed because of it
                raise BatchRefused(tp.topic, repr(result)) from result
        for (tp, count, _), result in zip(sent, results, strict=True):
            if isinstance(result, _NOT_ALLOWED):
                raise LedgerError(f"{tp.topic} may not be written: {result!r}") from result
            if isinstance(result, asyncio.CancelledError):  # a batch that was given up, not our own cancellation
                raise LedgerError(f"a batch of {tp.topic} was given up") from result
            if isinstance(result, BaseException):
                raise result
            last[tp] = result.offset + count - 1
        return last

    def _classify(self, error: BaseException) -> LedgerError:
        fatal = self._producer._message_accumulator._exception  # noqa: SLF001 - the only trace a background fence leaves
        if isinstance(fatal, _FENCED):
            return LedgerFenced(repr(fatal))
        return LedgerError(f"transaction outcome unknown: {error!r}")

    async def close(self, *, timeout: float) -> None:
        """Let go of the producer. An open transaction is ended by the next open of the same id."""
        await close_apart(self._close(timeout))

    async def _close(self, timeout: float) -> None:
        self._retrieve_failures()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(timeout):
                await self._producer.stop()
            return
        await self._abandon()

    def _retrieve_failures(self) -> None:
        """Look at failures that aiokafka tells nobody: asyncio would log each as an error, some time later."""
        if (transaction := self._producer._txn_manager._transaction_waiter) is not None:  # noqa: SLF001
            retrieve(transaction)
        accumulator = self._producer._message_accumulator  # noqa: SLF001 - nothing else knows what was not sent
        for batches in (accumulator._pending_batches, *accumulator._batches.values()):  # noqa: SLF001
            for batch in batches:
                retrieve(batch.future)
                retrieve(batch._drain_waiter)  # noqa: SLF001

    async def _abandon(self) -> None:
        """Close what ``stop`` could not: it waits for batches that will never be delivered."""
        self._producer._closed = True  # noqa: SLF001 - aiokafka has no way to drop a producer without a flush
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2.0):
                await self._producer._sender.close()  # noqa: SLF001
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2.0):
                await self._producer.client.close()

"""What counts as a record's fault, and what is the cluster's."""

import asyncio
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    PolicyViolationError,
    RecordListTooLargeError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
    for_code,
)

from pipeline.ledger import BatchRefused, LedgerError
from pipeline.ledger.producer import TransactionalProducer


class Batch:
    """One record."""

    def record_count(self) -> int:
        """One."""
        return 1


class Refusing:
    """An aiokafka producer whose every batch fails."""

    def __init__(self, error: KafkaError) -> None:
        self._error = error
        self._message_accumulator = type("Accumulator", (), {"_exception": None})()

    async def begin_transaction(self) -> None:
        """Begin."""

    async def send_batch(self, *_args: Any, **_kwargs: Any) -> asyncio.Future[Any]:
        """Fail later."""
        future = asyncio.get_running_loop().create_future()
        future.set_exception(self._error)
        return future


async def commit(error: KafkaError) -> LedgerError:
    """What a commit raises when a batch fails with an error."""
    producer = TransactionalProducer(cast("Any", Refusing(error)))
    with pytest.raises(LedgerError) as raised:
        await producer.commit(cast("Any", {TopicPartition("out", 0): [Batch()]}), timeout=1.0)
    return raised.value


@pytest.mark.parametrize("error", [MessageSizeTooLargeError(), RecordListTooLargeError()])
async def test_a_size_is_the_records_fault(error: KafkaError) -> None:
    """What is too large is refused for good."""
    assert isinstance(await commit(error), BatchRefused)


INVALID_RECORD = for_code(87)()


@pytest.mark.parametrize("error", [INVALID_RECORD, InvalidTimestampError(), CorruptRecordException()])
async def test_what_the_broker_looked_at_and_refused_is_the_records_fault(error: KafkaError) -> None:
    """Sent again as it is it would fail again; the refusal that aiokafka does not know is one of them."""
    assert isinstance(await commit(error), BatchRefused)


@pytest.mark.parametrize(
    "error",
    [
        NotLeaderForPartitionError(),
        RequestTimedOutError(),
        NotEnoughReplicasError(),
        NotEnoughReplicasAfterAppendError(),
        UnknownTopicOrPartitionError(),
        OutOfOrderSequenceNumber(),
        UnknownError(),
    ],
)
async def test_the_state_of_the_cluster_is_no_records_fault(error: KafkaError) -> None:
    """The outcome is unknown, nothing is dead-lettered, and the ledger is opened again."""
    assert type(await commit(error)) is LedgerError


@pytest.mark.parametrize("error", [TopicAuthorizationFailedError("out"), PolicyViolationError()])
async def test_a_missing_right_is_nobodys_fault_and_waits(error: KafkaError) -> None:
    """No record is dead-lettered for it; the reason names the topic."""
    raised = await commit(error)
    assert type(raised) is LedgerError
    assert "out" in str(raised)

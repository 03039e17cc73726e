"""A broker that is there and does not come to an end: each step of a ledger has a deadline, and loses nothing by it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiokafka
import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger import Ledger, LedgerClosed, LedgerConfig, LedgerError
from tests.kafka.driving import create_topics, eventually, values
from tests.kafka.engine import Item, Items, ledger_config
from tests.kafka.test_ledger_fencing import config, opened, stage, yes

__all__ = ["config"]  # a fixture


@contextlib.asynccontextmanager
async def foreign_transaction(config: LedgerConfig) -> AsyncIterator[None]:
    """A transaction of somebody else, open on partition 0 of the ledger topic; aborted at the end."""
    producer = aiokafka.AIOKafkaProducer(
        **config.client_options, transactional_id=f"{config.topic}-foreign", transaction_timeout_ms=60_000
    )
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(config.topic, b'{"content":"x","revision":1}', key=b"item/foreign", partition=0)
        yield
        await producer.abort_transaction()
    finally:
        await producer.stop()


async def test_an_open_does_not_wait_for_ever_for_a_foreign_transaction(config: LedgerConfig) -> None:
    """While one is open the partition has no stable end: the open gives up, leaves no client, and works afterwards."""
    ledger = await opened(config)
    stage(ledger, "kept")
    await ledger.close()
    tasks = len(asyncio.all_tasks())
    async with foreign_transaction(config):
        with_foreign = len(asyncio.all_tasks())
        stalled = Ledger(replace(config, timeout=1.0), 0, Items())
        async with asyncio.timeout(10):
            with pytest.raises(LedgerError, match="no progress"):
                await stalled.open(yes)
        assert not stalled.is_open
        assert stalled._producer is None
        await eventually(lambda: len(asyncio.all_tasks()) <= with_foreign, 5, "clients are left open")
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks, 5, "clients are left open")
    again = await opened(config)
    assert again.state.items == {"item/kept": Item(content="kept", revision=1)}
    await again.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_kafka() -> AsyncIterator[EmbeddedKafka]:
    """A broker to be frozen."""
    async with EmbeddedKafka() as broker:
        yield broker


@contextlib.contextmanager
def freezing_at(ledger: Ledger[Items], call: str, kafka: EmbeddedKafka) -> Iterator[None]:
    """Freeze the broker right before the ledger's client makes a call; it goes on at the end."""
    assert ledger._producer is not None
    client = ledger._producer._producer
    original = getattr(client, call)

    async def freeze() -> None:
        os.kill(kafka.pid, signal.SIGSTOP)
        await original()

    setattr(client, call, freeze)
    try:
        yield
    finally:
        os.kill(kafka.pid, signal.SIGCONT)


@pytest.mark.parametrize("call", ["begin_transaction", "commit_transaction"])
async def test_a_commit_that_passes_its_deadline_closes_the_ledger(
    own_kafka: EmbeddedKafka, topic_prefix: str, call: str
) -> None:
    """What became of it nobody knows then: state and outputs that the next open finds are of one mind about it."""
    servers = own_kafka.bootstrap_servers
    await create_topics(servers, topic_prefix, partitions=1)
    config = ledger_config(servers, topic_prefix)
    ledger = await opened(replace(config, timeout=1.5))
    stage(ledger, "kept")
    await ledger.flush()
    with freezing_at(ledger, call, own_kafka):
        stage(ledger, "unknown")
        async with asyncio.timeout(10):
            with pytest.raises(LedgerError) as raised:
                await ledger.flush()
            assert type(raised.value) is LedgerError
            assert not ledger.is_open
            with pytest.raises(LedgerClosed):
                stage(ledger, "late")
            await ledger.drop()
    again = await opened(config)
    found = await values(servers, config.topics["out"])
    assert found in (["kept"], ["kept", "unknown"])
    assert list(again.state.items) == [f"item/{name}" for name in found]
    stage(again, "later")
    await again.close()
    assert await values(servers, config.topics["out"]) == [*found, "later"]

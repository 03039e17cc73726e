"""What a flush promises: all of a transaction or nothing, and a restore that reads exactly what was written."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger import BatchRefused, Ledger, LedgerConfig, LedgerError
from schemas.records import RecordError
from tests.kafka.driving import alter_topic, create_topics, read, values
from tests.kafka.engine import Item, Items
from tests.kafka.test_ledger_fencing import config, noticing, opened, stage, yes

__all__ = ["config"]  # a fixture


def servers(config: LedgerConfig) -> str:
    """The broker's address."""
    return str(config.client_options["bootstrap_servers"][0])


async def test_what_was_flushed_is_restored(config: LedgerConfig) -> None:
    """State and positions after an open are those of the ledger that wrote them."""
    ledger = await opened(config)
    stage(ledger, "a", "b")
    ledger.put("item/a", None)
    ledger.advance("in", 41)
    await ledger.flush()
    live = dict(ledger.state.items)
    await ledger.close()
    again = await opened(config)
    assert again.state.items == live
    assert again.position("in") == again.durable_position("in") == 41
    await again.close()


async def test_a_position_is_durable_only_with_its_effects(config: LedgerConfig) -> None:
    """A position counts as durable when its transaction is committed, not when it is staged."""
    ledger = await opened(replace(config, linger=60.0))
    stage(ledger, "a")
    ledger.advance("in", 0)
    assert (ledger.position("in"), ledger.durable_position("in")) == (0, -1)
    await ledger.flush()
    assert ledger.durable_position("in") == 0
    await ledger.close()


async def test_records_without_effects_move_the_position(config: LedgerConfig) -> None:
    """Advancing alone is work too: it is flushed and restored."""
    ledger = await opened(config)
    ledger.advance("in", 9)
    await ledger.flush()
    await ledger.close()
    again = await opened(config)
    assert again.position("in") == 9
    await again.close()


async def test_close_flushes(config: LedgerConfig) -> None:
    """A close writes what is staged."""
    ledger = await opened(replace(config, linger=60.0))
    stage(ledger, "a")
    await ledger.close()
    assert await values(servers(config), config.topics["out"]) == ["a"]


async def test_drop_forgets(config: LedgerConfig) -> None:
    """A drop writes nothing of what is staged."""
    ledger = await opened(replace(config, linger=60.0))
    stage(ledger, "a")
    await ledger.drop()
    assert await values(servers(config), config.topics["out"]) == []
    assert await read(servers(config), config.topic) == []


async def test_an_abandoned_ledger_writes_nothing_more(config: LedgerConfig) -> None:
    """Abandoning fails a ledger at once: half a record's effects are never committed, whoever waits learns why."""
    ledger = await opened(config)
    stage(ledger, "half")
    waiting = asyncio.create_task(ledger.flush())
    ledger.abandon("a bug")
    with pytest.raises(LedgerError, match="a bug"):
        await waiting
    await asyncio.sleep(0.1)
    await ledger.drop()
    assert await values(servers(config), config.topics["out"]) == []


async def test_a_refused_batch_aborts_its_transaction(config: LedgerConfig) -> None:
    """When the broker refuses a batch, nothing of the transaction is visible; the ledger closes with the reason."""
    ledger = await opened(config)
    await alter_topic(servers(config), config.topics["out"], max_message_bytes="2000")
    ledger.put("item/a", Item(content="a", revision=1))
    ledger.publish("dead-letters", b"k", b"innocent")
    ledger.publish("out", b"k", b"x" * 5_000)
    ledger.advance("in", 3)
    with pytest.raises(BatchRefused) as refused:
        await ledger.flush()
    assert refused.value.topic == config.topics["out"]
    assert not ledger.is_open
    await ledger.drop()
    again = await opened(config)
    assert (again.state.items, again.position("in")) == ({}, -1)
    assert await read(servers(config), config.topics["dead-letters"]) == []
    stage(again, "later")
    await again.flush()
    await again.close()
    assert await values(servers(config), config.topics["out"]) == ["later"]


async def test_a_record_that_the_broker_finds_invalid_is_refused(config: LedgerConfig) -> None:
    """A record without a key on a compacted topic would be refused each time: that is known at the first."""
    await alter_topic(servers(config), config.topics["out"], cleanup_policy="compact")
    ledger = await opened(config)
    ledger.publish("out", None, b"no key")
    with pytest.raises(BatchRefused, match="InvalidRecord"):
        await ledger.flush()
    await ledger.drop()
    assert await read(servers(config), config.topics["out"]) == []


async def test_a_record_above_the_limit_is_refused_before_it_is_staged(config: LedgerConfig) -> None:
    """Key, value and headers count; an output that is too large raises and leaves nothing behind."""
    ledger = await opened(config)
    with pytest.raises(RecordError, match="too large"):
        ledger.publish("out", b"k", b"x" * 1024 * 1024)
    with pytest.raises(RecordError, match="too large"):
        ledger.publish("out", b"k", b"", [("h", b"x" * 1024 * 1024)])
    with pytest.raises(RecordError, match="too large"):
        ledger.put("item/large", Item(content="x" * 1024 * 1024, revision=1))
    assert ledger.state.items == {}
    await ledger.flush()
    await ledger.close()
    assert await read(servers(config), config.topics["out"]) == []


async def test_the_largest_record_that_is_let_in_is_taken(config: LedgerConfig) -> None:
    """What passes our check passes the broker's: the margin is enough."""
    ledger = await opened(config)
    headers = [(f"header-{number}", b"h" * 100) for number in range(50)]
    room = (
        1_000_000
        + 1024 * 1024
        - 1024
        - DefaultRecordBatchBuilder.estimate_size_in_bytes(b"k", b"x" * 1_000_000, headers)
    )
    with pytest.raises(RecordError):
        ledger.publish("out", b"k", b"x" * (room + 1), headers)
    ledger.publish("out", b"k", b"x" * room, headers)
    await ledger.flush()
    await ledger.close()
    assert len(await read(servers(config), config.topics["out"])) == 1


async def test_room_waits_for_the_broker(config: LedgerConfig) -> None:
    """Beyond its bound of staged bytes a ledger makes the loop wait until they are committed."""
    ledger = await opened(replace(config, linger=60.0, max_pending_bytes=10_000))
    await asyncio.wait_for(ledger.room(), 0.1)
    for number in range(3):
        ledger.publish("out", b"k", str(number).encode() * 5_000)
    await asyncio.wait_for(ledger.room(), 10)
    assert len(await read(servers(config), config.topics["out"])) == 3
    await ledger.close()


async def test_many_batches_of_one_partition_keep_their_order(config: LedgerConfig) -> None:
    """A transaction larger than a batch arrives whole and in the order of staging."""
    ledger = await opened(replace(config, batch_bytes=2_000))
    names = [f"{number:04}" for number in range(500)]
    stage(ledger, *names)
    await ledger.flush()
    await ledger.close()
    assert await values(servers(config), config.topics["out"]) == names


async def test_staging_goes_on_while_a_transaction_is_under_way(config: LedgerConfig) -> None:
    """What is staged during a commit goes into the next transaction; nothing waits, nothing is lost."""
    config, begun = noticing(config, "before_commit")
    ledger = await opened(config)
    stage(ledger, "one")
    first = asyncio.create_task(ledger.flush())
    await begun.wait()
    stage(ledger, "two")
    await ledger.flush()
    assert first.done()
    await ledger.close()
    assert await values(servers(config), config.topics["out"]) == ["one", "two"]


async def test_compaction_leaves_what_restores_the_same_state(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """After a real compaction the ledger is shorter, tombstoned items stay gone, and the restored state is the same."""
    await create_topics(
        kafka.bootstrap_servers,
        topic_prefix,
        partitions=1,
        segment_ms="100",
        min_cleanable_dirty_ratio="0.001",
        max_compaction_lag_ms="100",
        delete_retention_ms="0",
    )
    from tests.kafka.engine import ledger_config  # noqa: PLC0415

    config = ledger_config(kafka.bootstrap_servers, topic_prefix)
    ledger = await opened(config)
    for turn in range(40):
        stage(ledger, *(f"i{turn % 3}-{number}" for number in range(20)))
        ledger.put(f"item/i{turn % 3}-0", None)
        ledger.advance("in", turn)
        await ledger.flush()
        await asyncio.sleep(0.01)
    written = len(await read(kafka.bootstrap_servers, config.topic))
    live, last = dict(ledger.state.items), 39
    async with asyncio.timeout(40):
        while len(await read(kafka.bootstrap_servers, config.topic)) > written // 2:
            last += 1
            ledger.advance("in", last)  # a new segment must begin before the old one is cleaned
            await ledger.flush()
            await asyncio.sleep(0.3)
    assert await ledger.renew(yes)
    await ledger.close()
    again = Ledger(config, 0, Items())
    await again.open(yes)
    assert again.state.items == live
    assert again.position("in") == last
    await again.close()

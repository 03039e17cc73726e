"""Where reading starts, the gate, what is visible, and a broker that goes away and comes back."""

import asyncio
import statistics
import time

import aiokafka
import psutil
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.structs import OffsetAndMetadata

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.driving import admin, create_topics, eventually, send, values, wait_for_values
from tests.kafka.engine import PARTITIONS, Engine


async def test_holding_the_intake_loses_nothing(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R38: held and released fifty times under load, every record is applied."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    load = [f"i{number}=a" for number in range(10_000)]
    async with Engine(servers, topic_prefix) as engine:
        sending = asyncio.create_task(send(servers, f"{topic_prefix}in", load, pace=0.02))
        for _ in range(50):
            engine.app.batch_consumer.hold()
            await asyncio.sleep(0.02)
            engine.app.batch_consumer.release()
            await asyncio.sleep(0.03)
        await sending
        await eventually(lambda: engine.outcomes.total() == len(load))
    assert sorted(await values(servers, f"{topic_prefix}out")) == sorted(f"{value}#1" for value in load)


async def test_a_held_worker_takes_nothing_in(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """While the intake is held, records stay unread; its group membership stays."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Engine(servers, topic_prefix) as engine:
        await eventually(lambda: engine.ready)
        engine.app.batch_consumer.hold()
        await asyncio.sleep(0.3)  # a fetch that was out already may still bring records
        generation = engine.app.batch_consumer.generation
        await send(servers, f"{topic_prefix}in", ["a=1"])
        await asyncio.sleep(0.5)
        assert engine.outcomes.total() == 0
        engine.app.batch_consumer.release()
        await eventually(lambda: engine.outcomes.total() == 1)
        assert engine.app.batch_consumer.generation == generation


async def test_reading_starts_at_the_ledgers_position(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Whatever the group committed, ahead or behind, reading starts right behind what is applied."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Engine(servers, topic_prefix):
        await send(servers, f"{topic_prefix}in", ["a=1", "a=2"])
        await wait_for_values(servers, f"{topic_prefix}out", 2)
    await send(servers, f"{topic_prefix}in", ["a=3", "b=1"])
    for offset in (0, 3):
        consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=servers, group_id=f"{topic_prefix}group")
        async with consumer:
            partitions = [TopicPartition(f"{topic_prefix}in", number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.commit({partition: OffsetAndMetadata(offset, "") for partition in partitions})
        async with Engine(servers, topic_prefix):
            found = await wait_for_values(servers, f"{topic_prefix}out", 3)
    # b's partition had no position in its ledger: there the group's offset counts, and it was 0 the first time
    assert [value for value in found if value.startswith("a")] == ["a=1#1", "a=2#2", "a=3#3"]


async def test_a_topic_made_again_stops_the_worker_with_the_reason(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """A topic that ends before what was applied of it is not read as if all were known: the worker ends and says so."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Engine(servers, topic_prefix):
        await send(servers, f"{topic_prefix}in", [f"i{number}=1" for number in range(50)])
        await wait_for_values(servers, f"{topic_prefix}out", 50)
    async with admin(servers) as client:
        await client.delete_topics([f"{topic_prefix}in"])
        await asyncio.sleep(0.5)
        await client.create_topics([NewTopic(f"{topic_prefix}in", PARTITIONS, 1)])
    async with Engine(servers, topic_prefix) as engine:
        await asyncio.wait_for(engine.ended.wait(), 20)
        assert engine.fatal[0].exit_code == ExitCode.TOPICS
        assert "made again" in engine.fatal[0].reason


async def test_an_aborted_record_is_never_applied(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Rule 4: what another producer wrote in a transaction it gave up is not read."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=servers, transactional_id=f"{topic_prefix}other")
    async with Engine(servers, topic_prefix) as engine, producer:
        await producer.begin_transaction()
        await producer.send_and_wait(f"{topic_prefix}in", b"aborted=1", key=b"k")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(f"{topic_prefix}in", b"committed=1", key=b"k")
        assert await wait_for_values(servers, f"{topic_prefix}out", 1) == ["committed=1#1"]
        assert engine.outcomes.total() == 1


async def test_a_record_is_out_within_a_blink(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """An idle worker's output is visible within 150 ms of the input (median; some 50 ms on a quiet machine)."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    reader = aiokafka.AIOKafkaConsumer(
        f"{topic_prefix}out", bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    took = []
    async with (
        Engine(servers, topic_prefix) as engine,
        reader,
        aiokafka.AIOKafkaProducer(bootstrap_servers=servers) as producer,
    ):
        await eventually(lambda: engine.ready)
        for number in range(20):
            started = time.monotonic()
            await producer.send(f"{topic_prefix}in", f"i{number}=1".encode(), key=f"i{number}".encode())
            record = await asyncio.wait_for(reader.getone(), 10)
            took.append(time.monotonic() - started)
            assert record.value == f"i{number}=1#1".encode()
            await asyncio.sleep(0.05)
        print("latency ms", [round(t * 1000) for t in took])
    assert statistics.median(took) < 0.15


async def test_an_idle_worker_uses_little_of_a_core(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """With twelve partitions and nothing to do a worker takes less than a tenth of a core (some 3 % when quiet)."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix, partitions=12)
    async with Engine(servers, topic_prefix, partitions=12) as engine:
        await eventually(lambda: engine.ready)
        await asyncio.sleep(0.5)
        process = psutil.Process()
        before = process.cpu_times()
        await asyncio.sleep(3)
        after = process.cpu_times()
    used = (after.user - before.user + after.system - before.system) / 3
    print("idle share", used)
    assert used < 0.1


async def test_a_broker_that_dies_and_comes_back_loses_nothing() -> None:
    """Killed twice under load and started again, the broker finds the worker recovering by itself: all out, once."""
    async with EmbeddedKafka() as broker:
        servers = broker.bootstrap_servers
        await create_topics(servers, "b.")
        load = [f"i{number // 2}=a" for number in range(6_000)]
        async with Engine(servers, "b.") as engine:
            sending = asyncio.create_task(send(servers, "b.in", load, pace=0.1))
            for _ in range(2):
                await _progress(engine, 500)
                await broker.kill()
                await asyncio.sleep(2)
                await broker.start()
            await sending
            found = await wait_for_values(servers, "b.out", 3_000, 40)
            assert engine.fatal == []
        assert sorted(found) == sorted(f"i{number}=a#1" for number in range(3_000))


async def _progress(engine: Engine, records: int) -> None:
    goal = engine.outcomes.total() + records
    await eventually(lambda: engine.outcomes.total() >= goal)

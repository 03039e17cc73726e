"""Driving workers on a real broker: topics, load, what came out, processes to kill."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import aiokafka
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.kafka.engine import PARTITIONS


@contextlib.asynccontextmanager
async def admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for one conversation."""
    client = AIOKafkaAdminClient(bootstrap_servers=servers)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def create_topics(
    servers: str, prefix: str, *, inputs: Iterable[str] = ("in",), partitions: int = PARTITIONS, **ledger: str
) -> None:
    """Create the topics of an engine and wait until they can be written. ``ledger`` are configs of its topic."""
    compact = {"cleanup.policy": "compact", **{name.replace("_", "."): value for name, value in ledger.items()}}
    names = [*inputs, "out", "dead-letters"]
    topics = [NewTopic(prefix + name, partitions, 1) for name in names]
    topics.append(NewTopic(f"{prefix}ledger", partitions, 1, topic_configs=compact))
    async with admin(servers) as client:
        await client.create_topics(topics)
    async with aiokafka.AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        for topic in topics:
            await consumer.end_offsets([TopicPartition(topic.name, number) for number in range(partitions)])


async def alter_topic(servers: str, topic: str, **configs: str) -> None:
    """Change a topic's configuration at run time."""
    values = {name.replace("_", "."): value for name, value in configs.items()}
    async with admin(servers) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, values)])


async def send(
    servers: str, topic: str, values: Iterable[str], *, key: Callable[[str], str] | None = None, pace: float = 0.0
) -> None:
    """Write values, keyed by their item. ``pace``: seconds between hundreds of them."""
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=servers, linger_ms=2, enable_idempotence=True) as producer:
        sent = []
        for count, value in enumerate(values, 1):
            name = key(value) if key else value.partition("=")[0]
            sent.append(await producer.send(topic, value.encode(), key=name.encode()))
            if pace and count % 100 == 0:
                await asyncio.sleep(pace)
        await asyncio.gather(*sent)


async def read(servers: str, topic: str, *, isolation: str = "read_committed") -> list[ConsumerRecord]:
    """Every record of a topic, to its present end, partition by partition.

    A commit is answered before its marker stands in every partition: so first wait a moment for open transactions.
    """
    options = {"bootstrap_servers": servers, "fetch_max_wait_ms": 10}
    async with (
        aiokafka.AIOKafkaConsumer(**options, isolation_level=isolation) as consumer,
        aiokafka.AIOKafkaConsumer(**options) as latest,
    ):
        await consumer._client._wait_on_metadata(topic)
        numbers = consumer.partitions_for_topic(topic) or set()
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        for _ in range(100):
            ends = await consumer.end_offsets(partitions)
            if ends == await latest.end_offsets(partitions):
                break
            await asyncio.sleep(0.02)
        for tp in partitions:
            consumer.seek(tp, 0)
        records: list[ConsumerRecord] = []
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                records += batch
        return sorted(records, key=lambda record: (record.partition, record.offset))


async def values(servers: str, topic: str) -> list[str]:
    """The values of a topic as text."""
    return [record.value.decode() for record in await read(servers, topic)]


async def wait_for_values(servers: str, topic: str, count: int, timeout: float = 30.0) -> list[str]:
    """Read a topic until it holds ``count`` values; fails with what is there instead."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while len(found := await values(servers, topic)) < count:
        if loop.time() > until:
            raise AssertionError(f"{topic}: {len(found)} of {count} values after {timeout} s")
        await asyncio.sleep(0.05)
    return found


async def committed_offsets(servers: str, group: str) -> dict[tuple[str, int], int]:
    """What a group has committed, by topic and partition."""
    async with admin(servers) as client:
        found = await client.list_consumer_group_offsets(group)
    return {(tp.topic, tp.partition): offset.offset for tp, offset in found.items()}


async def eventually(condition: Callable[[], Any], timeout: float = 45.0, reason: str = "") -> None:
    """Wait for a condition in this process."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while not condition():
        if loop.time() > until:
            raise AssertionError(f"not so after {timeout} s: {reason or condition}")
        await asyncio.sleep(0.02)


class Workers:
    """Engine processes, killed at the end whatever happens."""

    def __init__(self, servers: str, prefix: str) -> None:
        self._arguments = (servers, prefix)
        self.running: list[asyncio.subprocess.Process] = []

    async def start(self, crash_point: str = "", instance_id: str = "") -> asyncio.subprocess.Process:
        """Start one and return once it has begun to join the group, or is dead."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kafka.engine", *self._arguments, crash_point, instance_id, stdout=PIPE
        )
        self.running.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            await process.stdout.readline()
        return process

    async def __aenter__(self) -> "Workers":
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for process in self.running:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)
            await process.wait()

"""Small conversations with a broker, for the tests of the embedded Kafka."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def create_topic(servers: str, topic: str, **login: Any) -> None:
    """Create a topic of one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **login)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def until(condition: Callable[[], bool], timeout: float = 10.0) -> float:
    """Wait for a condition on other processes; returns the seconds it took, fails after `timeout`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout:
            raise AssertionError(f"still not so after {timeout} s")
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def produce(servers: str, topic: str, *values: bytes, **options: Any) -> None:
    """Write values, each confirmed."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, **options)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read_all(servers: str, topic: str, number: int = 0, **options: Any) -> list[bytes]:
    """Read one partition from its beginning to its present end."""
    partition = TopicPartition(topic, number)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, max_partition_fetch_bytes=32 * 1024 * 1024, **options)
    await consumer.start()
    try:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.seek(partition, 0)
        values: list[bytes] = []
        while await consumer.position(partition) < end:
            records = await consumer.getmany(partition, timeout_ms=500)
            values += [record.value for record in records.get(partition, [])]
        return values
    finally:
        await consumer.stop()

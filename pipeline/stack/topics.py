"""Topics of a stack: applied from the catalogue before the workers start, removed after a visit to a shared cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError

from pipeline.kafka import topics as kafka_topics
from pipeline.kafka.connection import KafkaConnection
from pipeline.settings.groups import TopicSettings
from schemas.catalogue import load


def layout_of(topics: TopicSettings) -> kafka_topics.Layout:
    """Return the layout that the settings describe."""
    return kafka_topics.Layout(topics.prefix, topics.partitions, topics.replication_factor)


async def apply_topics(connection: KafkaConnection, topics: TopicSettings) -> list[str]:
    """Make the topics what the catalogue says; return their names.

    Raises:
        TopicsRefused: topics of these names exist and do not fit.
        TopicAdminError, TopicsNotReady: the cluster refused, or took too long.
    """
    planned = await kafka_topics.plan(connection, load(), layout_of(topics))
    await kafka_topics.apply(connection, planned)
    return [topic.name for topic in planned.wanted]


async def wake_coordinators(connection: KafkaConnection, name: str, timeout: float = 20.0) -> None:
    """Have a new cluster make its own topics for groups and transactions now.

    A worker that finds them missing waits a second before it looks again; here nobody waits. Not getting there is no
    error: the workers will.

    Args:
        connection: the cluster.
        name: of the group; any transactional id serves beside it.
        timeout: seconds to try for.
    """
    client = AIOKafkaClient(**connection.aiokafka())
    try:
        await client.bootstrap()
        deadline = time.monotonic() + timeout
        for kind in (CoordinationType.GROUP, CoordinationType.TRANSACTION):
            while time.monotonic() < deadline:
                try:
                    await client.coordinator_lookup(kind, name)
                    break
                except KafkaError:
                    await asyncio.sleep(0.05)
    finally:
        await client.close()


async def delete_topics(connection: KafkaConnection, names: Iterable[str]) -> None:
    """Delete topics that a run made for itself; one that is gone already is fine."""
    admin = AIOKafkaAdminClient(**connection.aiokafka())
    try:
        await admin.start()
        await admin.delete_topics(list(names))
    finally:
        await admin.close()

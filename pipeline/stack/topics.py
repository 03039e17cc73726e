"""Topics of a stack: applied from the catalogue before the workers start, removed after a visit to a shared cluster."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient

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


async def delete_topics(connection: KafkaConnection, names: Iterable[str]) -> None:
    """Delete topics that a run made for itself; one that is gone already is fine."""
    admin = AIOKafkaAdminClient(**connection.aiokafka())
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()

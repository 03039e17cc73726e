"""Ends of partitions, asked of the broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import confluent_kafka.admin
from confluent_kafka import IsolationLevel, TopicPartition

admin_api: Any = confluent_kafka.admin
"""Its names are neither typed nor declared as exported."""


def stable_ends(admin: Any, topics: Iterable[str], partitions: int) -> Mapping[tuple[str, int], int]:
    """Return the last stable offset of every partition: below it, all is readable for a read_committed consumer.

    Raises:
        KafkaException: a partition has no leader that answers.
    """
    latest = admin_api.OffsetSpec.latest()
    wanted = {TopicPartition(topic, number): latest for topic in topics for number in range(partitions)}
    answers = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=10)
    return {(tp.topic, tp.partition): future.result().offset for tp, future in answers.items()}

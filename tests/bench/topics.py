"""Topics of one run, laid out as the catalogue says, under a prefix of their own; gone afterwards with their data."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.catalogue import load
from tests.bench.offsets import admin_api, stable_ends
from tests.bench.workload import PARTITIONS

_numbers = itertools.count(1)


@contextlib.contextmanager
def topics(servers: str, name: str) -> Iterator[str]:
    """Make all topics of the catalogue; remove them, and what else was made under the prefix, at the end.

    Args:
        servers: the broker.
        name: part of the prefix, for people who look into the broker.

    Yields:
        The prefix.
    """
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 2})
    prefix = f"{name.replace('_', '-')}-{os.getpid()}-{next(_numbers)}."
    wanted = [
        admin_api.NewTopic(load().full_name(short, prefix), PARTITIONS, 1, config=spec.kafka_config())
        for short, spec in load().topics.items()
    ]
    for future in admin.create_topics(wanted, operation_timeout=30).values():
        future.result()
    _until_led(admin, [topic.topic for topic in wanted])
    try:
        yield prefix
    finally:
        made = [topic for topic in admin.list_topics(timeout=10).topics if prefix in topic]
        for future in admin.delete_topics(made, operation_timeout=30).values():
            future.result()


def _until_led(admin: AdminClient, names: list[str]) -> None:
    """Wait until every partition answers: the broker names itself leader a moment before it has made the log."""
    deadline = time.monotonic() + 30
    while True:
        try:
            stable_ends(admin, names, PARTITIONS)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return

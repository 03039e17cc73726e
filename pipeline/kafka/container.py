"""Kafka in a container, where Docker runs: the third way to have a cluster (the extra ``containers``).

Not run by this project's tests: no machine of ours has Docker. The embedded broker is what they use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.kafka.connection import KafkaConnection

IMAGE = "confluentinc/cp-kafka:7.6.0"
"""testcontainers starts images of this family only."""

_ONE_BROKER = ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR")
"""Without these at 1, transactions never work on one broker."""


@contextmanager
def kafka_container(image: str = IMAGE) -> Iterator[KafkaConnection]:
    """Start a container, give the connection to it, and remove it at the end. It blocks while it starts.

    Args:
        image: a ``cp-kafka`` image.

    Raises:
        RuntimeError: the extra is not installed. What Docker raises, when it does not run, comes through.
    """
    try:
        from testcontainers.kafka import KafkaContainer  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        raise RuntimeError("install the extra: pip install 'tldr-highlight-pipeline[containers]'") from error
    container = KafkaContainer(image).with_kraft()
    for name in _ONE_BROKER:
        container.with_env(name, "1")
    with container:
        yield KafkaConnection.plaintext(container.get_bootstrap_server())

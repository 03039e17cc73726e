"""The app factory: a Faust app whose consumer, producer and topics are ours, and one thin agent per input topic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, cast

import faust
from faust.app.base import BootStrategy
from faust.types import TP

from pipeline.kafka.connection import KafkaConnection
from pipeline.settings.groups import WorkerSettings
from pipeline.streaming.batch import Batch
from pipeline.streaming.consumer import BatchConsumer, Reading
from pipeline.streaming.topic import BatchTopic
from pipeline.streaming.transport import LedgerFlushingProducer, LedgerTransport

Apply = Callable[[Batch], Awaitable[None]]


class Ledgers(Reading, Protocol):
    """What the app needs of the owner of the ledgers."""

    def bind(self, group: BatchConsumer) -> None:
        """Say which consumer the partitions come from."""

    async def flush(self) -> None:
        """Flush all open ledgers."""

    async def revoked(self) -> None:
        """All partitions are revoked."""

    async def assigned_to(self, assignment: Iterable[TP], generation: int) -> None:
        """Take the partitions of a new assignment."""


class _Boot(BootStrategy):
    """Start what we use of Faust: its consumer, agents and conductor; no web, no leader, no replies."""

    enable_web = False
    enable_sensors = False

    def kafka_consumer(self) -> Iterable[Any]:
        return [self.app.consumer]


def rebalance_timeout(worker: WorkerSettings) -> float:
    """Return how long a rebalance of the group waits for its members, in seconds."""
    return max(60.0, worker.session_timeout_s * 2)


class PipelineApp(faust.App):
    """A Faust app on our transport. Made by :func:`create_app` only."""

    BootStrategy = _Boot

    def _new_transport(self) -> LedgerTransport:
        return LedgerTransport(self.conf.broker, self)

    def _create_directories(self) -> None:
        """Make none: without tables Faust keeps no files, and the folder we run in may be read-only."""

    @property
    def batch_consumer(self) -> BatchConsumer:
        """The consumer, as what it is."""
        return cast("BatchConsumer", self.consumer)

    def read_through(self, ledgers: Ledgers, worker: WorkerSettings) -> None:
        """Bind consumer and producer to the ledgers, and the ledgers to the group's rebalances."""
        consumer, producer = self.batch_consumer, cast("LedgerFlushingProducer", self.producer)
        consumer.reading = ledgers
        consumer.max_records = worker.fetch_max_records
        consumer.max_buffered_bytes = worker.max_buffered_bytes
        producer.flush_ledgers = ledgers.flush
        ledgers.bind(consumer)

        @self.on_partitions_revoked.connect
        async def _revoked(_app: Any, /, *_args: Any, **_kwargs: Any) -> None:
            await ledgers.revoked()

        @self.on_rebalance_complete.connect
        async def _complete(_app: Any, /, *_args: Any, **_kwargs: Any) -> None:
            await ledgers.assigned_to(consumer.assignment(), self.consumer_generation_id)

        self._keep = (_revoked, _complete)  # Faust's signals hold receivers weakly


def create_app(connection: KafkaConnection, worker: WorkerSettings, appliers: Mapping[str, Apply]) -> PipelineApp:
    """Build the Faust app; nothing connects before it starts.

    Args:
        connection: the cluster.
        worker: the group and this worker's place in it.
        appliers: what to do with a batch, by the full name of the input topic.
    """
    brokers, credentials = connection.faust_broker()
    app = PipelineApp(
        worker.group_id,
        broker=brokers,
        broker_credentials=credentials,
        autodiscover=False,
        datadir=None,
        store="memory://",
        web_enabled=False,
        processing_guarantee="at_least_once",  # never Faust's exactly_once: the ledger carries the promise
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=1,  # keeps Faust's own assignor, which keeps equal topics together
        stream_wait_empty=False,  # it waits without a deadline; our ledgers decide what counts
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=worker.instance_id,
        broker_session_timeout=worker.session_timeout_s,
        broker_heartbeat_interval=worker.heartbeat_s,
        broker_rebalance_timeout=rebalance_timeout(worker),
        broker_request_timeout=max(90.0, worker.session_timeout_s * 2),
        broker_commit_interval=1.0,
        broker_commit_every=None,
        broker_max_poll_interval=86_400.0,  # measured against fetcher idle time; our watchdog judges progress
        stream_recovery_delay=0.0,
        logging_config=None,
        loghandlers=[],
        Topic=BatchTopic,
    )
    for topic, apply in appliers.items():
        _add_agent(app, topic, apply)
    return app


def _add_agent(app: PipelineApp, topic: str, apply: Apply) -> None:
    channel = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def agent(stream: faust.StreamT[Any]) -> AsyncIterator[None]:
        async for event in stream.events():
            await apply(event.value)
            yield

    app.agent(channel, name=f"{topic}.agent", concurrency=1)(agent)

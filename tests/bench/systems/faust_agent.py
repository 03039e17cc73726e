"""A plain Faust agent on Faust's own transport: at least once, raw bytes, one event a record."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

from tests.bench.enrichment import Enrichment
from tests.bench.requested import requests
from tests.bench.systems import Assignment


class _Thread(driver.AIOKafkaConsumerThread):
    """Faust's, but read_committed: the input is let go by a commit, for every system. Costs nothing."""

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


def create_app(assignment: Assignment) -> faust.App:
    """Build the app."""
    enrichment = Enrichment(requests(assignment.requests))
    app = faust.App(
        assignment.group,
        broker=f"kafka://{assignment.servers}",
        autodiscover=False,
        datadir=assignment.folder,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        value_serializer="raw",
        key_serializer="raw",
        producer_linger=0.005,
        producer_max_batch_size=131_072,
    )
    source = app.topic(assignment.source, key_type=bytes, value_type=bytes)
    sink = app.topic(assignment.sink, key_type=bytes, value_type=bytes)

    @app.agent(source)
    async def enrich(stream: faust.StreamT[Any]) -> AsyncIterator[None]:
        async for event in stream.events():
            for output in enrichment.outputs(event.value):
                await sink.send(key=event.key, value=output.value, headers=output.headers)
            yield

    return app


if __name__ == "__main__":
    driver.Transport.Consumer = _Consumer
    sys.argv[1:] = ["worker", "--without-web", "-l", "warn"]
    create_app(Assignment.from_environment()).main()

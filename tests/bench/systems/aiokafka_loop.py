"""A bare aiokafka loop, as one would write it in an hour: no memory, no transaction, no guarantee."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.enrichment import Enrichment
from tests.bench.requested import requests
from tests.bench.systems import Assignment


async def main(assignment: Assignment) -> None:
    """Consume, enrich, produce until killed."""
    enrichment = Enrichment(requests(assignment.requests))
    consumer = AIOKafkaConsumer(
        assignment.source,
        bootstrap_servers=assignment.servers,
        group_id=assignment.group,
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # the input is let go by a commit, for every system
    )
    producer = AIOKafkaProducer(bootstrap_servers=assignment.servers, linger_ms=5)
    async with consumer, producer:
        async for message in consumer:
            for output in enrichment.outputs(message.value):
                await producer.send(assignment.sink, output.value, key=message.key, headers=output.headers)


if __name__ == "__main__":
    asyncio.run(main(Assignment.from_environment()))

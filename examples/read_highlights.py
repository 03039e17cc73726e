"""Read highlights: committed ones only, the latest revision of each. Needs aiokafka and nothing of the pipeline's."""

import asyncio
import json
import os

from aiokafka import AIOKafkaConsumer

TOPIC = os.environ.get("TLDR_TOPIC_PREFIX", "") + "tldr.highlights.v1"


async def main() -> None:
    """Keep the latest revision of each highlight, and print what changes."""
    latest: dict[tuple[str, str], int] = {}
    async with AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        group_id="analytics",
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # without it, records of aborted transactions show up too
    ) as consumer:
        async for record in consumer:
            highlight = json.loads(record.value)
            key = highlight["request_id"], highlight["highlight_id"]
            if highlight["revision"] <= latest.get(key, 0):
                continue  # read again after a restart of ours
            latest[key] = highlight["revision"]
            print(*key, f"revision {highlight['revision']}", highlight["title"], sep="\t", flush=True)


if __name__ == "__main__":
    asyncio.run(main())

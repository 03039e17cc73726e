"""Write one request to Kafka. Needs aiokafka and nothing of the pipeline's; any Kafka client will do."""

import asyncio
import json
import os
import sys

from aiokafka import AIOKafkaProducer

TOPIC = os.environ.get("TLDR_TOPIC_PREFIX", "") + "tldr.requests.v1"


async def main(request_id: str, source_url: str) -> None:
    """Write a request; the broker has confirmed it when this returns."""
    request = {"request_id": request_id, "tenant": "acme", "source_url": source_url, "platform": "twitch"}
    async with AIOKafkaProducer(
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], enable_idempotence=True
    ) as producer:
        await producer.send_and_wait(TOPIC, json.dumps(request).encode(), key=request_id.encode())
    print(f"{request_id} is on {TOPIC}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Read highlights with confluent-kafka. Needs nothing of the pipeline's."""

import json
import os

from confluent_kafka import Consumer, KafkaException

TOPIC = os.environ.get("TLDR_TOPIC_PREFIX", "") + "tldr.highlights.v1"


def main() -> None:
    """Print every record as it is committed."""
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "analytics-confluent",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([TOPIC])
    try:
        while True:
            record = consumer.poll(1.0)
            if record is None:
                continue
            if record.error():
                raise KafkaException(record.error())
            highlight = json.loads(record.value() or b"{}")
            print(highlight["request_id"], f"seq {highlight['seq']}", highlight["title"], sep="\t", flush=True)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()

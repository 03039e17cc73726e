"""Passes the id of a just created stream to the worker that owns its request now, as an observation on Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiokafka
import structlog
from aiokafka.errors import KafkaError

from schemas.cloudevents import EventHeaders
from schemas.records import Observation, encode

log = structlog.get_logger(__name__)


class HandOver:
    """Writes observations with a plain idempotent producer, opened for each: it happens about once a rebalance.

    Args:
        client_options: aiokafka's connection settings.
        topic: full name of the observations topic.
        event_type: its name without prefix.
        place: where a key belongs.
    """

    def __init__(self, client_options: Mapping[str, Any], topic: str, event_type: str, place: Any) -> None:
        self._options = client_options
        self._topic = topic
        self._headers = EventHeaders(event_type, "/tldr-highlight/pipeline")
        self._place = place

    async def __call__(self, observation: Observation) -> None:
        """Write one observation; a failure is logged, and the stream is then found by the search for its nonce."""
        key = observation.request_id.encode()
        headers = self._headers.make(
            f"{observation.request_id}/{observation.observation_id}",
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            observation.request_id,
        )
        try:
            async with aiokafka.AIOKafkaProducer(**self._options, enable_idempotence=True) as producer:
                await producer.send_and_wait(
                    self._topic, encode(observation), key, partition=self._place(key), headers=headers
                )
        except (KafkaError, OSError) as error:
            log.error("hand_over_failed", request_id=observation.request_id, error=repr(error))  # noqa: TRY400 - the error says it all

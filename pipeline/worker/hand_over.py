"""Passes the id of a just created stream to the worker that owns its request now, as an observation on Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiokafka
import structlog
from aiokafka.errors import KafkaError

from pipeline.ledger.closing import close_apart
from schemas.cloudevents import EventHeaders
from schemas.records import Observation, encode

_CLOSE_PATIENCE_S = 1.0

log = structlog.get_logger(__name__)


class HandOver:
    """Writes observations with a plain idempotent producer, opened for each: it happens about once a rebalance.

    Args:
        client_options: aiokafka's connection settings.
        topic: full name of the observations topic.
        event_type: its name without prefix.
        place: where a key belongs.
        timeout: seconds it may take; without a broker an idempotent producer starts for ever.
    """

    def __init__(
        self, client_options: Mapping[str, Any], topic: str, event_type: str, place: Any, *, timeout: float = 20.0
    ) -> None:
        self._options = client_options
        self._topic = topic
        self._headers = EventHeaders(event_type, "/tldr-highlight/pipeline")
        self._place = place
        self._timeout = timeout

    async def __call__(self, observation: Observation) -> None:
        """Write one observation; a failure is logged, and the stream is then found by the search for its nonce."""
        key = observation.request_id.encode()
        headers = self._headers.make(
            f"{observation.request_id}/{observation.observation_id}",
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            observation.request_id,
        )
        try:
            await self._write(key, encode(observation), headers)
        except (KafkaError, TimeoutError, OSError) as error:
            log.error("hand_over_failed", request_id=observation.request_id, error=repr(error))  # noqa: TRY400 - the error says it all

    async def _write(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        producer = aiokafka.AIOKafkaProducer(**self._options, enable_idempotence=True)
        try:
            async with asyncio.timeout(self._timeout):
                await producer.start()
                await producer.send_and_wait(self._topic, value, key, partition=self._place(key), headers=headers)
        finally:
            await close_apart(producer.stop(), patience=_CLOSE_PATIENCE_S)  # it waits for what was not delivered

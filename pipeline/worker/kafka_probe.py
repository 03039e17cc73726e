"""Is the cluster there? Asked every few seconds, so that an outage is told apart from a stall."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from pipeline.kafka.refusal import why_refused
from pipeline.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

_INTERVAL_S = 3.0
_TIMEOUT_S = 5.0
_RETRY_S = 1.0
_CLOSE_WITHIN_S = 2.0
_WHY_EVERY_S = 30.0


class KafkaProbe:
    """Keeps ``up`` current: whether the cluster answered the last metadata request.

    Attributes:
        up: whether it did.
        error: why not, as the client says it; ``reason``: as each broker does, if it is known.
        changed_at: when that last changed, monotonic seconds; ``None`` before the first answer or failure.
        here: set while the cluster is up, to be waited for.
    """

    def __init__(
        self,
        client_options: Mapping[str, Any],
        metrics: Metrics,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.up = False
        self.error: str | None = None
        self.reason: str | None = None
        self.changed_at: float | None = None
        self.here = asyncio.Event()
        self._options = client_options
        self._metrics = metrics
        self._sleep = sleep
        self._why_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._ask_forever(), name="kafka-probe")

    async def stop(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask_forever(self) -> None:
        while True:
            try:
                await self._ask_until_away()
            except Exception as error:  # a fault of ours: a probe that ended would say for ever what was true then
                if self.error != repr(error):  # told once, not every second
                    log.exception("kafka_probe_failed")
                self._note(up=False, why=repr(error))
            await self._sleep(_RETRY_S)

    async def _ask_until_away(self) -> None:
        try:
            await self._ask_while_up()
        except (KafkaError, TimeoutError, OSError) as error:
            self._note(up=False, why=repr(error))
            await self._find_out_why()

    async def _find_out_why(self) -> None:
        """Ask for the reason now and then: each time costs a login, and a cluster may count those that fail."""
        if (now := time.monotonic()) < self._why_at:
            return
        self._why_at = now + _WHY_EVERY_S
        reason = await why_refused(self._options, _TIMEOUT_S)
        if reason is not None and reason != self.reason:
            log.warning("kafka_refuses", reason=reason)
        self.reason = reason

    async def _ask_while_up(self) -> None:
        client = AIOKafkaClient(**self._options)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await client.bootstrap()
            while True:
                self._note(up=True)
                await self._sleep(_INTERVAL_S)
                async with asyncio.timeout(_TIMEOUT_S):
                    if not await client.force_metadata_update():
                        raise KafkaError("no broker answered a metadata request")
        finally:
            with contextlib.suppress(TimeoutError):  # now and then a TLS connection takes 30 s to close
                async with asyncio.timeout(_CLOSE_WITHIN_S):
                    await client.close()

    def _note(self, *, up: bool, why: str = "") -> None:
        if up != self.up or self.changed_at is None:
            now = time.monotonic()
            away_s = None if self.changed_at is None or not up else round(now - self.changed_at, 1)
            self.changed_at = now
            (log.info if up else log.warning)("kafka_up" if up else "kafka_away", error=why or None, away_s=away_s)
        self.up, self.error = up, why or None
        if up:
            self.reason, self._why_at = None, 0.0
        self._metrics.kafka_up.set(int(up))
        if up:
            self.here.set()
        else:
            self.here.clear()

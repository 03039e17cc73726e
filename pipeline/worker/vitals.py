"""What a worker is doing, derived from state at the moment somebody asks: for health, metrics and the watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pipeline.effects.runner import EffectRunner
from pipeline.streaming.app import PipelineApp
from pipeline.streaming.owner import LedgerOwner
from pipeline.telemetry.metrics import Metrics
from pipeline.worker.kafka_probe import KafkaProbe

_FROZEN_S = 10.0
"""Nobody looked for so many seconds, though the watchdog looks every second: the process did not run either."""


class Vitals:
    """Reads owner, consumer and probe; of its own it keeps since when the worker has been out of its group.

    Args:
        join_within: seconds within which a worker gets into its group when Kafka is there, whatever the others do.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        owner: LedgerOwner[Any],
        app: PipelineApp,
        runner: EffectRunner[Any],
        probe: KafkaProbe,
        metrics: Metrics,
        *,
        join_within: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._owner = owner
        self._runner = runner
        self._app = app
        self._probe = probe
        self._metrics = metrics
        self._join_within = join_within
        self._clock = clock
        self._excused_at = self._looked_at = clock()

    def stalled_for(self, timeout: float) -> str | None:
        """Why nothing has moved for ``timeout`` seconds although Kafka is there, or ``None``."""
        consumer, now = self._app.batch_consumer, self._clock()
        was_frozen, self._looked_at = now - self._looked_at > _FROZEN_S, now
        if was_frozen or not self._probe.up:
            self._excused_at = now
            return None
        if consumer.generation < 0:
            out = now - self._excused_at > self._join_within + timeout
            return f"not in the group for {self._join_within + timeout:g} s, and Kafka is there" if out else None
        self._excused_at = now
        oldest = consumer.in_flight.oldest()
        if oldest is not None and self._owner.may_read(oldest.tp.partition) and now - oldest.delivered_at > timeout:
            return f"a batch of {oldest.tp.topic}-{oldest.tp.partition} was not applied within {timeout:g} s"
        if now - consumer.last_fetch_at > timeout and now - self._up_since() > timeout:
            return f"nothing was fetched for {timeout:g} s"
        return None

    def missing(self) -> list[str]:
        """What stands between this worker and its work."""
        missing = []
        if not self._probe.up:
            missing.append("kafka")
        if self._app.batch_consumer.generation < 0:
            missing.append("group membership")
        elif not self._owner.all_open:
            missing.append("ledgers")
        return missing

    def details(self) -> dict[str, object]:
        """Figures for a person."""
        return {
            "partitions": sorted(self._owner.assigned),
            "ledgers_open": sorted(ledger.partition for ledger in self._owner.open_ledgers),
            "generation": self._app.batch_consumer.generation,
            "kafka": "up" if self._probe.up else "away",
            "kafka_error": self._probe.reason or self._probe.error,
            "api": {
                "status": self._metrics.api_status,
                "last_call": self._metrics.last_call,
                "paused_s": round(self._runner.paused_for, 1),
                "in_flight": self._runner.in_flight,
            },
            "streams": self._counts(),
        }

    def refresh(self) -> None:
        """Bring the gauges that are derived from state up to date."""
        self._metrics.active_streams.clear()
        for state, count in self._counts().items():
            self._metrics.active_streams.labels(state).set(count)
        self._metrics.api_paused.set(self._runner.paused_for)
        self._metrics.open_ledgers.set(len(self._owner.open_ledgers))
        self._metrics.assigned.set(len(self._owner.assigned))
        self._refresh_lag()

    def _counts(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for ledger in self._owner.open_ledgers:
            for state, count in ledger.state.active().items():
                totals[state] = totals.get(state, 0) + count
        return totals

    def _refresh_lag(self) -> None:
        self._metrics.consumer_lag.clear()
        consumer = self._app.batch_consumer
        if consumer.generation < 0:
            return
        for tp in consumer.assignment():
            ledger = self._owner.ledger(tp.partition)
            try:
                end = consumer.highwater(tp)
            except (AssertionError, KeyError):  # revoked in the consumer's thread since we asked what is assigned
                continue
            if ledger is None or end is None:
                continue
            short = self._owner.short_name(tp.topic)
            behind = ledger.position(short) + 1
            if not consumer.in_flight.size(tp):  # all that was read is applied: markers and expired records are no lag
                behind = max(behind, consumer.read_up_to(tp))
            self._metrics.consumer_lag.labels(short, tp.partition).set(max(0, end - behind))

    def _up_since(self) -> float:
        return self._probe.changed_at or 0.0

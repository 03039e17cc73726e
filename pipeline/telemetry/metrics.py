"""Every metric, declared once. Names of the integration guide are kept as they are; no ids in labels."""

from __future__ import annotations

from collections import Counter as Count
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline import __version__
from pipeline.api.rate_limit import RateLimit
from pipeline.domain import Outcome
from pipeline.telemetry.tally import TallyHistogram

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_AGE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


_AWAY = frozenset({"never_sent", "ambiguous", "unavailable", "unreadable", "credentials"})
"""Outcomes of a call that say that the API does no work for us at present, whoever's fault it is."""


class Metrics:
    """The metrics of one worker process, on a registry of its own.

    It is also the observer that the ledger, the loop and the API client report to.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.api_requests = Counter(
            "tldr_api_requests_total",
            "Attempts at calls of the TL;DR Highlight API, by outcome",
            ["method", "endpoint", "status"],
            registry=registry,
        )
        self.api_latency = Histogram(
            "tldr_api_latency_seconds",
            "Time an attempt took",
            ["method", "endpoint"],
            buckets=_LATENCY,
            registry=registry,
        )
        self.effects = Counter(
            "tldr_effects_total",
            "Due API calls that came to an end, by kind and outcome (ok, or how it failed)",
            ["kind", "outcome"],
            registry=registry,
        )
        self.api_up = Gauge(
            "tldr_api_up",
            "1 when the last call of the API was answered, 0 when it was away or refused our key",
            registry=registry,
        )
        self.api_paused = Gauge(
            "tldr_api_paused_seconds", "For how long calls still wait because the API asked to", registry=registry
        )
        self.rate_limit_remaining = Gauge(
            "tldr_rate_limit_remaining", "Requests left in the API's window, as it last said", registry=registry
        )
        self.active_streams = Gauge(
            "tldr_active_streams", "Requests that are not settled, by state", ["state"], registry=registry
        )
        self.highlight_processing = TallyHistogram(
            "tldr_highlight_processing_seconds",
            "From the observation of a highlight to its place in a transaction",
            ["stream_type", "analysis_quality"],
            buckets=_LATENCY,
            registry=registry,
        )
        self.highlight_age = TallyHistogram(
            "tldr_highlight_age_seconds",
            "From the API's creation of a highlight to its publication",
            buckets=_AGE,
            registry=registry,
        )
        self.records = Counter(
            "tldr_records_total", "Consumed records by topic and outcome", ["topic", "outcome"], registry=registry
        )
        self.dead_letters = Counter(
            "tldr_dead_letters_total", "Records sent to dead letters by reason", ["topic", "reason"], registry=registry
        )
        self.flush_seconds = Histogram(
            "tldr_ledger_flush_seconds", "Time a ledger transaction took", buckets=_LATENCY, registry=registry
        )
        self.flushed_records = Counter(
            "tldr_ledger_records_total", "Records written in committed ledger transactions", registry=registry
        )
        self.restore_seconds = Histogram(
            "tldr_ledger_restore_seconds", "Time to open a partition's ledger", buckets=_AGE, registry=registry
        )
        self.open_ledgers = Gauge("tldr_ledgers_open", "Partitions whose ledger is open here", registry=registry)
        self.assigned = Gauge("tldr_partitions_assigned", "Partitions assigned to this worker", registry=registry)
        self.consumer_lag = Gauge(
            "tldr_consumer_lag", "Records after the ledger's position", ["topic", "partition"], registry=registry
        )
        self.kafka_up = Gauge("tldr_kafka_up", "1 when the cluster answered the last probe", registry=registry)
        self.last_call: str | None = None
        self.build_info = Gauge("tldr_build_info", "Always 1; the version is a label", ["version"], registry=registry)
        self.build_info.labels(__version__).set(1)

    def on_answer(
        self, method: str, route: str, status_or_error: int | str, seconds: float, rate_limit: RateLimit | None
    ) -> None:
        """Count an attempt at an API call (see :class:`pipeline.api.client.Observer`)."""
        self.api_requests.labels(method, route, str(status_or_error)).inc()
        self.api_latency.labels(method, route).observe(seconds)
        if rate_limit is not None and rate_limit.remaining is not None:
            self.rate_limit_remaining.set(rate_limit.remaining)

    def called(self, kind: str, outcome: str, seconds: float) -> None:  # noqa: ARG002 - attempts are timed one by one
        """Count a due call that came to an end (see :class:`pipeline.effects.runner.CallObserver`)."""
        self.effects.labels(kind, outcome).inc()
        self.last_call = outcome
        self.api_up.set(int(outcome not in _AWAY))

    @property
    def api_status(self) -> str:
        """``up``, ``away`` (the last call got no sensible answer), ``key refused``, or ``unknown`` before the first."""
        if self.last_call is None:
            return "unknown"
        if self.last_call == "credentials":
            return "key refused"
        return "away" if self.last_call in _AWAY else "up"

    def published(self, platform: str, quality: str, now: float, observed_at: float, created_at: str | None) -> None:
        """Note a highlight on its way out. It is the hottest path of all; a test bounds what it costs.

        Args:
            platform: of its request.
            quality: of its request.
            now: unix seconds.
            observed_at: unix seconds.
            created_at: when the API made it, in its own words; ``None``: not said, or told before.
        """
        self.highlight_processing.labels(platform, quality).observe(now - observed_at)
        if created_at is not None:
            try:
                made = datetime.fromisoformat(created_at)
            except ValueError:
                return
            if made.tzinfo is None:
                made = made.replace(tzinfo=UTC)
            self.highlight_age.observe(now - made.timestamp())

    def flushed(self, partition: int, records: int, seconds: float) -> None:  # noqa: ARG002 - no label by partition
        """Count a committed transaction (see :class:`pipeline.ledger.LedgerObserver`)."""
        self.flush_seconds.observe(seconds)
        self.flushed_records.inc(records)

    def restored(self, partition: int, records: int, seconds: float) -> None:  # noqa: ARG002
        """Note how long a partition took to open."""
        self.restore_seconds.observe(seconds)

    def applied(self, topic: str, outcomes: Count[Outcome]) -> None:
        """Count what became of a batch's records (see :class:`pipeline.streaming.apply.ApplyObserver`)."""
        for outcome, count in outcomes.items():
            self.records.labels(topic, outcome.value).inc(count)

    def dead_lettered(self, topic: str, code: str) -> None:
        """Count a dead letter."""
        self.dead_letters.labels(topic, code).inc()

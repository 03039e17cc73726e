"""One worker process: builds everything from settings and a domain, runs until told to stop, drains, exits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import structlog
import uvloop
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from pipeline.domain import Domain, HighlightObserver
from pipeline.effects.perform import Performer
from pipeline.effects.runner import EffectRunner
from pipeline.ledger.closing import retrieve
from pipeline.settings import Settings
from pipeline.streaming.app import PipelineApp, create_app, rebalance_timeout
from pipeline.streaming.apply import Applier
from pipeline.streaming.owner import LedgerOwner
from pipeline.streaming.partitioner import partition_of
from pipeline.telemetry.metrics import Metrics
from pipeline.worker.crash_points import crash_points
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.health import HealthServer, health_app
from pipeline.worker.kafka_probe import KafkaProbe
from pipeline.worker.topics_check import check_topics
from pipeline.worker.vitals import Vitals
from pipeline.worker.watchdog import Watchdog
from pipeline.worker.wiring import (
    api_client_of,
    connection_of,
    hand_over_of,
    http_client_of,
    inputs_of,
    ledger_config,
    transcripts_of,
)
from schemas.catalogue import load

__all__ = ["Worker", "ledger_config", "run"]

MakeDomain = Callable[[Settings, HighlightObserver], Domain[Any]]
"""Builds the decisions from settings; the second argument is to be told of each highlight."""

_START_WITHIN_S = 60.0
"""For Faust to connect and start its agents, with Kafka there; joining the group goes on behind it."""

_START_GRACE_S = 5.0
"""For Faust to finish starting when the worker is told to end meanwhile."""

_LEAVE_WITHIN_S = 3.0
"""What is left for the process to end after all that counts is done."""

log = structlog.get_logger(__name__)


class Worker:
    """Everything a worker process is made of.

    Args:
        settings: checked settings.
        domain: the decisions.
        registry: where metrics live.
        metrics: those on that registry that the domain reports to; made here unless given.

    Raises:
        Unrecoverable: Kafka is not set, or the health port is taken.
    """

    def __init__(
        self, settings: Settings, domain: Domain[Any], registry: CollectorRegistry, metrics: Metrics | None = None
    ) -> None:
        self.settings = settings
        self.fatal: Unrecoverable | None = None
        self._ended = asyncio.Event()
        self._stage: Literal["waiting", "joining", "joined"] = "waiting"
        self._connection = connection_of(settings)
        self.metrics = metrics or Metrics(registry)
        crash_point = crash_points(settings.worker.crash_point)
        self._http = http_client_of(settings)
        self.runner = self._create_runner(domain, crash_point)
        self.owner = LedgerOwner(
            ledger_config(settings, self._connection, self.metrics, crash_point),
            domain.new_state,
            inputs_of(settings),
            attachment=self.runner,
            on_fatal=self.end,
        )
        self.app = self._create_app(domain)
        self.app.read_through(self.owner, settings.worker)
        self.app.batch_consumer.crash_point = crash_point
        self.probe = KafkaProbe(self._connection.aiokafka(), self.metrics)
        join_within = 2 * rebalance_timeout(settings.worker)
        self.vitals = Vitals(self.owner, self.app, self.runner, self.probe, self.metrics, join_within=join_within)
        self._watchdog = Watchdog(settings.worker.stall_timeout_s, [self.vitals.stalled_for])
        self._health = HealthServer(
            health_app(self, registry, self.vitals.refresh), settings.worker.health_host, settings.worker.health_port
        )

    def _create_runner(self, domain: Domain[Any], crash_point: Callable[[str], None]) -> EffectRunner[Any]:
        settings = self.settings
        client = api_client_of(settings, self._http, self.metrics)
        performer = Performer(
            client,
            clock=time.time,
            per_page=settings.polling.per_page,
            submit_timeout_s=settings.api.submit_timeout_s,
            transcripts=transcripts_of(settings),
        )
        return EffectRunner(
            domain.effects,
            client,
            clock=time.time,
            sleep=asyncio.sleep,
            concurrency=settings.worker.effect_concurrency,
            on_fatal=self._on_bug,
            hand_over=hand_over_of(settings, self._connection),
            performer=performer,
            observer=self.metrics,
            crash_point=crash_point,
        )

    def _create_app(self, domain: Domain[Any]) -> PipelineApp:
        worker, prefix = self.settings.worker, self.settings.topics.prefix
        appliers = {
            load().full_name(topic, prefix): Applier(
                topic,
                rule,
                self.owner,
                session_of=lambda partition: self.app.batch_consumer.sessions[partition],
                place=partition_of(self.settings.topics.partitions),
                clock=time.time,
                wake=self.runner.wake,
                observer=self.metrics,
                on_fatal=self.end,
            ).apply
            for topic, rule in domain.rules.items()
        }
        return create_app(self._connection, worker, appliers)

    # -- health (see pipeline.worker.health.Health) ------------------------------------------------------------------

    def stalled(self) -> str | None:
        """Why nothing moves, or ``None``."""
        return self._watchdog.stalled()

    def not_ready(self) -> list[str]:
        """What is missing before work is done here."""
        return ["stopping"] if self._ended.is_set() else self.vitals.missing()

    def details(self) -> dict[str, object]:
        """The state of the worker, for a person."""
        return self.vitals.details()

    # -- life ------------------------------------------------------------------------------------------------------

    def end(self, reason: Unrecoverable | None = None) -> None:
        """Ask the worker to end: by a signal (no reason), or because it cannot go on."""
        if reason is not None and self.fatal is None:
            self.fatal = reason
            log.critical("worker_cannot_go_on", reason=reason.reason, exit_code=int(reason.exit_code))
        self._ended.set()

    def _on_bug(self, error: BaseException) -> None:
        log.error("effects_failed", exc_info=error)
        self.end(Unrecoverable(ExitCode.BUG, f"effects: {error!r}"))

    async def run(self) -> ExitCode:
        """Run until a signal or a fatal fault.

        Kafka's absence is neither: the worker waits for it, says so in /readyz, and begins when it is there.

        Returns:
            The exit code. After a fatal fault nothing is drained, and what the fault struck is not acknowledged; but
            until the process ends, up to ``_LEAVE_WITHIN_S`` seconds later, other ledgers go on committing what they
            had applied in full.
        """
        pulse = asyncio.create_task(self._watchdog.pulse(), name="pulse")
        self._watchdog.start()
        await self._health.start()
        await self.probe.start()
        log.info("worker_starting", health=self._health.address, group=self.settings.worker.group_id)
        code = ExitCode.BUG
        try:
            await self._start()
            gc.collect()
            gc.freeze()  # what start-up made stays; collecting it again and again costs a tenth of the throughput
            await self._ended.wait()
            code = await self._finish()
        finally:
            self._watchdog.leave_within(_LEAVE_WITHIN_S, code)
            pulse.cancel()
            await self.probe.stop()
            with contextlib.suppress(Exception):
                await self._health.stop()
        return code

    async def _start(self) -> None:
        """Join the group, or give up when told to end before that."""
        joining = asyncio.create_task(self._join(), name="join")
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait({joining, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if joining.done():
            if (error := joining.exception()) is not None:
                self._on_start_failed(error)
            return
        joining.add_done_callback(retrieve)
        if self._stage == "joining":  # Faust cannot be stopped well while it starts, and it soon has
            await asyncio.wait({joining}, timeout=_START_GRACE_S)
        joining.cancel()
        await asyncio.wait({joining}, timeout=_START_GRACE_S)

    def _on_start_failed(self, error: BaseException) -> None:
        if isinstance(error, Unrecoverable):
            self.end(error)
        elif isinstance(error, KafkaError | OSError):  # it went away while we joined: the next life waits for it
            self.end(Unrecoverable(ExitCode.KAFKA, f"could not join the group: {error!r}"))
        else:
            log.error("start_failed", exc_info=error)
            self.end(Unrecoverable(ExitCode.BUG, f"could not start: {error!r}"))

    async def _join(self) -> None:
        """Wait for Kafka, check the topics, then join the group."""
        while True:
            await self.probe.here.wait()
            try:
                await check_topics(self._connection, self.settings.topics)
                break
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("topics_not_checked", error=repr(error))
                await asyncio.sleep(1.0)
        self._stage = "joining"
        try:
            async with asyncio.timeout(_START_WITHIN_S):
                await self.app.start()
        except TimeoutError:
            reason = f"Faust did not start within {_START_WITHIN_S:g} s"
            raise Unrecoverable(ExitCode.STALLED, reason) from None
        self._stage = "joined"
        log.info("worker_started")
        crashed = asyncio.create_task(self.app._crashed.wait(), name="faust-crashed")  # noqa: SLF001 - mode has no public wait
        crashed.add_done_callback(self._app_crashed)

    def _app_crashed(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            self.end(Unrecoverable(ExitCode.BUG, f"Faust crashed: {self.app.crash_reason!r}"))

    async def _finish(self) -> ExitCode:
        if self.fatal is not None:
            return self.fatal.exit_code
        started, limit = time.monotonic(), self.settings.worker.drain_timeout_s
        self._watchdog.leave_within(limit + _LEAVE_WITHIN_S, ExitCode.DRAIN)  # whatever hangs, this does not
        try:
            async with asyncio.timeout(limit):
                await self._drain()
        except TimeoutError:
            log.critical("drain_timed_out", after_s=limit, kafka="up" if self.probe.up else "away")
            return ExitCode.DRAIN
        log.info("worker_stopped", drain_s=round(time.monotonic() - started, 3))
        return ExitCode.OK

    async def _drain(self) -> None:
        """Effects take no more and finish what was sent; intake stops; ledgers flush and close; the group is left."""
        log.info("worker_draining", calls_in_flight=self.runner.in_flight)
        if self._stage == "joined":
            consumer = self.app.batch_consumer
            consumer.hold()
            await self.runner.drain(self.settings.worker.drain_timeout_s)
            await self.owner.flush()
            await consumer.commit()
            await self.owner.close()
        if self._stage != "waiting":
            with contextlib.suppress(TimeoutError):  # everything that counts is in Kafka by now
                async with asyncio.timeout(5):
                    await self.app.stop()
        await self._http.aclose()


async def _run(settings: Settings, make_domain: MakeDomain) -> ExitCode:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    worker = Worker(settings, make_domain(settings, metrics.published), registry, metrics)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.end)
    return await worker.run()


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    """Log what ended a thread, as one line like any other. Faust's threads fail so when they stop without a broker."""
    name = failure.thread.name if failure.thread else None
    log.warning("thread_failed", thread=name, error=repr(failure.exc_value), exc_info=failure.exc_value)


def run(settings: Settings, make_domain: MakeDomain) -> ExitCode:
    """Run a worker in this process until SIGTERM or SIGINT.

    Args:
        settings: checked settings; logging is configured by the caller.
        make_domain: builds the decisions.

    Returns:
        How the process should exit.
    """
    threading.excepthook = _log_thread_failure
    try:
        return uvloop.run(_run(settings, make_domain))
    except Unrecoverable as error:
        log.critical("worker_cannot_start", reason=error.reason, exit_code=int(error.exit_code))
        return error.exit_code

"""One worker process: builds everything from settings and a domain, runs until told to stop, drains, exits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import signal
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
import uvloop
from prometheus_client import CollectorRegistry

from pipeline.api import HighlightClient, open_http_client
from pipeline.domain import Domain, State
from pipeline.effects.perform import Performer
from pipeline.effects.runner import EffectRunner
from pipeline.kafka.connection import KafkaConnection, KafkaSecurityError, NoKafkaError
from pipeline.ledger import LedgerConfig
from pipeline.settings import Settings
from pipeline.streaming.app import PipelineApp, create_app
from pipeline.streaming.apply import Applier
from pipeline.streaming.owner import LedgerOwner
from pipeline.streaming.partitioner import partition_of
from pipeline.telemetry.metrics import Metrics
from pipeline.worker.crash_points import crash_points
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.hand_over import HandOver
from pipeline.worker.health import HealthServer, health_app
from pipeline.worker.kafka_probe import KafkaProbe
from pipeline.worker.vitals import Vitals
from pipeline.worker.watchdog import Watchdog
from schemas.catalogue import INPUTS, Catalogue, load

S = TypeVar("S", bound=State)

log = structlog.get_logger(__name__)


class Worker:
    """Everything a worker process is made of.

    Args:
        settings: checked settings.
        domain: the decisions.
        registry: where metrics live.

    Raises:
        Unrecoverable: Kafka is not set, or the health port is taken.
    """

    def __init__(self, settings: Settings, domain: Domain[Any], registry: CollectorRegistry) -> None:
        self.settings = settings
        self.fatal: Unrecoverable | None = None
        self._ended = asyncio.Event()
        self._connection = _connection(settings)
        self.metrics = Metrics(registry)
        self._http = open_http_client(
            connect_timeout_s=settings.api.connect_timeout_s,
            read_timeout_s=settings.api.read_timeout_s,
            max_connections=settings.api.max_connections,
            keepalive_connections=settings.api.keepalive_connections,
        )
        crash_point = crash_points(settings.worker.crash_point)
        client = _client(settings, self._http, self.metrics)
        performer = Performer(
            client,
            clock=time.time,
            per_page=settings.polling.per_page,
            submit_timeout_s=settings.api.submit_timeout_s,
        )
        self.runner = EffectRunner(
            domain.effects,
            client,
            clock=time.time,
            sleep=asyncio.sleep,
            concurrency=settings.worker.effect_concurrency,
            on_fatal=self._on_bug,
            hand_over=self._hand_over(),
            performer=performer,
            observer=self.metrics,
            crash_point=crash_point,
        )
        self.owner = LedgerOwner(
            ledger_config(settings, self._connection, self.metrics, crash_point),
            domain.new_state,
            _inputs(settings, load()),
            attachment=self.runner,
            on_fatal=self.end,
        )
        self.app = self._create_app(domain)
        self.app.read_through(self.owner, settings.worker)
        self.app.batch_consumer.crash_point = crash_point
        self.probe = KafkaProbe(self._connection.aiokafka(), self.metrics)
        self.vitals = Vitals(self.owner, self.app, self.runner, self.probe, self.metrics)
        self._watchdog = Watchdog(settings.worker.stall_timeout_s, [self.vitals.stalled_for])
        self._health = HealthServer(
            health_app(self, registry, self.vitals.refresh), settings.worker.health_host, settings.worker.health_port
        )

    def _hand_over(self) -> HandOver:
        spec = load()["observations"]
        place = partition_of(self.settings.topics.partitions)
        return HandOver(self._connection.aiokafka(), self.settings.topics.prefix + spec.name, spec.name, place)

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

        Returns:
            The exit code. After a fatal fault nothing was flushed or acknowledged any more.
        """
        pulse = asyncio.create_task(self._watchdog.pulse(), name="pulse")
        self._watchdog.start()
        await self._health.start()
        await self.probe.start()
        log.info("worker_starting", health=self._health.address, group=self.settings.worker.group_id)
        try:
            await self._start_app()
            gc.collect()
            gc.freeze()  # what start-up made stays; collecting it again and again costs a tenth of the throughput
            await self._ended.wait()
            return await self._finish()
        finally:
            self._watchdog.stop()
            pulse.cancel()
            await self.probe.stop()
            with contextlib.suppress(Exception):
                await self._health.stop()

    async def _start_app(self) -> None:
        starting = asyncio.create_task(self.app.start(), name="faust-start")
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait({starting, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not starting.done():
            starting.cancel()
            return
        if (error := starting.exception()) is not None:
            self.end(Unrecoverable(ExitCode.KAFKA, f"could not join the group: {error!r}"))
            return
        crashed = asyncio.create_task(self.app._crashed.wait(), name="faust-crashed")  # noqa: SLF001 - mode has no public wait
        crashed.add_done_callback(self._app_crashed)

    def _app_crashed(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            self.end(Unrecoverable(ExitCode.BUG, f"Faust crashed: {self.app.crash_reason!r}"))

    async def _finish(self) -> ExitCode:
        if self.fatal is not None:
            return self.fatal.exit_code
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.settings.worker.drain_timeout_s):
                await self._drain()
        except TimeoutError:
            log.critical("drain_timed_out", after_s=self.settings.worker.drain_timeout_s)
            return ExitCode.DRAIN
        log.info("worker_stopped", drain_s=round(time.monotonic() - started, 3))
        return ExitCode.OK

    async def _drain(self) -> None:
        """Effects take no more and finish what was sent; intake stops; ledgers flush and close; the group is left."""
        log.info("worker_draining")
        await self.runner.drain(self.settings.worker.drain_timeout_s)
        consumer = self.app.batch_consumer
        consumer.hold()
        await self.owner.flush()
        await consumer.commit()
        await self.owner.close()
        with contextlib.suppress(TimeoutError):  # everything that counts is in Kafka by now
            async with asyncio.timeout(5):
                await self.app.stop()
        await self._http.aclose()


def _connection(settings: Settings) -> KafkaConnection:
    try:
        return KafkaConnection.from_settings(settings.kafka)
    except (NoKafkaError, KafkaSecurityError) as error:
        raise Unrecoverable(ExitCode.SETTINGS, str(error)) from error


def _client(settings: Settings, http: Any, metrics: Metrics) -> HighlightClient:
    return HighlightClient(
        http,
        base_url=settings.api.base_url,
        api_key=settings.api.key,
        signing_secret=settings.api.signing_secret,
        clock=time,
        sleep=asyncio.sleep,
        random=random.Random(),  # noqa: S311 - jitter
        observer=metrics,
    )


def _inputs(settings: Settings, catalogue: Catalogue) -> dict[str, str]:
    return {catalogue.full_name(short, settings.topics.prefix): short for short in INPUTS}


def ledger_config(
    settings: Settings,
    connection: KafkaConnection,
    observer: Any,
    crash_point: Callable[[str], None] = lambda _name: None,
) -> LedgerConfig:
    """The configuration all ledgers of a worker share, from settings and the catalogue."""
    catalogue, prefix, worker = load(), settings.topics.prefix, settings.worker
    return LedgerConfig(
        client_options=connection.aiokafka(),
        topic=catalogue.full_name("ledger", prefix),
        topics={short: catalogue.full_name(short, prefix) for short in catalogue.topics if short != "ledger"},
        max_bytes={short: spec.max_message_bytes for short, spec in catalogue.topics.items()},
        linger=worker.flush_linger_ms / 1000,
        flush_records=worker.flush_records,
        max_pending_bytes=worker.flush_bytes,
        observer=observer,
        crash_point=crash_point,
    )


async def _run(settings: Settings, make_domain: Callable[[Settings], Domain[Any]]) -> ExitCode:
    worker = Worker(settings, make_domain(settings), CollectorRegistry())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.end)
    return await worker.run()


def run(settings: Settings, make_domain: Callable[[Settings], Domain[Any]]) -> ExitCode:
    """Run a worker in this process until SIGTERM or SIGINT.

    Args:
        settings: checked settings; logging is configured by the caller.
        make_domain: builds the decisions from settings.

    Returns:
        How the process should exit.
    """
    try:
        return uvloop.run(_run(settings, make_domain))
    except Unrecoverable as error:
        log.critical("worker_cannot_start", reason=error.reason, exit_code=int(error.exit_code))
        return error.exit_code

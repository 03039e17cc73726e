"""The whole stack on this machine: a broker (or the cluster that is set), topics, the simulated API, workers.

    async with LocalStack(StackConfig(workers=2, folder=folder)) as stack:
        await stack.start()
        await stack.workers.kill(1)

Every part runs under a guardian, so that nothing outlives this program, however it dies.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.errors import KafkaStartError
from pipeline.kafka.log_end import how_it_ended
from pipeline.kafka.ports import choose_ports
from pipeline.settings import Settings
from pipeline.stack.errors import StackError
from pipeline.stack.simulator import SimulatorProcess
from pipeline.stack.topics import apply_topics, wake_coordinators
from pipeline.stack.workers import Workers

Say = Callable[[str, str], None]
"""Told ``(part, what happened)`` as the stack comes up: ``("kafka", "127.0.0.1:20001, embedded")``."""

SIMULATOR_KEY = "simulated-key"
"""The simulator takes any key; no real one is ever handed to it."""

_LOOK_EVERY_S = 0.5
_GRACE_S = 30.0
_GRACE_WITHOUT_SERVICES_S = 1.0
"""Workers cannot drain into a broker that is gone."""


def _silent(part: str, what: str) -> None:
    del part, what


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """What a stack is made of.

    Attributes:
        workers: how many start.
        spare_workers: how many more may be started later.
        scenario: of the simulator: a TOML file or a built-in name.
        seed: of the simulator, and of the choice of ports.
        simulator_port: 0 takes a free one.
        kafka_port: of the embedded broker; None takes a free one.
        folder: where data and logs go, kept; None: a temporary one, removed unless a log in it explains a failure.
        settings: of the user. Its Kafka cluster is used when it has one; its API address and key never are.
        overrides: settings of the workers by ``group.key``, before everything else.
    """

    workers: int = 2
    spare_workers: int = 0
    scenario: str = "demo"
    seed: int = 1
    simulator_port: int = 0
    kafka_port: int | None = None
    folder: Path | None = None
    settings: Settings = field(default_factory=Settings)
    overrides: Mapping[str, Any] = field(default_factory=dict)


class LocalStack:
    """A stack of this machine. Leaving the context ends every part; a temporary folder goes with it.

    Attributes:
        config: as given.
        folder: logs (``*.log``), the truth log, and the embedded broker's data.
        topics: names of all topics on the cluster.
        keep_folder: set it to leave a temporary folder for a look at the logs.
        kafka: the embedded broker; None when a cluster is set.
        simulator: the simulated API.
    """

    def __init__(
        self,
        config: StackConfig,
        *,
        kafka: EmbeddedKafka | None = None,
        environ: Mapping[str, str] | None = None,
        say: Say = _silent,
    ) -> None:
        """Describe a stack; nothing is started yet.

        Args:
            config: what it is made of.
            kafka: a broker that runs already and is not ours to stop.
            environ: of this program; the process's own by default.
            say: told what came up.
        """
        self.config = config
        self.keep_folder = config.folder is not None
        self.folder = config.folder or Path(tempfile.gettempdir(), f"highlights-{uuid4().hex[:12]}")
        self.topics: list[str] = []
        self._environ = os.environ if environ is None else environ
        self._say = say
        self._rng = random.Random()  # noqa: S311 - chooses ports
        self._given_kafka = kafka
        self.kafka = kafka
        self.simulator = SimulatorProcess(
            self.folder,
            scenario=config.scenario,
            seed=config.seed,
            port=config.simulator_port,
            environ=self._environ,
        )
        self._workers: Workers | None = None
        self._settings: Settings | None = None

    @property
    def started(self) -> bool:
        """Whether broker, simulator and topics came up."""
        return self._workers is not None

    @property
    def workers(self) -> Workers:
        """The workers, once their settings are known (after :meth:`start_services`)."""
        if self._workers is None:
            raise StackError("the stack is not started")
        return self._workers

    @property
    def settings(self) -> Settings:
        """Settings of the workers, and of any client of this stack."""
        if self._settings is None:
            raise StackError("the stack is not started")
        return self._settings

    @property
    def connection(self) -> KafkaConnection:
        """The way to the stack's cluster."""
        return KafkaConnection.from_settings(self.settings.kafka)

    async def start(self) -> None:
        """Start everything and return when the workers are ready."""
        await self.start_services()
        await self.start_workers()
        await self.workers.until_ready()

    async def start_services(self) -> None:
        """Start broker and simulator side by side, then make the topics.

        Raises:
            StackError, EmbeddedKafkaError: a part did not come up.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with asyncio.TaskGroup() as parts:
            broker = parts.create_task(self._start_kafka())
            parts.create_task(self._start_simulator())
        self._settings = self._effective_settings(broker.result())
        async with self.watched():
            self.topics, _ = await asyncio.gather(
                apply_topics(self.connection, self._settings.topics),
                wake_coordinators(self.connection, self._settings.worker.group_id),
            )
        self._say("topics", f"{len(self.topics)} topics, {self._settings.topics.partitions} partitions each")
        count = self.config.workers + self.config.spare_workers
        ports = choose_ports(count, self._rng) if count else []
        self._workers = Workers(self.folder, self._settings, self._environ, ports)

    async def start_workers(self) -> None:
        """Start the workers side by side; see :meth:`Workers.until_ready`."""
        await asyncio.gather(*(self.workers.start(number) for number in range(1, self.config.workers + 1)))

    def check_services(self) -> None:
        """Look whether broker and simulator still run.

        Raises:
            StackError: one has ended by itself; the text says over what, as far as it is known.
        """
        if self.kafka is not None and (code := self.kafka.exit_code()) is not None:
            raise StackError(f"the embedded Kafka {how_it_ended(code, self.kafka.log_file)}", self.kafka.log_file)
        if (code := self.simulator.child.exit_code()) is not None:
            log_file = self.simulator.child.log_file
            raise StackError(f"the simulator {how_it_ended(code, log_file)}", log_file)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Give up what is done inside, once the services run, when one of them ends.

        Raises:
            StackError: in a group; see :meth:`check_services`.
        """
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look())
            try:
                yield
            except Exception:
                await asyncio.sleep(_LOOK_EVERY_S)  # a client may feel the end before it is seen
                self.check_services()
                raise
            finally:
                looking.cancel()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.check_services()

    async def stop(self) -> None:
        """End every part: workers first, gracefully, the broker last."""
        try:
            if self._workers is not None:
                await self._workers.stop_all(_GRACE_S if self._services_run else _GRACE_WITHOUT_SERVICES_S)
            await self.simulator.child.stop(5.0)
        finally:
            if self.kafka is not None and self._given_kafka is None:
                await self.kafka.stop()
            if not self.keep_folder:
                await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and self._explains(error):
            self.keep_folder = True
        await self.stop()

    @property
    def _services_run(self) -> bool:
        return (self.kafka is None or self.kafka.is_running) and self.simulator.child.is_running

    def _explains(self, error: BaseException) -> bool:
        """Tell whether our logs say more about a failure than its own text does."""
        if isinstance(error, BaseExceptionGroup):
            return any(map(self._explains, error.exceptions))
        if isinstance(error, BrokenPipeError):
            return False  # nobody reads on: no failure
        if self.started:
            return True
        log_file = error.log_file if isinstance(error, StackError | KafkaStartError) else None
        return log_file is not None and log_file.is_relative_to(self.folder)

    async def _start_kafka(self) -> str | None:
        if self._given_kafka is not None:
            return self._given_kafka.bootstrap_servers
        if servers := self.config.settings.kafka.bootstrap_servers:
            self._say("kafka", f"{','.join(servers)} (yours)")
            return None
        # without a folder to keep, its data is temporary and goes even if we are killed
        data = self.folder / "kafka" if self.config.folder else None
        log_file = None if data else self.folder / "kafka.log"  # which must not go with the data: it explains failures
        self.kafka = EmbeddedKafka(data, port=self.config.kafka_port, log_file=log_file)
        await self.kafka.start()
        self._say("kafka", f"{self.kafka.bootstrap_servers} (embedded Apache Kafka)")
        return self.kafka.bootstrap_servers

    async def _start_simulator(self) -> None:
        await self.simulator.start()
        self._say("api", f"{self.simulator.base_url} (simulated, scenario {self.config.scenario})")

    def _effective_settings(self, embedded: str | None) -> Settings:
        """Make the workers' settings: the user's, our cluster, the simulator instead of the API, then overrides."""
        values = self.config.settings.model_dump()
        if embedded is not None:
            values["kafka"] = {"bootstrap_servers": (embedded,)}
        values["api"] |= {"base_url": self.simulator.base_url, "key": SIMULATOR_KEY, "signing_secret": None}
        for path, value in self.config.overrides.items():
            group, _, key = path.partition(".")
            values[group][key] = value
        return Settings(**values)

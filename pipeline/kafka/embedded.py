"""A real Apache Kafka broker as an object: start, stop, kill, start again.

    async with EmbeddedKafka() as kafka:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)

One node that is broker and controller (KRaft), on free ports of 127.0.0.1, in a JVM that a guardian process ends
however this program dies. For development and tests only: one copy of everything, no disk flush per record.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from pipeline.kafka.broker import format_data, start_broker
from pipeline.kafka.config import HOST, BrokerConfig, Layout, Ports
from pipeline.kafka.distribution import ensure_distribution
from pipeline.kafka.errors import EmbeddedKafkaError, KafkaStartError
from pipeline.kafka.file_lock import locked
from pipeline.kafka.guarded import GuardedProcess
from pipeline.kafka.ports import choose_ports, is_free
from pipeline.kafka.security import BrokerSecurity
from pipeline.kafka.start_archive import start_options

_FORMER_BROKER_S = 3.0  # a broker whose program was just killed is ended by its guardian within this time
_PORT_ATTEMPTS = 3  # between choosing a free port and listening on it, another program may take it


class EmbeddedKafka:
    """One embedded broker. Bound to no event loop; use it from one at a time."""

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        port: int | None = None,
        security: BrokerSecurity | None = None,
        heap_mb: int = 512,
        properties: Mapping[str, str] = MappingProxyType({}),
        log_file: Path | None = None,
        cache_dir: Path | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Describe a broker; nothing is started, read or written yet.

        Args:
            data_dir: Folder of its data, kept when it stops. None: a temporary one, removed by `stop` and if we die.
            port: Port of the PLAINTEXT listener; a free one by default. Each later start takes the same ports again.
            security: Adds a SASL_SSL listener.
            heap_mb: Largest heap of the JVM, in MiB.
            properties: Broker settings that go before the defaults.
            log_file: Where its output goes, to be kept; by default it shares the fate of its data.
            cache_dir: Where Kafka itself is kept; the user's cache folder by default.
            rng: Chooses ports.
        """
        self._data_dir = data_dir
        self._port = port
        self._security = security
        self._heap_mb = heap_mb
        self._properties = dict(properties)
        self._log_file = log_file
        self._cache_dir = cache_dir
        self._rng = rng or random.SystemRandom()
        self._scratch: Path | None = None
        self._ports: Ports | None = None
        self._process: GuardedProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Address of the PLAINTEXT listener."""
        return f"{HOST}:{self._started_ports().client}"

    @property
    def secure_bootstrap_servers(self) -> str | None:
        """Address of the SASL_SSL listener, None without `security`."""
        return f"{HOST}:{self._started_ports().secure}" if self._security else None

    @property
    def log_file(self) -> Path:
        """Output of the broker and its JVM, in the data folder unless another place was named."""
        if self._log_file is not None:
            return self._log_file
        root = self._data_dir or self._scratch
        if root is None:
            raise EmbeddedKafkaError("not started")
        return Layout(root).log_file

    @property
    def pid(self) -> int:
        """Process id of the JVM last started."""
        if self._process is None:
            raise EmbeddedKafkaError("not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the JVM is alive."""
        return self._process is not None and self._process.exit_code() is None

    def exit_code(self) -> int | None:
        """Return how the JVM ended by itself (negative: by that signal); None while it runs, and after `stop`."""
        return self._process.exit_code() if self._process else None

    async def start(self, timeout: float = 60.0) -> None:
        """Start the broker and return once it serves. The first start on a machine downloads Kafka before.

        After a failed start nothing runs. Temporary data goes with it, unless a former start had filled it.

        Args:
            timeout: Seconds for formatting and again for starting, not for the download.

        Raises:
            KafkaStartError: It did not come up; the text names cause, log file and last lines.
            DistributionError: Kafka or Java is not there and could not be had.
        """
        if self.is_running:
            raise EmbeddedKafkaError(f"already running on {self.bootstrap_servers}")
        try:
            await self._start(timeout)
        except BaseException as error:
            if self._process is not None:
                raise
            explained = isinstance(error, KafkaStartError)  # by its log; Ctrl-C needs no explanation
            kept_log = await asyncio.to_thread(self._discard, keep_log=explained)
            if isinstance(error, KafkaStartError) and kept_log is not None:
                raise KafkaStartError(error.reason, kept_log, error.last_lines) from error.__cause__
            raise

    async def stop(self, timeout: float = 20.0) -> None:
        """End the broker: SIGTERM, SIGKILL after `timeout` seconds. Temporary data is removed, a given folder kept."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop(timeout)
        scratch, self._scratch = self._scratch, None
        if scratch is not None:  # the guardian has removed it, unless it was killed itself
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)

    async def kill(self) -> None:
        """SIGKILL, as a crash would; data is kept, and `start` brings the broker back on the same ports."""
        if self._process is not None:
            await self._process.kill()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self, timeout: float) -> None:
        distribution = await ensure_distribution(self._cache_dir)
        options = await start_options(distribution, self._rng)
        attempts = 1 if self._port or self._ports else _PORT_ATTEMPTS
        while True:
            attempts -= 1
            ports = self._ports or self._choose_ports()
            layout = await asyncio.to_thread(self._open_layout)
            config = BrokerConfig(distribution, layout, ports, self._security, self._heap_mb, self._properties, options)
            if taken := [port for port in ports.all if not is_free(port)]:
                raise KafkaStartError(f"another program listens on port {taken[0]} of {HOST}")
            try:
                await self._run(config, timeout)
            except KafkaStartError:
                if attempts and not all(map(is_free, ports.all)):
                    continue  # lost a race for a port
                raise
            self._ports = ports
            return

    async def _run(self, config: BrokerConfig, timeout: float) -> None:
        try:
            async with locked(config.layout.lock_file, _FORMER_BROKER_S):
                await asyncio.to_thread(config.write)
        except TimeoutError as error:
            raise KafkaStartError(f"another broker runs on {config.layout.root}") from error
        if not config.layout.is_formatted:
            await format_data(config, timeout, self._scratch)
        process = await start_broker(config, timeout, self._scratch)
        former, self._process = self._process, process
        if former is not None:
            await former.keep_scratch()  # only now: until here it would remove the data if we died

    def _choose_ports(self) -> Ports:
        client, controller, secure = choose_ports(3, self._rng)
        return Ports(self._port or client, controller, secure if self._security else 0)

    def _started_ports(self) -> Ports:
        if self._ports is None:
            raise EmbeddedKafkaError("not started")
        return self._ports

    def _open_layout(self) -> Layout:
        if self._data_dir is not None:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Layout(self._data_dir, self._log_file)
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="embedded-kafka-"))
        return Layout(self._scratch, self._log_file)

    def _discard(self, *, keep_log: bool) -> Path | None:
        """Remove temporary data, all but a log that explains its end; returns where that log is now."""
        scratch, self._scratch = self._scratch, None
        if scratch is None:
            return None
        log, kept = Layout(scratch).log_file, None
        if keep_log and log.exists() and log.stat().st_size:
            descriptor, name = tempfile.mkstemp(prefix="embedded-kafka-failed-", suffix=".log")
            os.close(descriptor)
            kept = Path(name)
            shutil.move(log, kept)
        shutil.rmtree(scratch, ignore_errors=True)
        return kept

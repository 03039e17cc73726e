"""What the embedded broker is told: its properties, its logging, its JVM's arguments, and where all that lies."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.kafka.distribution import Distribution
from pipeline.kafka.security import LISTENER, BrokerSecurity

HOST = "127.0.0.1"
MESSAGE_MAX_BYTES = 20 * 1024 * 1024  # the largest record any topic of ours may ask for

_LOG4J2 = """\
status = error
shutdownHook = disable
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""

_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    # One broker: Kafka's own topics can have no second copy.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Fewer partitions of them: each is a folder and a few open files on first use.
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.num.partitions": "4",
    # After a crash the broker may not register again before its former session has run out (9 s by default).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(MESSAGE_MAX_BYTES),
    "replica.fetch.max.bytes": str(MESSAGE_MAX_BYTES),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # its default is a quarter of our heap
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one broker on 127.0.0.1; `secure` is 0 where it has no SASL_SSL listener."""

    client: int
    controller: int
    secure: int = 0

    @property
    def all(self) -> tuple[int, ...]:
        """The ports in use."""
        return tuple(port for port in (self.client, self.controller, self.secure) if port)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a broker's files are, below one folder of its own; its log may be elsewhere."""

    root: Path
    log: Path | None = None

    @property
    def data(self) -> Path:
        """Kafka's own data."""
        return self.root / "data"

    @property
    def log_file(self) -> Path:
        """Everything the JVM and the broker print."""
        return self.log or self.root / "kafka.log"

    @property
    def properties(self) -> Path:
        """The broker's properties; holds secrets, readable by the owner alone."""
        return self.root / "run" / "server.properties"

    @property
    def arguments(self) -> Path:
        """The JVM's arguments, in a file because a process list shows a command line to every user."""
        return self.root / "run" / "java.args"

    @property
    def lock_file(self) -> Path:
        """Locked while a broker runs here.

        Kafka has a lock of its own, but takes it too late: a second broker's controller first joins in writing the
        cluster's metadata, and both brokers hang.
        """
        return self.root / "in-use.lock"

    @property
    def is_formatted(self) -> bool:
        """Whether a broker's data is here already."""
        return (self.data / "meta.properties").exists()


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Everything that one run of a broker needs to know."""

    distribution: Distribution
    layout: Layout
    ports: Ports
    security: BrokerSecurity | None
    heap_mb: int
    properties: Mapping[str, str]
    jvm_options: tuple[str, ...] = ()

    def write(self) -> None:
        """Write properties and logging setup; every start does, since ports may differ from the last one."""
        run = self.layout.properties.parent
        (run / "tmp").mkdir(parents=True, exist_ok=True)
        self.layout.data.mkdir(exist_ok=True)
        (run / "log4j2.properties").write_text(_LOG4J2, encoding="ascii")
        lines = [f"{key}={_property_escaped(value)}\n" for key, value in self._server_properties().items()]
        _write_private(self.layout.properties, "".join(lines))

    def command(self, main_class: str, arguments: Sequence[str]) -> list[str]:
        """Write the argument file for a main class and return the command line, which shows no secret."""
        words = [*self._jvm_options(), "-cp", ":".join(map(str, self.distribution.class_path)), main_class, *arguments]
        _write_private(self.layout.arguments, "".join(f"{_argument_quoted(word)}\n" for word in words))
        return [str(self.distribution.java.executable), f"@{self.layout.arguments}"]

    def _jvm_options(self) -> list[str]:
        run = self.layout.properties.parent
        options = [
            f"-Xmx{self.heap_mb}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",  # it would leave a file in /tmp after kill -9
            f"-XX:ErrorFile={self.layout.root / 'jvm-crash.log'}",
            "-Djava.awt.headless=true",
            f"-Djava.io.tmpdir={run / 'tmp'}",
            f"-Dlog4j2.configurationFile={run / 'log4j2.properties'}",
            "-Dlog4j2.disableJmx=true",
        ]
        if self.distribution.java.version >= 24:
            options.append("--sun-misc-unsafe-memory-access=allow")  # or it warns about Kafka on each start
            options.append("--enable-native-access=ALL-UNNAMED")
        return [*options, *self.jvm_options]

    def _server_properties(self) -> dict[str, str]:
        listeners = {"PLAINTEXT": self.ports.client, "CONTROLLER": self.ports.controller}
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
        if self.security is not None:
            listeners[LISTENER] = self.ports.secure
            protocols[LISTENER] = "SASL_SSL"
        addresses = {name: f"{name}://{HOST}:{port}" for name, port in listeners.items()}
        return {
            **_PROPERTIES,
            "listeners": ",".join(addresses.values()),
            "advertised.listeners": ",".join(address for name, address in addresses.items() if name != "CONTROLLER"),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "controller.quorum.voters": f"1@{HOST}:{self.ports.controller}",
            "log.dirs": str(self.layout.data),
            **(self.security.properties() if self.security else {}),
            **self.properties,
        }


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _property_escaped(value: str) -> str:
    """Write a value the way java.util.Properties reads it, in ASCII."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    units = escaped.encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    text = "".join(chr(code) if code < 0x7F else f"\\u{code:04x}" for code in codes)
    return f"\\{text}" if text.startswith(" ") else text


def _argument_quoted(word: str) -> str:
    """Write a word the way the `java` launcher reads it from an argument file."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

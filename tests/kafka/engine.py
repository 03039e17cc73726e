"""A small domain on the real ledger and transport, as an object in this process or as a process of its own.

The domain publishes what changes: a record's value is ``item=content``; an item whose content differs from the last
one seen is published as ``item=content#revision``, an unchanged one is known. Replaying A, B over B would therefore
show as revisions 3 and 4. Some values make trouble on purpose, see :func:`decide`.

    python -m tests.kafka.engine SERVERS PREFIX CRASH_POINT INSTANCE_ID     # empty: none
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

import msgspec
import uvloop

from pipeline.domain import Incoming, Outcome, Stage
from pipeline.kafka.connection import KafkaConnection
from pipeline.ledger import Ledger, LedgerConfig
from pipeline.settings.groups import WorkerSettings
from pipeline.streaming.app import PipelineApp, create_app
from pipeline.streaming.apply import Applier
from pipeline.streaming.owner import LedgerOwner
from pipeline.streaming.partitioner import partition_of
from pipeline.worker.crash_points import crash_points
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from schemas.records import RecordError

PARTITIONS = 4
MAX_BYTES = 1024 * 1024


class Item(msgspec.Struct, kw_only=True):
    """What is known of an item."""

    state_version: int = 1
    content: str
    revision: int


class Items:
    """One partition's state."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def decode(self, _key: str, value: bytes) -> Item:
        """Decode a state record."""
        return msgspec.json.decode(value, type=Item)

    def fold(self, key: str, value: Item | None) -> None:
        """Apply a state record."""
        if value is None:
            self.items.pop(key, None)
        else:
            self.items[key] = value

    def active(self) -> dict[str, int]:
        """Nothing is ever active."""
        return {}


class BugError(Exception):
    """A fault of ours."""


def decide(record: Incoming, state: Items, stage: Stage, _now: float) -> Outcome:
    """The rule. ``bad=`` is refused, ``bug=`` breaks half-way, ``big=N`` publishes N bytes, ``forget=item`` forgets."""
    item, _, content = (record.value or b"").decode().partition("=")
    if item == "bad":
        raise RecordError("invalid", content)
    if item == "forget":
        stage.put(f"item/{content}", None)
        return Outcome.FOLDED
    if item == "big":
        stage.publish("out", record.key, b"x" * int(content))
        return Outcome.PUBLISHED
    known = state.items.get(f"item/{item}")
    if known is not None and known.content == content:
        return Outcome.KNOWN
    revision = 1 if known is None else known.revision + 1
    stage.put(f"item/{item}", Item(content=content, revision=revision))
    if item == "bug":
        raise BugError(content)
    stage.publish("out", record.key, f"{item}={content}#{revision}".encode())
    return Outcome.PUBLISHED


class Engine:
    """A worker: Faust app, ledgers, the rule above. Observes itself; ``fatal`` says why it cannot go on."""

    def __init__(
        self,
        servers: str,
        prefix: str,
        *,
        topics: tuple[str, ...] = ("in",),
        rule: Callable[[Incoming, Items, Stage, float], Outcome] = decide,
        crash_point: str | None = None,
        instance_id: str | None = None,
        partitions: int = PARTITIONS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **ledger: Any,
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.dead_letters: list[str] = []
        self.flushes: list[float] = []
        self.opened: Counter[int] = Counter()
        self.fatal: list[Unrecoverable] = []
        self.ended = asyncio.Event()
        connection = KafkaConnection.plaintext(servers)
        self.config = replace(ledger_config(servers, prefix, topics), observer=self, **ledger)
        if crash_point is not None:
            self.config = replace(self.config, crash_point=_places(crash_point))
        self.owner: LedgerOwner[Items] = LedgerOwner(
            self.config,
            lambda _partition: Items(),
            {prefix + topic: topic for topic in topics},
            attachment=self,
            on_fatal=self._on_fatal,
            sleep=sleep,
        )
        settings = WorkerSettings(
            group_id=f"{prefix}group", instance_id=instance_id, session_timeout_s=6.0, heartbeat_s=1.0
        )
        appliers = {prefix + topic: self._applier(topic, rule, partitions).apply for topic in topics}
        self.app: PipelineApp = create_app(connection, settings, appliers)
        self.app.read_through(self.owner, settings)

    def _applier(self, topic: str, rule: Any, partitions: int) -> Applier[Items]:
        return Applier(
            topic,
            rule,
            self.owner,
            session_of=lambda partition: self.app.batch_consumer.sessions[partition],
            place=partition_of(partitions),
            clock=time.time,
            wake=lambda _partition: None,
            observer=self,
            on_fatal=self._on_fatal,
        )

    async def start(self) -> Self:
        """Join the group."""
        await self.app.start()
        return self

    async def stop(self) -> None:
        """Leave as a worker does: stop intake, flush, commit, close, leave the group."""
        async with asyncio.timeout(20):
            self.app.batch_consumer.hold()
            await self.owner.flush()
            await self.app.batch_consumer.commit()
            await self.owner.close()
            await self.app.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    def ledger(self, partition: int) -> Ledger[Items]:
        """The open ledger of a partition."""
        ledger = self.owner.ledger(partition)
        assert ledger is not None
        return ledger

    @property
    def ready(self) -> bool:
        """Whether it owns partitions and all their ledgers are open."""
        return bool(self.owner.assigned) and self.owner.all_open

    # -- what it is told (attachment and observers) ----------------------------------------------------------------

    def attach(self, _ledger: Ledger[Items]) -> None:
        """A ledger is open; there are no effects to run."""

    async def detach(self, _ledger: Ledger[Items]) -> None:
        """A ledger closes."""

    def applied(self, _topic: str, outcomes: Counter[Outcome]) -> None:
        """Count what became of records."""
        self.outcomes += outcomes

    def dead_lettered(self, _topic: str, code: str) -> None:
        """Note a dead letter."""
        self.dead_letters.append(code)

    def flushed(self, _partition: int, _records: int, seconds: float) -> None:
        """Note a transaction."""
        self.flushes.append(seconds)

    def restored(self, partition: int, _records: int, _seconds: float) -> None:
        """Count how often a partition was read."""
        self.opened[partition] += 1

    def _on_fatal(self, reason: Unrecoverable) -> None:
        self.fatal.append(reason)
        self.ended.set()


def _places(setting: str) -> Callable[[str], None]:
    """A crash point, or with ``freeze:`` before it a place where the process stops itself, once, until SIGCONT."""
    kind, _, rest = setting.partition(":")
    if kind != "freeze":
        return crash_points(setting)
    left = [rest]

    def reach(name: str) -> None:
        if name in left:
            left.clear()
            print("up", flush=True)  # it may come here before it has said so
            os.kill(os.getpid(), signal.SIGSTOP)

    return reach


def ledger_config(servers: str, prefix: str, topics: tuple[str, ...] = ("in",)) -> LedgerConfig:
    """The configuration of the ledgers of a prefix."""
    names = (*topics, "out", "dead-letters")
    return LedgerConfig(
        client_options=KafkaConnection.plaintext(servers).aiokafka(),
        topic=f"{prefix}ledger",
        topics={name: prefix + name for name in names},
        max_bytes=dict.fromkeys((*names, "ledger"), MAX_BYTES),
        linger=0.005,
    )


async def run(servers: str, prefix: str, crash_point: str, instance_id: str) -> int:
    """Be a worker process until SIGTERM or a fatal fault; returns the exit code. Says ``up`` once it has started."""
    engine = Engine(servers, prefix, crash_point=crash_point or None, instance_id=instance_id or None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, engine.ended.set)
    await engine.start()
    print("up", flush=True)
    await engine.ended.wait()
    if engine.fatal:
        return engine.fatal[0].exit_code
    await engine.stop()
    return ExitCode.OK


if __name__ == "__main__":
    code = uvloop.run(run(*sys.argv[1:5]))
    sys.stdout.flush()
    os._exit(code)

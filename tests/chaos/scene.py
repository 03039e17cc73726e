"""One scene: topics of its own on a broker, a simulator, workers, requests, and the account at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import KafkaException

from agents.composition import policy_of
from pipeline.kafka.connection import KafkaConnection
from pipeline.settings import Settings
from pipeline.stack.simulator import SimulatorProcess
from pipeline.stack.topics import apply_topics
from schemas.catalogue import INPUTS, full_name, load
from tests.chaos.fleet import Fleet
from tests.chaos.follow_ups import judge_follow_ups
from tests.chaos.load import WEDNESDAY, Writer, request_record
from tests.chaos.oracle import Account, Truth, compare
from tests.chaos.reading import Ends, Read, Tail, unread
from tests.chaos.scale import Scale
from tests.chaos.tournaments import Topics, judge_tournaments

OUTPUTS = tuple(short for short in load().topics if short not in INPUTS)
"""Short names of the topics that only ledgers write."""
JUDGED = ("highlights", "summaries", "moments", "tournaments", "notifications", "follow-ups")
"""Those that are compared with the truth."""
_ENDED = frozenset({"settled", "rejected"})


class Scene:
    """Everything of one run, under a topic prefix of its own.

    Attributes:
        folder: logs, scenario, truth log.
        settings: of the workers.
        fleet: the workers, none of them started.
        asked: what was asked for so far, as bytes by request id.
    """

    def __init__(self, servers: str, name: str, scale: Scale, seed: int, folder: Path) -> None:
        self.scale = scale
        self.seed = seed
        self.folder = folder
        self.asked: dict[str, bytes] = {}
        self.servers = servers
        self._name = name
        scenario = scale.write_scenario(folder / "scenario.toml")
        self.simulator = SimulatorProcess(folder, scenario=str(scenario), seed=seed, port=0, environ={})
        self._tails: dict[str, Tail] = {}
        self._fleet: Fleet | None = None
        self._settings: Settings | None = None
        self.writer = Writer(servers)

    @property
    def requests(self) -> list[str]:
        """Ids of what was asked for so far."""
        return list(self.asked)

    # -- parts -----------------------------------------------------------------------------------------------------

    @property
    def fleet(self) -> Fleet:
        """The workers."""
        assert self._fleet is not None, "the scene is not open"
        return self._fleet

    @property
    def settings(self) -> Settings:
        """Settings of the workers."""
        assert self._settings is not None, "the scene is not open"
        return self._settings

    @property
    def group(self) -> str:
        """The workers' consumer group."""
        return self.settings.worker.group_id

    def topic(self, short: str) -> str:
        """Return the full name of a topic of this scene."""
        return full_name(short, self.settings.topics.prefix)

    def tail(self, short: str) -> Tail:
        """Return the reader of a topic, made on first use."""
        if short not in self._tails:
            self._tails[short] = Tail(self.servers, self.topic(short), self.scale.partitions)
        return self._tails[short]

    async def open(self, *, spare: int = 0) -> None:
        """Start the simulator and create the topics; ``spare`` workers more than the scale says may be started."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self.simulator.start()
        self._settings = _settings(self.servers, self._name, self.scale, self.simulator.base_url)
        await apply_topics(KafkaConnection.plaintext(self.servers), self._settings.topics)
        self._fleet = Fleet(self.folder, self._settings, self.scale.workers + spare)

    async def close(self) -> None:
        """End every process of the scene."""
        if self._fleet is not None:
            await self._fleet.close()
        await self.simulator.child.stop(0.0)
        for tail in self._tails.values():
            tail.close()

    async def join_new_group(self, group: str) -> None:
        """Let workers started from now on be members of another group."""
        await self.fleet.close()
        worker = self.settings.worker.model_copy(update={"group_id": f"{self._name}.{group}"})
        self._settings = self.settings.model_copy(update={"worker": worker})
        self._fleet = Fleet(self.folder, self._settings, len(self.fleet.workers))

    # -- load ------------------------------------------------------------------------------------------------------

    async def submit(self, count: int, **fields: Any) -> list[str]:
        """Write the next so many requests; return their ids."""
        first = len(self.asked)
        records = [request_record(self.seed, first + n, bare=self.scale.bare, **fields) for n in range(count)]
        await self.writer.write(self.topic("requests"), records)
        self.asked.update(records)
        return [request_id for request_id, _ in records]

    async def submit_all(self) -> None:
        """Write the scale's requests, spread over its time; run it as a task beside the faults."""
        waves = max(1, min(self.scale.streams, int(self.scale.over_s)))
        for wave in range(waves):
            share = self.scale.streams * (wave + 1) // waves - self.scale.streams * wave // waves
            await self.submit(share)
            await asyncio.sleep(self.scale.over_s / waves)

    @contextlib.asynccontextmanager
    async def feeding(self, per_second: float) -> AsyncIterator[None]:
        """Write requests at a steady pace while the context is open."""
        stop = asyncio.Event()

        async def feed() -> None:
            while not stop.is_set():
                await self.submit(1)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1 / per_second)

        task = asyncio.create_task(feed(), name="feed")
        try:
            yield
        finally:
            stop.set()
            await task

    # -- the end ---------------------------------------------------------------------------------------------------

    async def latest(self, short: str) -> dict[str, dict[str, Any]]:
        """Return the newest record of each request on a topic."""
        tail = self.tail(short)
        await tail.catch_up()
        newest: dict[str, dict[str, Any]] = {}
        for record in tail.all:
            newest[(record.key or b"").decode()] = json.loads(record.value or b"{}")
        return newest

    async def until_settled(self, timeout: float, requests: Iterable[str] | None = None) -> float:
        """Wait until all requests are at their end; return the seconds it took, or ``timeout`` if they are not."""
        started = time.monotonic()
        while (waited := time.monotonic() - started) < timeout:
            try:
                states = await self.latest("streams")
            except KafkaException:
                states = {}
            if all(states.get(r, {}).get("state") in _ENDED for r in requests or self.requests):
                return waited
            await asyncio.sleep(0.3)
        return timeout

    async def until_quiet(self, timeout: float = 20.0) -> dict[str, Any]:
        """Wait until no transaction is open and the group has read everything; return what is left of both."""
        deadline = time.monotonic() + timeout
        names = [self.topic(short) for short in OUTPUTS]
        inputs = {self.topic(short): self.tail(short) for short in INPUTS}
        while True:
            opened = await asyncio.to_thread(Ends(self.servers).open_transactions, names, self.scale.partitions)
            behind = await unread(self.servers, self.group, inputs, self.scale.partitions)
            if not (opened or behind) or time.monotonic() > deadline:
                left = {f"{topic}-{n}": offset for (topic, n), offset in opened.items()}
                return {"open_transactions": left, "unread": behind}
            await asyncio.sleep(0.3)

    async def account(self, patience: float = 20.0) -> Account:
        """Compare what was published with the truth.

        Args:
            patience: seconds until everything must be told that is due by now.
        """
        as_of = datetime.now(UTC)
        deadline = time.monotonic() + patience
        truth = await self.truth()
        while True:
            account = self._compare({short: await self._published(short) for short in JUDGED}, truth, as_of)
            if not account.tells_late or time.monotonic() > deadline:
                return account
            await asyncio.sleep(0.5)

    async def _published(self, short: str) -> list[Read]:
        await self.tail(short).catch_up()
        return self.tail(short).all

    def _compare(self, published: Mapping[str, list[Read]], truth: Truth, as_of: datetime) -> Account:
        latest = {(read.key or b"").decode(): json.loads(read.value or b"{}") for read in published["summaries"]}
        account = compare(self.asked, published["highlights"], latest, truth)
        policy = policy_of(self.settings)
        topics = Topics(published["moments"], published["tournaments"], published["notifications"])
        judge_tournaments(account, self.asked, published["highlights"], topics, policy)
        follow_ups = (published["summaries"], published["follow-ups"])
        judge_follow_ups(account, self.asked, *follow_ups, remind_before_s=policy.remind_before_s, as_of=as_of)
        return account

    async def truth(self) -> Truth:
        """Return what the simulator says."""
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as http:
            answer = await http.get(self.simulator.base_url.removesuffix("/v1") + "/_sim/expected")
        with self.simulator.truth_log.open("rb") as log:
            return Truth.of(answer.content.splitlines(), log)

    def truth_events(self, event: str) -> list[dict[str, Any]]:
        """Return the truth log's events of one name."""
        start = b'{"event":"' + event.encode() + b'"'
        with self.simulator.truth_log.open("rb") as log:
            return [json.loads(line) for line in log if line.startswith(start)]


def _settings(servers: str, name: str, scale: Scale, base_url: str) -> Settings:
    low, high = scale.poll_s
    values: dict[str, dict[str, Any]] = {
        "kafka": {"bootstrap_servers": (servers,)},
        "topics": {"prefix": f"{name}.", "partitions": scale.partitions, "replication_factor": 1},
        "api": {"base_url": base_url, "submit_timeout_s": 2.0, "read_timeout_s": 5.0},
        "polling": {"min_s": low, "max_s": high, "per_page": scale.per_page},
        "worker": {
            "group_id": f"{name}.workers",
            "session_timeout_s": 6.0,
            "heartbeat_s": 1.0,
            "stall_timeout_s": 60.0,
        },
        "policy": {
            "in_doubt": "resubmit",
            "remind_before_s": (WEDNESDAY - datetime.now(UTC)).total_seconds() - scale.reminders_after_s,
        },
        "tournaments": {"every_s": 0.5, "notify_above": 0.7, "notify_per_minute": 30.0, "notify_burst": 3},
    }
    for path, value in scale.settings:
        group, _, key = path.partition(".")
        values[group][key] = value
    return Settings.model_validate(values)

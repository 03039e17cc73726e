"""A ledger in memory, a runner over it, and the simulated API on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from typing import Any

import httpx
import msgspec
import orjson
from pydantic import SecretStr

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profiles import Profiles
from agents.state import PartitionState
from pipeline.api import HighlightClient, RetryPolicy, open_http_client
from pipeline.effects.perform import Performer
from pipeline.effects.runner import EffectRunner
from pipeline.ledger.errors import LedgerClosed, LedgerError
from pipeline.simulator.scenario_file import scenario_from
from pipeline.simulator.server import serve
from schemas.records import Highlight, Observation, encode
from tests.unit.agents.support import Incoming, MemoryStage, make_request
from tests.unit.effects.fakes import StoppedClock

FAST: dict[str, Any] = {
    "poll_min_s": 0.05,
    "poll_max_s": 0.2,
    "sweep_pause_s": 0.02,
    "submit_window_s": 2.0,
    "doubt_wait_s": 0.2,
    "locate_pause_s": 0.1,
    "backoff_min_s": 0.02,
    "backoff_max_s": 0.2,
    "slot_retry_s": 0.1,
    "locate_tries": 5,
}
SLOW: dict[str, Any] = {"poll_min_s": 2.0, "poll_max_s": 60.0, "submit_window_s": 30.0, "jitter": 0.0}


class MemoryLedger(MemoryStage):
    """Durable at once unless a test holds it; until it is closed."""

    def __init__(self, state: PartitionState) -> None:
        super().__init__(state)
        self.partition = state.partition
        self.failure: LedgerError | None = None
        self.durable = asyncio.Event()
        self.durable.set()

    @property
    def is_open(self) -> bool:
        """Whether it has not failed."""
        return self.failure is None

    @is_open.setter
    def is_open(self, still: bool) -> None:
        self.failure = None if still else LedgerClosed("closed")

    def abandon(self, reason: str) -> None:
        """Fail at once."""
        self.failure = LedgerError(reason)

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Fold a state record, while open."""
        if not self.is_open:
            raise LedgerClosed("closed")
        super().put(key, value)

    async def flush(self) -> None:
        """Wait until the test lets things be durable."""
        await self.durable.wait()
        if self.failure is not None:
            raise self.failure


class Rig:
    """One partition with a runner; at real time unless a clock is given."""

    def __init__(
        self,
        api: Any,
        *,
        clock: StoppedClock | None = None,
        concurrency: int = 16,
        performer: Performer | None = None,
        profiles: Profiles | None = None,
        **policy: Any,
    ) -> None:
        self.clock: Callable[[], float] = clock or time.time
        self.domain = HighlightDomain(Policy(**{**FAST, **policy}), Random(5), profiles=profiles)
        self.ledger = MemoryLedger(self.domain.new_state(3))
        self.bugs: list[BaseException] = []
        self.handed: list[Observation] = []
        self.runner = EffectRunner(
            self.domain.effects,
            api,
            clock=self.clock,
            sleep=clock.sleep if clock else asyncio.sleep,
            concurrency=concurrency,
            on_fatal=self.bugs.append,
            hand_over=self._hand_over,
            performer=performer,
        )
        self._offset = 0

    async def _hand_over(self, observation: Observation) -> None:
        self.handed.append(observation)

    def feed(self, topic: str, record: msgspec.Struct, *, key: str = "") -> None:
        """Have a rule decide about one record, and wake the runner."""
        self._offset += 1
        key = key or record.request_id  # type: ignore[attr-defined]  # every record of ours has one
        incoming = Incoming(f"tldr.{topic}.v1", key.encode(), encode(record), self._offset)
        self.domain.rules[topic](incoming, self.ledger.state, self.ledger, self.clock())
        self.runner.wake(self.ledger.partition)

    def ask(self, count: int) -> None:
        """Feed so many requests, r0 and on."""
        for number in range(count):
            self.feed("requests", make_request(f"r{number}", source_url=f"https://twitch.tv/videos/{number}"))

    async def until(self, *, timeout: float = 20.0, **counts: int) -> None:
        """Wait until so many requests are in each state."""
        async with asyncio.timeout(timeout):
            while any(self.ledger.state.counts[state] < count for state, count in counts.items()):
                assert not self.bugs, self.bugs
                await asyncio.sleep(0.01)

    def highlights(self) -> dict[str, dict[str, tuple[int, str]]]:
        """The last revision and title of every highlight published, by stream and id."""
        found: dict[str, dict[str, tuple[int, str]]] = {}
        for item in self.ledger.published:
            if item.topic == "highlights":
                record = msgspec.json.decode(item.value or b"", type=Highlight)
                found.setdefault(record.stream_id, {})[record.highlight_id] = (record.revision, record.title)
        return found


class Simulator:
    """The simulated API, listening."""

    def __init__(self, base_url: str, http: httpx.AsyncClient) -> None:
        self._base_url = base_url
        self._http = http
        self.client = HighlightClient(
            http,
            base_url=base_url,
            api_key=SecretStr("sim-key-0001"),
            signing_secret=None,
            clock=time,
            sleep=asyncio.sleep,
            random=Random(1),
            policy=RetryPolicy(attempts=2, base_s=0.01, cap_s=0.05, total_s=5.0),
        )

    async def lines(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return a page of JSON lines."""
        answer = await self._http.get(self._base_url.removesuffix("/v1") + path, params=query)
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def accepted(self) -> list[dict[str, Any]]:
        """The POSTs that were applied."""
        return await self.lines("/_sim/truth", event="accepted")

    async def expected(self) -> dict[str, set[str]]:
        """The highlights that a perfect client ends up with, by stream."""
        answer = await self._http.get(self._base_url.removesuffix("/v1") + "/_sim/expected")
        return {
            line["stream_id"]: {highlight["id"] for highlight in line["highlights"]}
            for line in map(orjson.loads, answer.content.splitlines())
        }


@contextlib.asynccontextmanager
async def simulator(scenario: Mapping[str, Any], seed: int = 11) -> AsyncIterator[Simulator]:
    """Run the simulated API in this process."""
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve(scenario_from(scenario), "127.0.0.1", 0, seed, on_ready=ready.set_result, stop=stop)
    )
    http = open_http_client()
    try:
        async with asyncio.timeout(10):
            base_url = await ready
        yield Simulator(base_url, http)
    finally:
        await http.aclose()
        stop.set()
        await server

"""A simulator in this process: real sockets, its own server, and a clock that the test moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from pipeline.simulator.clock import ManualClock
from pipeline.simulator.scenario_file import scenario_from
from pipeline.simulator.server import serve

KEY = "sim-key-0001"
HEADERS = {"X-API-Key": KEY}

# One content second a real second, streams of 1,000 s that start at once, and 20 highlights: easy sums.
PLAIN: dict[str, Any] = {
    "time": {"compression": 1.0},
    "streams": {"duration_s": [1000, 1000], "pending_s": [10, 10], "highlights": [20, 20]},
}


@dataclass
class Running:
    """A simulator that listens: `api` talks to /v1 with a key, `door` to everything beside it."""

    base_url: str
    clock: ManualClock
    api: httpx.AsyncClient
    door: httpx.AsyncClient

    async def submit(self, url: str = "https://twitch.tv/one", **fields: Any) -> dict[str, Any]:
        """Start a stream and return it."""
        answer = await self.api.post("/streams", json={"source_url": url, **fields})
        assert answer.status_code == 201, answer.text
        stream: dict[str, Any] = answer.json()
        return stream

    async def get(self, path: str) -> dict[str, Any]:
        """Return the JSON of a GET that succeeds."""
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value

    async def all_highlights(self, stream_id: str) -> list[dict[str, Any]]:
        """Return the highlights of a stream as one page."""
        page = await self.get(f"/streams/{stream_id}/highlights?per_page=100")
        found: list[dict[str, Any]] = page["highlights"]
        return found

    async def truth(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the truth log, all of it or one kind of event."""
        answer = await self.door.get("/_sim/truth", params={} if event is None else {"event": event})
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def expected(self) -> list[dict[str, Any]]:
        """Return what each stream ends up with."""
        answer = await self.door.get("/_sim/expected")
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def summary(self) -> dict[str, Any]:
        """Return the counts."""
        value: dict[str, Any] = (await self.door.get("/_sim/summary")).json()
        return value


@contextlib.asynccontextmanager
async def running(
    table: Mapping[str, Any] | None = None, *, seed: int = 1, truth_path: Path | None = None
) -> AsyncIterator[Running]:
    """Run a simulator on a free port; `table` is laid over PLAIN, section by section."""
    scenario = scenario_from({**PLAIN, **(table or {})})
    clock, stop = ManualClock(), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(scenario, "127.0.0.1", 0, seed, truth_path, clock=clock, on_ready=ready.set_result, stop=stop)
    )
    try:
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        base = ready.result() if ready.done() else await _failed(serving)
        async with (
            httpx.AsyncClient(base_url=base, headers=HEADERS, timeout=5) as api,
            httpx.AsyncClient(base_url=base.removesuffix("/v1"), timeout=5) as door,
        ):
            yield Running(base, clock, api, door)
    finally:
        stop.set()
        await serving


async def _failed(serving: "asyncio.Task[None]") -> str:
    await serving
    raise AssertionError("the simulator ended before it listened")

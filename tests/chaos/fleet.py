"""The workers under test: processes of their own, each with its own API key, so that the truth log tells them apart."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil

from pipeline.settings import Settings
from pipeline.simulator.keys import key_hash
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment, settings_environment

WORKER = (sys.executable, "-P", "-m", "tests.chaos.worker")
NOTHING: Mapping[str, str] = MappingProxyType({})
_HEALTH = re.compile(rb"http://127\.0\.0\.1:\d+")
_LOOK_EVERY_S = 0.1


class WorkerUnderTest:
    """One worker: started, killed, frozen, started again.

    Attributes:
        exits: exit codes of the lives that are over, as they were seen.
    """

    def __init__(self, number: int, folder: Path, settings: Settings) -> None:
        self.number = number
        self.api_key = f"chaos-worker-{number}"
        self.exits: list[int | None] = []
        self._settings = settings
        self.child = Child(f"worker {number}", WORKER, folder / f"worker-{number}.log")

    async def start(self, more: Mapping[str, str] = NOTHING) -> None:
        """Start it with its settings and some more variables."""
        own = {"TLDR_API_KEY": self.api_key, "TLDR_HEALTH_PORT": "0", "TLDR_LOG_FORMAT": "json"}
        await self.child.start(bare_environment(os.environ) | settings_environment(self._settings) | own | dict(more))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await self.child.kill()
        self.exits.append(-signal.SIGKILL)

    async def stop(self, grace: float = 40.0) -> int | None:
        """End it with SIGTERM; return its exit code."""
        code = await self.child.stop(grace)
        self.exits.append(code)
        return code

    @property
    def key_hash(self) -> str:
        """How the truth log names it."""
        return key_hash(self.api_key.encode())

    @property
    def is_frozen(self) -> bool:
        """Whether the process is stopped, by itself or by us."""
        try:
            return bool(psutil.Process(self.child.pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False

    def health_url(self) -> str | None:
        """Where the present life answers, once it has said so."""
        for line in self.child.output().splitlines():
            if b"worker_starting" in line and (found := _HEALTH.search(line)):
                return found.group().decode()
        return None

    async def readiness(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """Return what /readyz says; ``ready`` is false while it does not answer."""
        url = self.health_url() if self.child.is_running else None
        if url is not None:
            try:
                answer: dict[str, Any] = (await http.get(f"{url}/readyz")).json()
            except (httpx.HTTPError, ValueError):
                return {"ready": False}
            return answer
        return {"ready": False}

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the log events of all its lives."""
        if not self.child.log_file.exists():
            return
        with self.child.log_file.open("rb") as file:
            for line in file:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    yield event

    @property
    def has_begun(self) -> bool:
        """Whether its present life came as far as to its own code."""
        return self.health_url() is not None

    def count(self, event: str) -> int:
        """Count log events of one name."""
        return sum(found.get("event") == event for found in self.events())


class Fleet:
    """The workers of one scene, numbered from 1."""

    def __init__(self, folder: Path, settings: Settings, size: int) -> None:
        self.workers = [WorkerUnderTest(number, folder, settings) for number in range(1, size + 1)]
        self._http = httpx.AsyncClient(timeout=2.0, trust_env=False)

    def __getitem__(self, number: int) -> WorkerUnderTest:
        return self.workers[number - 1]

    @property
    def running(self) -> list[WorkerUnderTest]:
        """Workers that are alive."""
        return [worker for worker in self.workers if worker.child.is_running]

    async def start(self, *numbers: int, more: Mapping[str, str] = NOTHING) -> None:
        """Start some, or all."""
        chosen = [self[number] for number in numbers] or self.workers
        await asyncio.gather(*(worker.start(more) for worker in chosen))

    async def until_begun(self, timeout: float = 60.0) -> None:
        """Wait until all that run came as far as to their own code.

        Raises:
            TimeoutError: with the numbers of those that did not.
        """
        deadline = time.monotonic() + timeout
        while late := [worker.number for worker in self.running if not worker.has_begun]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"workers {late} have not begun after {timeout:g} s")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def until_ready(self, *numbers: int, timeout: float = 60.0) -> float:
        """Wait until the named workers (all that run, by default) are ready; return the seconds it took.

        Raises:
            TimeoutError: with what each of them waits for.
        """
        started = time.monotonic()
        while True:
            chosen = [self[number] for number in numbers] or self.running
            states = await asyncio.gather(*(worker.readiness(self._http) for worker in chosen))
            if states and all(state.get("ready") for state in states):
                return time.monotonic() - started
            if time.monotonic() - started > timeout:
                missing = {w.number: s.get("missing", "no answer") for w, s in zip(chosen, states, strict=True)}
                raise TimeoutError(f"workers not ready after {timeout:g} s: {missing}")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def readiness(self, number: int) -> dict[str, Any]:
        """Return what one worker says of itself."""
        return await self[number].readiness(self._http)

    async def stop(self) -> None:
        """End all, gracefully."""
        await asyncio.gather(*(worker.stop() for worker in self.workers if worker.child.is_running))

    async def close(self) -> None:
        """End all at once and let go of everything."""
        await asyncio.gather(*(worker.child.stop(0.0) for worker in self.workers))
        await self._http.aclose()

    def count(self, event: str) -> int:
        """Count log events of one name over all workers and lives."""
        return sum(worker.count(event) for worker in self.workers)

    def died(self) -> dict[int, int]:
        """Return the exit codes of workers that ended without being asked to, by number."""
        return {
            worker.number: code
            for worker in self.workers
            if worker.child.starts > len(worker.exits) and (code := worker.child.exit_code()) is not None
        }

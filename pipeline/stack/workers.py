"""The workers of the stack: N child processes that can be killed, frozen, stopped and brought back one by one."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import orjson

from pipeline.kafka.log_end import how_it_ended
from pipeline.settings import Settings
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment, settings_environment
from pipeline.stack.errors import StackError

OWN_PROGRAM = (sys.executable, "-P", "-m", "agents")
"""How our own command is started again; the name is the composition root's, which machinery never imports."""

_LOOK_EVERY_S = 0.1


class WorkerProcess:
    """One worker of the stack.

    Attributes:
        number: counts from 1.
        health_url: where /livez, /readyz and /metrics are.
    """

    def __init__(self, number: int, folder: Path, health_port: int) -> None:
        self.number = number
        self.health_url = f"http://127.0.0.1:{health_port}"
        self.health_port = health_port
        self.child = Child(f"worker {number}", [*OWN_PROGRAM, "worker"], folder / f"worker-{number}.log")


class Workers:
    """All workers of the stack, by number from 1.

    Args:
        folder: where their logs go.
        settings: theirs, all alike but for the health port.
        environ: of this program; only what every program needs is passed on.
        ports: free ports for health, one for each worker there may be.
    """

    def __init__(self, folder: Path, settings: Settings, environ: Mapping[str, str], ports: list[int]) -> None:
        self._settings = settings
        self._environment = bare_environment(environ)
        self._all = {number: WorkerProcess(number, folder, port) for number, port in enumerate(ports, start=1)}

    def __getitem__(self, number: int) -> WorkerProcess:
        return self._all[number]

    def __iter__(self) -> Any:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    @property
    def running(self) -> list[WorkerProcess]:
        """Workers that are alive."""
        return [worker for worker in self._all.values() if worker.child.is_running]

    async def start(self, number: int, overrides: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start one, or start it again after its end.

        Args:
            number: which.
            overrides: more environment variables for this life, such as a crash point.
        """
        worker = self._all[number]
        own = {"TLDR_HEALTH_PORT": str(worker.health_port), "TLDR_HEALTH_HOST": "127.0.0.1"}
        await worker.child.start(self._environment | settings_environment(self._settings) | own | dict(overrides))

    async def stop(self, number: int, grace: float = 30.0) -> int | None:
        """End one gracefully; return its exit code."""
        return await self._all[number].child.stop(grace)

    async def kill(self, number: int) -> None:
        """Kill -9 one."""
        await self._all[number].child.kill()

    def freeze(self, number: int) -> None:
        """SIGSTOP one."""
        self._all[number].child.freeze()

    def resume(self, number: int) -> None:
        """SIGCONT one."""
        self._all[number].child.resume()

    async def stop_all(self, grace: float = 30.0) -> dict[int, int | None]:
        """End all at the same time; return their exit codes by number."""
        codes = await asyncio.gather(*(worker.child.stop(grace) for worker in self._all.values()))
        return dict(zip(self._all, codes, strict=True))

    async def until_ready(self, *numbers: int, timeout: float = 60.0) -> None:
        """Wait until the named workers (all that were started, by default) say that they are ready.

        Raises:
            StackError: one ended, or was not ready in time; the text says what it waits for.
        """
        waiting = [self._all[number] for number in numbers] or [w for w in self._all.values() if w.child.starts]
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as http:
            await asyncio.gather(*(_until_ready(http, worker, timeout) for worker in waiting))


async def _until_ready(http: httpx.AsyncClient, worker: WorkerProcess, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    missing = "its health server"
    while True:
        if (code := worker.child.exit_code()) is not None:
            how = how_it_ended(code, worker.child.log_file)
            raise StackError(f"{worker.child.name} {how}", worker.child.log_file)
        try:
            answer = await http.get(f"{worker.health_url}/readyz")
        except httpx.HTTPError:
            pass
        else:
            if answer.status_code == httpx.codes.OK:
                return
            missing = _missing(answer)
        if time.monotonic() > deadline:
            reason = f"{worker.child.name} was not ready within {timeout:g} s; it waits for {missing}"
            raise StackError(reason, worker.child.log_file)
        await asyncio.sleep(_LOOK_EVERY_S)


def _missing(answer: httpx.Response) -> str:
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        return f"a sound /readyz (it answers {answer.status_code})"
    return ", ".join(orjson.loads(answer.content)["missing"])

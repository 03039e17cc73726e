"""The simulated API as a child process of the stack."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import orjson

from pipeline.kafka.log_end import how_it_ended
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment
from pipeline.stack.errors import StackError

_LOOK_EVERY_S = 0.03


class SimulatorProcess:
    """``python -m pipeline.simulator``; restarts come back on the same port.

    Attributes:
        truth_log: what it really did, as JSON lines, over all its lives.
        base_url: of its API, ending in /v1; empty before the first start.
    """

    def __init__(self, folder: Path, *, scenario: str, seed: int, port: int, environ: Mapping[str, str]) -> None:
        self.truth_log = folder / "truth.jsonl"
        self.base_url = ""
        self._environment = bare_environment(environ)
        arguments = ["--scenario", scenario, "--seed", str(seed), "--truth-log", str(self.truth_log)]
        module = (sys.executable, "-P", "-m", "pipeline.simulator")
        self.child = Child("simulator", [*module, *arguments, "--port", str(port)], folder / "simulator.log")

    async def start(self, timeout: float = 20.0) -> str:
        """Start it and return its base URL once it answers.

        Raises:
            StackError: it ended, its address is taken, or it did not say that it is ready.
        """
        await self.child.start(self._environment)
        deadline = time.monotonic() + timeout
        while (url := self._ready_url()) is None:
            if (code := self.child.exit_code()) is not None:
                if refused := self._refused_address():
                    raise StackError(refused)
                raise StackError(f"the simulator {how_it_ended(code, self.child.log_file)}", self.child.log_file)
            if time.monotonic() > deadline:
                raise StackError(f"the simulator was not ready within {timeout:g} s", self.child.log_file)
            await asyncio.sleep(_LOOK_EVERY_S)
        self.base_url = url
        return url

    def _ready_url(self) -> str | None:
        for line in self.child.output().splitlines():
            if line.startswith(b'{"event":"simulator_ready"'):
                return str(orjson.loads(line)["base_url"])
        return None

    def _refused_address(self) -> str | None:
        for line in self.child.output().decode(errors="replace").splitlines():
            if line.startswith("simulator: cannot listen on"):
                return line
        return None

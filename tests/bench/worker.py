"""Our worker on seeded state: started, ready, measured, ended."""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx

from pipeline.kafka.ports import choose_ports
from schemas.catalogue import full_name
from tests.bench.feed import Feed
from tests.bench.lineup import OURS, SYSTEMS, our_environment
from tests.bench.measured import Measured
from tests.bench.topics import topics
from tests.bench.workload import PARTITIONS, Input

_OURS = next(system for system in SYSTEMS if system.name == OURS)
_LOOK_EVERY_S = 0.02


class OurWorker:
    """One worker process.

    Attributes:
        prefix: of its topics.
        process: what runs.
        ready_s: seconds from the start of the process until all its ledgers were open and it said that it is ready.
    """

    def __init__(self, prefix: str, process: Measured, health_port: int) -> None:
        self.prefix = prefix
        self.process = process
        self.ready_s = 0.0
        self._readyz = f"http://127.0.0.1:{health_port}/readyz"

    def until_ready(self, started: float, timeout: float) -> None:
        """Wait for readiness with every partition.

        Args:
            started: monotonic seconds.
            timeout: seconds.
        """
        with httpx.Client(timeout=5.0, trust_env=False) as http:
            while not self._is_ready(http):
                self.process.require()
                if time.monotonic() - started > timeout:
                    raise TimeoutError(f"the worker was not ready within {timeout:g} s:\n{self.process.tail()}")
                time.sleep(_LOOK_EVERY_S)
        self.ready_s = time.monotonic() - started

    def _is_ready(self, http: httpx.Client) -> bool:
        try:
            answer = http.get(self._readyz)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and len(answer.json()["ledgers_open"]) == PARTITIONS


@contextlib.asynccontextmanager
async def running(servers: str, state: Iterable[Input], *, timeout: float = 120.0) -> AsyncIterator[OurWorker]:
    """Write state to a ledger of its own, start a worker on it, and end it afterwards."""
    with topics(servers, OURS) as prefix, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        feed = Feed(servers, full_name("ledger", prefix))
        feed.fill(state)
        feed.release()
        port = choose_ports(1, random.SystemRandom())[0]
        worker = OurWorker(prefix, Measured(OURS, _OURS.command, Path(folder)), port)
        try:
            started = time.monotonic()
            await worker.process.start(our_environment(servers, prefix, port))
            worker.until_ready(started, timeout)
            yield worker
        finally:
            await worker.process.stop()

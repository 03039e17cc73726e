"""A process under measurement: CPU seconds and memory of it and its children, and its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from pipeline.stack.child import Child


class Sample(NamedTuple):
    """One look. ``at`` is monotonic seconds, ``cpu_s`` user and system seconds since the start."""

    at: float
    cpu_s: float
    rss_mb: float


class Measured:
    """A program and everything it starts.

    Args:
        name: for people and for the log file.
        command: program and arguments.
        folder: where its log goes.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.child = Child(name, command, folder / f"{name}.log")
        self.samples: list[Sample] = []

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start it."""
        await self.child.start(environment)

    async def stop(self) -> None:
        """End it: asked first, then killed."""
        await self.child.stop(grace=10.0)

    def require(self) -> None:
        """Raise if it has ended, with the end of its log."""
        if self.child.is_running:
            return
        raise RuntimeError(f"{self.child.name} ended with exit code {self.child.exit_code()}:\n{self.tail()}")

    def tail(self) -> str:
        """Return the end of what it printed."""
        return self.child.output().decode(errors="replace")[-4_000:]

    def sample(self) -> Sample:
        """Look at it now."""
        cpu = rss = 0.0
        for process in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                cpu += times.user + times.system
                rss += process.memory_info().rss / 1e6
        sample = Sample(time.monotonic(), cpu, rss)
        self.samples.append(sample)
        return sample

    def peak_rss_mb(self) -> float:
        """The most memory it ever had, as the kernel counts it."""
        return sum(_high_water_mb(process.pid) for process in self._family())

    def cpu_between(self, start: float, end: float) -> float:
        """CPU seconds between two moments (monotonic), to the nearest look."""
        before = [sample for sample in self.samples if sample.at <= start] or self.samples[:1]
        after = [sample for sample in self.samples if sample.at >= end] or self.samples[-1:]
        return after[0].cpu_s - before[-1].cpu_s

    def _family(self) -> list[psutil.Process]:
        self.require()
        process = psutil.Process(self.child.pid)
        return [process, *process.children(recursive=True)]


def _high_water_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0

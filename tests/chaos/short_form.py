"""All statements with few rounds, some of them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.run import Figures, Run
from tests.chaos.statements import STATEMENTS

AT_ONCE = 3
SEED = 1


class ShortForm:
    """Runs statements in the background and hands out their figures."""

    def __init__(self, kafka: EmbeddedKafka, folder: Path) -> None:
        self._kafka = kafka
        self._folder = folder
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._runs: dict[str, asyncio.Task[Figures]] = {}

    def begin(self, names: Iterable[str]) -> None:
        """Start the short form of some statements."""
        for name in names:
            self._runs[name] = asyncio.create_task(self._run(name), name=f"chaos-{name}")

    async def figures(self, name: str) -> Figures:
        """Wait for a statement's figures."""
        return await self._runs[name]

    async def end(self) -> None:
        """Give up what still runs."""
        for run in self._runs.values():
            run.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)

    async def _run(self, name: str) -> Figures:
        entry = STATEMENTS[name]
        async with self._gate:
            run = Run(name, SEED, entry.short_rounds, self._kafka, self._folder / name, short=True)
            return await entry.run(run)

"""R3: workers come and go every few seconds, and each stream is polled by one of them at a time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from itertools import pairwise

from tests.chaos.run import Figures, Run, Scale, Scene, verdict

FULL = Scale(workers=4, seconds=(10.0, 20.0), poll_s=(1.0, 3.0), partitions=8)
SHORT = FULL.but(seconds=(4.0, 8.0))
STEP_S = 5.0
ROUND_S = 2 * STEP_S
"""A round is up to four workers, and down to one."""

TWICE_AT_MOST = 0.01
"""Share of polling intervals in which two workers may have asked for the same stream."""


async def r3(run: Run) -> Figures:
    """Scale from 1 to 4 workers and back under load, ``rounds`` times up and down.

    A step takes 5 seconds, or as long as workers take to begin.
    """
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start(1)
        await scene.fleet.until_ready()
        codes: list[int | None] = []
        async with scene.feeding(1.5):
            for number in range(1, run.rounds + 1):
                await _step(run, scene, f"round {number}: 4 workers", _grow(scene))
                await _step(run, scene, f"round {number}: 1 worker", _shrink(scene, codes))
        await scene.fleet.start(2)
        wrong = [code for code in codes if code != 0]
        polled = polls(scene)
        stopped = len(codes) == run.rounds * (len(scene.fleet.workers) - 1)
        holds = polled["polled_twice_share"] <= TWICE_AT_MOST and stopped and not wrong and not scene.fleet.died()
        return await verdict(scene, rounds=run.rounds, **polled, stops=len(codes), wrong_exits=wrong, holds=holds)


async def _step(run: Run, scene: Scene, text: str, work: asyncio.Future[None]) -> None:
    started = time.monotonic()
    await work
    took = time.monotonic() - started
    run.say(f"{text}, took {took:.1f} s, {len(scene.requests)} requests so far")
    await asyncio.sleep(max(0.0, STEP_S - took))


def _grow(scene: Scene) -> asyncio.Future[None]:
    async def grow() -> None:
        await scene.fleet.start(*(w.number for w in scene.fleet.workers if not w.child.is_running))
        await scene.fleet.until_begun()  # else the next step would stop what has touched nothing yet

    return asyncio.ensure_future(grow())


def _shrink(scene: Scene, codes: list[int | None]) -> asyncio.Future[None]:
    async def shrink() -> None:
        codes.extend(await asyncio.gather(*(worker.stop() for worker in scene.fleet.workers[1:])))

    return asyncio.ensure_future(shrink())


def polls(scene: Scene) -> dict[str, float | int]:
    """Count intervals between two polls of one stream, and those in which two workers polled it."""
    shortest = scene.scale.poll_s[0]
    by_stream: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for event in scene.truth_events("request"):
        if event["method"] == "GET" and event["route"] == "/streams/{id}" and event["status"] == 200:
            by_stream[event["stream_id"]].append((event["time"], event["key"]))
    intervals = twice = 0
    for asked in by_stream.values():
        asked.sort()
        for (before, first), (after, second) in pairwise(asked):
            intervals += 1
            # a lawful successor waits for the due time that is in the state
            twice += first != second and after - before < shortest / 2
    return {"intervals": intervals, "polled_twice": twice, "polled_twice_share": round(twice / max(intervals, 1), 5)}

"""R5: the process dies before or after each durable step, and what comes out is what comes out without faults."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass

from pipeline.worker.crash_points import CRASH_POINTS
from tests.chaos.oracle import projection
from tests.chaos.run import Figures, Run, Scale, Scene

SCALE = Scale(streams=6, workers=1, partitions=3, seconds=(2.5, 5.0), highlights=(6, 6), poll_s=(0.4, 1.0))
AT_ONCE = 5
"""Runs at the same time: most of each is waiting for the group to notice a death."""

ON_STOP = frozenset({"before_close", "after_close"})
"""Places that are passed at the end of a process: the worker is told to stop."""

LATEST_PASS = {"before_open": 3, "after_open": 3, "before_close": 3, "after_close": 3, "before_intent": 5}
LATEST_PASS |= {"after_intent": 5, "before_post": 5, "after_post": 5, "before_offsets": 3, "after_offsets": 3}
LATEST_PASS_ELSE = 20


@dataclass(frozen=True)
class Ended:
    """How one run ended: whether its place was reached, and what was published."""

    place: str
    reached: bool
    holds: bool
    hash: str
    problems: tuple[str, ...]


async def r5(run: Run) -> Figures:
    """Walk through all crash points, each ``rounds`` times at another pass."""
    undisturbed = await _one(run, "none", "")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(place: str, number: int) -> Ended:
        nth = run.rng.randint(1, LATEST_PASS.get(place, LATEST_PASS_ELSE))
        async with gate:
            ended = await _one(run, place, f"{place}:{nth}", f"{place.replace('_', '-')}-{number}")
        same = ended.hash == undisturbed.hash
        run.say(f"{place}:{nth}: {'same' if same else 'OTHER'} outcome{'' if ended.reached else ', never reached'}")
        return ended

    passes = [(place, number) for place in CRASH_POINTS for number in range(1, run.rounds + 1)]
    ended = await asyncio.gather(*(one(place, number) for place, number in passes))
    other = [end.place for end in ended if end.hash != undisturbed.hash]
    missed = [end.place for end in ended if not end.reached]
    problems = [problem for end in ended for problem in end.problems][:12]
    good = undisturbed.holds and not other and not missed and all(end.holds for end in ended)
    return {
        "pass": good,
        "rounds": run.rounds,
        "points": len(CRASH_POINTS),
        "crashes": sum(end.reached for end in ended),
        "other_outcome": len(other),
        "never_reached": missed,
        **({"problems": problems} if problems else {}),
    }


async def _one(run: Run, place: str, crash_point: str, part: str = "undisturbed") -> Ended:
    async with run.scene(SCALE, part) as scene:
        reached = not crash_point
        await scene.fleet.start(more={"TLDR_CRASH_POINT": crash_point} if crash_point else {})
        await scene.submit_all()
        if crash_point:
            reached = await _until_dead(scene, stop=place in ON_STOP)
            await scene.fleet.start()
        await scene.until_settled(60.0)
        left = await scene.until_quiet()
        account = await scene.account()
        holds = account.holds and not any(left.values()) and not scene.fleet.died()
        problems = (*account.problems, *(str(left) for _ in range(any(left.values()))))
        return Ended(place, reached, holds, projection(scene.tail("highlights").all), problems)


async def _nudged_to_death(scene: Scene, timeout: float) -> int | None:
    """Wait for the worker's end; a request repeated now and then keeps transactions and offset commits coming."""
    deadline = time.monotonic() + timeout
    first = scene.requests[0]
    while time.monotonic() < deadline:
        await scene.writer.write(scene.topic("requests"), [(first, scene.asked[first])])
        code = await scene.fleet[1].child.wait(0.8)
        if code is not None:
            return code
    return None


async def _until_dead(scene: Scene, *, stop: bool) -> bool:
    """Wait until the worker has killed itself; if it has not, end it. Return whether it did."""
    worker = scene.fleet[1]
    if stop:
        await scene.fleet.until_ready()
        await asyncio.sleep(2.0)
        code = await worker.child.stop(30.0)
    else:
        code = await _nudged_to_death(scene, 30.0)
        if code is None:
            await worker.child.kill()
    worker.exits.append(code)
    return code == -signal.SIGKILL

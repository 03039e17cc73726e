"""R41: a worker frozen while it opens ledgers, woken when they are another's, hurts that one once at most."""

from __future__ import annotations

import asyncio
import time

from tests.chaos.fleet import WorkerUnderTest
from tests.chaos.run import Figures, Run, Scale, Scene, verdict
from tests.chaos.zombies import BACK_WITHIN_S, LEAVES_WITH, until_back

SCALE = Scale(workers=3, seconds=(6.0, 12.0), poll_s=(0.5, 2.0))
PLACES = ("before_open", "after_open")


async def r41(run: Run) -> Figures:
    """Freeze a worker while it opens its ledgers, for twice the session timeout, ``rounds`` times under load."""
    figures = {"rounds": run.rounds, "frozen": 0, "rejoined": 0, "left": 0, "wrong_exits": 0}
    slowest, fenced_most = 0.0, 0
    async with run.scene(SCALE) as scene:
        await scene.fleet.start()
        await scene.fleet.until_ready()
        async with scene.feeding(2.0):
            for number in range(1, run.rounds + 1):
                zombie = run.rng.choice(scene.fleet.workers)
                await zombie.stop()
                place, nth = run.rng.choice(PLACES), run.rng.randint(1, 2)
                fenced = _fenced(scene, zombie)
                await zombie.start({"CHAOS_FREEZE_AT": f"{place}:{nth}"})
                figures["frozen"] += await _until_frozen(zombie)
                await asyncio.sleep(2 * scene.settings.worker.session_timeout_s)
                zombie.child.resume()
                back_s, code = await until_back(scene.fleet, zombie, -1)
                slowest = max(slowest, back_s)
                if code is not None:
                    figures["left"] += 1
                    figures["wrong_exits"] += code not in LEAVES_WITH
                    zombie.exits.append(code)
                    await zombie.start()
                else:
                    figures["rejoined"] += 1
                await scene.fleet.until_ready(timeout=BACK_WITHIN_S)
                worst = max(after - before for before, after in zip(fenced, _fenced(scene, zombie), strict=True))
                fenced_most = max(fenced_most, worst)
                run.say(
                    f"freeze {number} at {place}:{nth}: {code or 'rejoined'} in {back_s:.1f} s, fenced {worst} times"
                )
        died = scene.fleet.died()
        holds = not died and slowest < BACK_WITHIN_S and fenced_most <= 1 and not figures["wrong_exits"]
        holds = holds and figures["frozen"] == run.rounds
        return await verdict(
            scene, **figures, fenced_most=fenced_most, slowest_back_s=round(slowest, 1), died=len(died), holds=holds
        )


async def _until_frozen(worker: WorkerUnderTest, timeout: float = 40.0) -> bool:
    deadline = time.monotonic() + timeout
    while not worker.is_frozen:
        if time.monotonic() > deadline or not worker.child.is_running:
            return False
        await asyncio.sleep(0.05)
    return True


def _fenced(scene: Scene, zombie: WorkerUnderTest) -> list[int]:
    """Count how often each partition of the healthy workers was fenced so far."""
    counts = [0] * scene.scale.partitions
    for worker in scene.fleet.workers:
        if worker is zombie:
            continue
        for event in worker.events():
            if event.get("event") == "ledger_failed" and "Fenced" in str(event.get("error")):
                counts[int(event["partition"])] += 1
    return counts

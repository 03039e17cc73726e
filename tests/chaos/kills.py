"""R1: workers die of kill -9 at random, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import asyncio

from tests.chaos.fleet import Fleet
from tests.chaos.run import Figures, Run, Scale, verdict

FULL = Scale(streams=200, over_s=70.0, seconds=(10.0, 20.0))
SHORT = Scale(streams=24, over_s=8.0, seconds=(4.0, 8.0))


async def r1(run: Run) -> Figures:
    """Kill a random one of three workers ``rounds`` times under load, each time starting it again."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        await scene.fleet.until_ready()
        load = asyncio.create_task(scene.submit_all())
        for number in range(1, run.rounds + 1):
            await asyncio.sleep(run.rng.uniform(1.5, 7.0))
            await kill_one(run, scene.fleet, number)
        await load
        died = scene.fleet.died()
        return await verdict(scene, rounds=run.rounds, unexpected_exits=len(died), holds=not died)


async def kill_one(run: Run, fleet: Fleet, number: int) -> None:
    """Kill one running worker and start it again after a moment."""
    victim = run.rng.choice(fleet.running)
    await victim.kill()
    pause = run.rng.uniform(0.0, 1.5)
    run.say(f"kill {number}: worker {victim.number}, back in {pause:.1f} s")
    await asyncio.sleep(pause)
    await victim.start()

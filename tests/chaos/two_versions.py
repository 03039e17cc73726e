"""R42: two state versions in one group during a rolling restart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.chaos.fleet import NOTHING
from tests.chaos.run import Figures, Run, Scale, Scene, verdict

FULL = Scale(workers=3, streams=90, over_s=40.0, seconds=(10.0, 20.0))
SHORT = Scale(workers=2, streams=16, over_s=8.0, seconds=(6.0, 9.0))
NEXT: Mapping[str, str] = {"CHAOS_NEXT_STATE": "1"}


async def r42(run: Run) -> Figures:
    """Roll the workers to the next version and back, with one of the new ones killed on the way."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        await scene.fleet.until_ready()
        load = asyncio.create_task(scene.submit_all())
        for number in range(1, run.rounds + 1):
            await _roll(scene, 1, NEXT)
            run.say(f"round {number}: one worker of the next version")
            await asyncio.sleep(run.rng.uniform(1.0, 3.0))
            await scene.fleet[1].kill()  # the others restore what the next version wrote
            await asyncio.sleep(run.rng.uniform(0.0, 1.0))
            await scene.fleet[1].start(NEXT)
            for other in range(2, scene.scale.workers + 1):
                await _roll(scene, other, NEXT)
            run.say(f"round {number}: all of the next version; now back")
            for worker in range(1, scene.scale.workers + 1):
                await _roll(scene, worker, NOTHING)
        await load
        died = scene.fleet.died()
        figures = await verdict(scene, rounds=run.rounds, unexpected_exits=len(died), holds=not died)
        await scene.tail("ledger").catch_up()
        of_next = sum(b"bright" in (record.value or b"") for record in scene.tail("ledger").all)
        return figures | {"records_of_next": of_next, "pass": figures["pass"] and of_next > 0}


async def _roll(scene: Scene, number: int, version: Mapping[str, str]) -> None:
    await scene.fleet[number].stop()
    await scene.fleet[number].start(version)
    await scene.fleet.until_ready(number)

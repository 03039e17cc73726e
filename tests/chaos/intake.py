"""R38: the intake is held and released many times under load, and no record is skipped."""

from __future__ import annotations

import asyncio
import time

from tests.chaos.observing import BARREN, Observed, observed_verdict, until_processing
from tests.chaos.run import Figures, Run

LONGEST_S = 0.3


async def r38(run: Run) -> Figures:
    """Hold and release the intake ``rounds`` times while observations stream in."""
    async with run.scene(BARREN.but(workers=2)) as scene:
        await scene.fleet.start(more={"CHAOS_TOGGLE_INTAKE": f"{run.rounds}:{LONGEST_S}"})
        await scene.submit_all()
        await until_processing(scene)
        observed = Observed()
        deadline = time.monotonic() + 60.0
        while scene.fleet.count("chaos_intake_toggled") < 2 and time.monotonic() < deadline:
            names = [f"hl-{observed.written + n}" for n in range(60)]
            records = [observed.record(run.rng.choice(scene.requests), name, name) for name in names]
            await scene.writer.write(scene.topic("observations"), records)
            await asyncio.sleep(run.rng.uniform(0.0, 0.1))
        toggled = scene.fleet.count("chaos_intake_toggled") * run.rounds
        holds = toggled == 2 * run.rounds and not scene.fleet.died()
        return await observed_verdict(scene, observed, rounds=run.rounds, held_and_released=toggled, holds=holds)

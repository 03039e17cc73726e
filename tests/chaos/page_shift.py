"""R8: highlights appear at the front of every page that is being read, and each is found once."""

from __future__ import annotations

from tests.chaos.run import Figures, Run, Scale, verdict

FULL = Scale(
    streams=30,
    workers=2,
    seconds=(4.0, 8.0),
    highlights=(45, 65),
    per_page=10,
    newest_first_growing=True,
    over_s=5.0,
)
SHORT = FULL.but(streams=8, over_s=0.0)


async def r8(run: Run) -> Figures:
    """Read lists that grow while they are read."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        await scene.submit_all()
        figures = await verdict(scene, rounds=run.rounds)
        early = sum(bool(event["early"]) for event in scene.truth_events("made"))
        return figures | {"appeared_while_reading": early, "pass": figures["pass"] and early > 0}

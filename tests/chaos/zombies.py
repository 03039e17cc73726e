"""R2: a worker frozen inside an open transaction wakes after others took over, and doubles nothing."""

from __future__ import annotations

import asyncio
import time

from pipeline.worker.exit_codes import ExitCode
from tests.chaos.fleet import Fleet, WorkerUnderTest
from tests.chaos.reading import Ends
from tests.chaos.run import Figures, Run, Scale, Scene, verdict
from tests.chaos.scene import OUTPUTS

FULL = Scale(workers=3, seconds=(6.0, 12.0), highlights=(12, 12), poll_s=(0.4, 1.5))
SHORT = FULL.but(seconds=(4.0, 6.0))
PER_SECOND = 2.5

BACK_WITHIN_S = 30.0
LEAVES_WITH = frozenset({ExitCode.FENCED})
"""How a zombie may end itself; otherwise it rejoins."""


async def r2(run: Run) -> Figures:
    """Freeze a worker inside a transaction for twice the session timeout, ``rounds`` times under load."""
    figures = {"rounds": run.rounds, "inside_transaction": 0, "rejoined": 0, "left": 0, "wrong_exits": 0}
    slowest = 0.0
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        session = scene.settings.worker.session_timeout_s
        await scene.fleet.start()
        await scene.fleet.until_ready()
        async with scene.feeding(PER_SECOND):
            for number in range(1, run.rounds + 1):
                await scene.fleet.until_ready()
                zombie = run.rng.choice(scene.fleet.running)
                before = (await zombie_state(scene.fleet, zombie))[0]
                opened = await freeze_inside_transaction(run, scene, zombie)
                figures["inside_transaction"] += bool(opened)
                await asyncio.sleep(2 * session)
                zombie.child.resume()
                back_s, code = await until_back(scene.fleet, zombie, before)
                slowest = max(slowest, back_s)
                how = "rejoined" if code is None else f"left with {code}"
                run.say(
                    f"freeze {number}: worker {zombie.number} inside {opened or 'nothing'}; {how} in {back_s:.1f} s"
                )
                if code is None:
                    figures["rejoined"] += 1
                else:
                    figures["left"] += 1
                    figures["wrong_exits"] += code not in LEAVES_WITH
                    zombie.exits.append(code)
                    await zombie.start()
        holds = slowest < BACK_WITHIN_S and not figures["wrong_exits"] and not scene.fleet.died()
        holds = holds and figures["inside_transaction"] == run.rounds
        return await verdict(scene, **figures, slowest_back_s=round(slowest, 1), holds=holds)


async def freeze_inside_transaction(run: Run, scene: Scene, worker: WorkerUnderTest, tries: int = 200) -> list[str]:
    """Freeze a worker so that a transaction of its is open; return the partitions it holds open."""
    ends, topics = Ends(scene.servers), [scene.topic(short) for short in OUTPUTS]

    def held_open() -> dict[tuple[str, int], int]:
        return ends.open_transactions(topics, scene.scale.partitions)

    for _ in range(tries):
        worker.child.freeze()
        if first := await asyncio.to_thread(held_open):
            await asyncio.sleep(0.25)  # the transactions of the others are over by then
            second = await asyncio.to_thread(held_open)
            if kept := [f"{topic}-{n}" for (topic, n), offset in first.items() if second.get((topic, n)) == offset]:
                return sorted(kept)
        worker.child.resume()
        await asyncio.sleep(run.rng.uniform(0.0, 0.06))
    worker.child.freeze()
    return []


async def zombie_state(fleet: Fleet, worker: WorkerUnderTest) -> tuple[int, bool]:
    """Return the generation a worker believes to be in, and whether it is ready."""
    state = await fleet.readiness(worker.number)
    return int(state.get("generation", -1)), bool(state.get("ready"))


async def until_back(fleet: Fleet, worker: WorkerUnderTest, before: int) -> tuple[float, int | None]:
    """Wait until a woken worker is in a later generation, or gone; return the seconds and its exit code."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < 2 * BACK_WITHIN_S:
        code = worker.child.exit_code()
        if code is not None:
            return waited, code
        generation, ready = await zombie_state(fleet, worker)
        if ready and generation > before:
            return waited, None
        await asyncio.sleep(0.1)
    return waited, None

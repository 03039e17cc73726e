"""R39: faults in the middle of a batch acknowledge nothing that was not applied."""

from __future__ import annotations

import asyncio
import json
import signal
import time

from confluent_kafka import KafkaException

from pipeline.worker.exit_codes import ExitCode
from tests.chaos.fleet import WorkerUnderTest
from tests.chaos.observing import BARREN, Observed, observed_verdict, until_processing
from tests.chaos.reading import Ends
from tests.chaos.run import Figures, Run, Scene

LANES = 4
"""Scenes at the same time: most of a round is waiting for the group to notice a death."""

BATCH = 700
"""Observations of a round: more than the loop applies between two turns of the event loop, in each partition."""

KINDS = ("raise", "kill", "cancel")
ENDS_WITH = {"raise": int(ExitCode.BUG), "kill": -signal.SIGKILL, "cancel": int(ExitCode.OK)}
"""A worker whose loop was cancelled reads again what it had not applied, and goes on until it is asked to end."""

SCALE = BARREN.but(settings=(("worker.stall_timeout_s", 10.0),))


async def r39(run: Run) -> Figures:
    """Raise, kill and cancel at random records of batches, ``rounds`` times in all."""
    lanes = min(LANES, run.rounds)
    shares = [run.rounds // lanes + (lane < run.rounds % lanes) for lane in range(lanes)]
    parts = await asyncio.gather(*(_lane(run, lane, share) for lane, share in enumerate(shares)))
    total: Figures = {"pass": all(part["pass"] for part in parts), "rounds": run.rounds}
    for name in ("made", "missing", "duplicate", "out_of_order", "acknowledged_unapplied"):
        total[name] = sum(part[name] for part in parts)
    if wrong := [exit_ for part in parts for exit_ in part["wrong_exits"]]:
        total["wrong_exits"] = wrong
    if left := [part["left"] for part in parts if "left" in part]:
        total["left_by_lane"] = left
    return total


async def _lane(run: Run, lane: int, rounds: int) -> Figures:
    async with run.scene(SCALE, f"lane-{lane}") as scene:
        await scene.fleet.start()
        await scene.submit_all()
        await until_processing(scene)
        await scene.fleet[1].stop()
        observed, unapplied = Observed(), 0
        wrong: list[str] = []
        for number in range(rounds):
            kind, nth = KINDS[(number + lane) % len(KINDS)], run.rng.randint(1, BATCH)
            names = [f"hl-{number}-{n}" for n in range(BATCH)]
            records = [observed.record(run.rng.choice(scene.requests), name, name) for name in names]
            await scene.writer.write(scene.topic("observations"), records)
            code = await _live_until_fault(scene, observed, kind, nth)
            lost = await acknowledged_unapplied(scene)
            unapplied += lost
            run.say(f"lane {lane}: {kind} at record {nth}, ended with {code}, {lost} acknowledged and not applied")
            if code != ENDS_WITH[kind]:
                wrong.append(f"{kind}: {code}")
        await scene.fleet.start()
        await scene.fleet.until_ready()
        more = {"acknowledged_unapplied": unapplied, "wrong_exits": wrong}
        return await observed_verdict(scene, observed, **more, holds=not unapplied and not wrong)


async def _live_until_fault(scene: Scene, observed: Observed, kind: str, nth: int) -> int | None:
    """Run the worker into its fault; return its exit code, ``None`` if it hangs."""
    worker = scene.fleet[1]
    struck = worker.count("chaos_observation_fault")
    await worker.start({"CHAOS_OBSERVATION_FAULT": f"{kind}:{nth}"})
    if kind == "cancel":
        await _until_struck(worker, struck + 1)
        code = await _outlive(scene, observed)
    else:
        code = await worker.child.wait(45.0)
    if code is None:
        await worker.child.kill()
    worker.exits.append(code)
    return code


async def _until_struck(worker: WorkerUnderTest, times: int, timeout: float = 30.0) -> None:
    deadline = time.monotonic() + timeout
    while worker.count("chaos_observation_fault") < times:
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(0.02)


async def _outlive(scene: Scene, observed: Observed) -> int | None:
    """Write more to every request at once, and end the worker when it has read all; ``None`` if it does not."""
    number = observed.written
    records = [observed.record(request, f"hl-after-{number}-{n}", "after") for n, request in enumerate(scene.requests)]
    await scene.writer.write(scene.topic("observations"), records)
    left = await scene.until_quiet(30.0)
    worker = scene.fleet[1]
    code = worker.child.exit_code()
    return await worker.child.stop(30.0) if code is None and not left["unread"] else code


async def acknowledged_unapplied(scene: Scene) -> int:
    """Count observations that the group has committed past, and whose highlight is nowhere."""
    topic = scene.topic("observations")
    committed = await asyncio.to_thread(_committed, scene)
    told, published = scene.tail("observations"), scene.tail("highlights")
    await told.catch_up()
    await published.catch_up()
    there = {json.loads(record.value or b"{}")["highlight_id"] for record in published.all}
    return sum(
        json.loads(record.value or b"{}")["highlights"][0]["id"] not in there
        for record in told.all
        if record.offset < committed.get((topic, record.partition), 0)
    )


def _committed(scene: Scene) -> dict[tuple[str, int], int]:
    try:
        return Ends(scene.servers).committed(scene.group)
    except KafkaException:
        return Ends(scene.servers).committed(scene.group)

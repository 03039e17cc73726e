"""R37: killed between the transaction and the offset commit, again and again: two revisions stay two."""

from __future__ import annotations

import json
import signal
from collections import Counter

from tests.chaos.observing import BARREN, Observed, observed_verdict, until_processing
from tests.chaos.run import Figures, Run, Scene


async def r37(run: Run) -> Figures:
    """Each round: revisions A and B of one highlight, a poison record and a command, then death before the commit."""
    async with run.scene(BARREN.but(streams=run.rounds)) as scene:
        await scene.fleet.start()
        await scene.submit_all()
        await until_processing(scene)
        await scene.fleet[1].stop()
        observed, crashes = Observed(), 0
        for number, request in enumerate(scene.requests):
            await _write_round(scene, observed, request, number)
            crashes += await _live_until_crash(scene)
        await scene.fleet.start()
        await scene.fleet.until_ready()
        settled_s = await scene.until_settled(90.0)
        figures = await observed_verdict(scene, observed, rounds=run.rounds, crashes=crashes)
        await scene.tail("dead-letters").catch_up()
        letters = len(scene.tail("dead-letters").all)
        repeated = await _repeated_events(scene)
        stops = Counter(event["stream_id"] for event in scene.truth_events("stopped"))
        figures |= {"dead_letters": letters, "repeated_events": repeated, "stops": len(stops)}
        right = letters == run.rounds and not repeated and len(stops) == run.rounds and settled_s < 90.0
        return figures | {"pass": figures["pass"] and right and crashes == run.rounds}


async def _write_round(scene: Scene, observed: Observed, request: str, number: int) -> None:
    told = [observed.record(request, f"hl-{number}", title) for title in ("A", "B")]
    await scene.writer.write(scene.topic("observations"), [*told, (request, b"{ poison")])
    command = {"request_id": request, "command_id": f"stop-{number}", "command": "stop", "issued_by": "chaos"}
    await scene.writer.write(scene.topic("commands"), [(request, json.dumps(command).encode())])


async def _live_until_crash(scene: Scene) -> bool:
    """Start the worker so that it dies right before its first offset commit with news; return whether it did."""
    worker = scene.fleet[1]
    await worker.start({"TLDR_CRASH_POINT": "before_offsets"})
    code = await worker.child.wait(40.0)
    if code is None:
        await worker.child.kill()
    worker.exits.append(code)
    return code == -signal.SIGKILL


async def _repeated_events(scene: Scene) -> int:
    """Count output records whose event id was there before."""
    repeated = 0
    for short in ("highlights", "streams", "summaries"):
        await scene.tail(short).catch_up()
        ids = Counter(record.headers.get("ce_id") for record in scene.tail(short).all)
        repeated += sum(count - 1 for count in ids.values())
    return repeated

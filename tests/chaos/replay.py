"""R9: all source topics read again from offset 0 by a new group, with the state kept: nothing happens twice."""

from __future__ import annotations

import asyncio

from schemas.catalogue import INPUTS
from tests.chaos.load import Writer
from tests.chaos.run import Figures, Run, Scale, Scene, verdict
from tests.chaos.webhooks import Webhooks

FULL = Scale(streams=60, workers=2, seconds=(3.0, 6.0), over_s=5.0)
SHORT = FULL.but(streams=15, over_s=0.0)


async def r9(run: Run) -> Figures:
    """Replay in three ways: a new group, a new group without positions, and every record written again."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        webhooks = Webhooks(scene, run.rng, spread_s=3.0)
        async with webhooks.delivering():
            await scene.submit_all()
            await scene.until_settled(120.0)
            await webhooks.until_all_delivered()
        first = await verdict(scene)
        posts, records = first["posts"], first["records"]
        replayed = 0
        for way in ("new-group", "no-positions", "written-again"):
            await scene.fleet.stop()
            if way == "no-positions":
                await forget_positions(scene)
            await scene.join_new_group(way)
            await scene.fleet.start()
            await scene.fleet.until_ready()
            if way == "written-again":
                replayed += await write_again(scene)
            figures = await verdict(scene)
            run.say(f"{way}: {figures['posts'] - posts} new posts, {figures['records'] - records} new highlights")
            if figures["posts"] != posts or figures["records"] != records or not figures["pass"]:
                return figures | {"pass": False, "way": way, "first_posts": posts, "first_records": records}
        new = {"new_posts": figures["posts"] - posts, "new_highlights": figures["records"] - records}
        return figures | {"rounds": run.rounds, "pass": first["pass"] and figures["pass"], "replayed": replayed} | new


async def forget_positions(scene: Scene) -> None:
    """Write tombstones for the ledger's positions, so that a new group really begins at offset 0."""
    writer = Writer(scene.servers)
    for partition in range(scene.scale.partitions):
        tombstones = [(f"position/{short}", None) for short in INPUTS]
        await writer.write(scene.topic("ledger"), tombstones, partition=partition)


async def write_again(scene: Scene) -> int:
    """Append every input record to its topic once more; return how many."""
    written = 0
    for short in INPUTS:
        tail = scene.tail(short)
        await tail.catch_up()
        records = [(record.key or b"", record.value) for record in tail.all]
        written += await scene.writer.write(scene.topic(short), records)
    await asyncio.sleep(0)
    return written

"""R36: the broker refuses one batch of a transaction; the rest of the partition goes on, and the reason is kept."""

from __future__ import annotations

import asyncio
import json

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from tests.chaos.observing import BARREN, Observed, observed_verdict, until_processing
from tests.chaos.run import Figures, Run, Scene

LIMIT = 700_000
"""The highlights topic's new limit in bytes: above the batches of the pipeline, below one fat record."""

FAT = "x" * 900_000


async def r36(run: Run) -> Figures:
    """Lower the limit of the highlights topic behind the pipeline's back; send records too large among good ones."""
    async with run.scene(BARREN.but(workers=2)) as scene:
        await scene.fleet.start()
        await scene.submit_all()
        await until_processing(scene)
        await asyncio.to_thread(set_limit, scene, LIMIT)
        observed = Observed()
        for number in range(run.rounds):
            await scene.writer.write(scene.topic("observations"), _good(scene, observed, f"before-{number}"))
            victim = scene.requests[number % len(scene.requests)]
            fat = observed.record(victim, f"fat-{number}", "fat", description=FAT)
            observed.withdraw(victim, f"fat-{number}")
            await scene.writer.write(scene.topic("observations"), [fat])
            await scene.writer.write(scene.topic("observations"), _good(scene, observed, f"after-{number}"))
            await asyncio.sleep(run.rng.uniform(0.2, 1.0))
        figures = await observed_verdict(scene, observed, rounds=run.rounds)
        await scene.tail("dead-letters").catch_up()
        letters = [record.headers.get("tldr-error-code") for record in scene.tail("dead-letters").all]
        figures["dead_letters"] = len(letters)
        right = letters == [b"refused_by_broker"] * run.rounds and not scene.fleet.died()
        if not right:
            figures["problems"] = [json.dumps([str(code) for code in letters]), str(scene.fleet.died())]
        return figures | {"pass": figures["pass"] and right}


def _good(scene: Scene, observed: Observed, name: str) -> list[tuple[str, bytes]]:
    return [
        observed.record(request, f"{name}-{n}", f"{name}-{n}") for request in scene.requests for n in range(3)
    ]


def set_limit(scene: Scene, limit: int) -> None:
    """Change the largest batch that the highlights topic takes."""
    entry = ConfigEntry("max.message.bytes", str(limit), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, scene.topic("highlights"), incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": scene.servers})
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(10)

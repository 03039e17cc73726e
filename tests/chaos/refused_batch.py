"""R36: the broker refuses one batch of a transaction; the rest of the partition goes on, and the reason is kept."""

from __future__ import annotations

import asyncio
import json

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from tests.chaos.observing import BARREN, Observed, observed_verdict, until_processing
from tests.chaos.run import Figures, Run, Scale, Scene, verdict

LIMIT = 700_000
"""The highlights topic's new limit in bytes: above the batches of the pipeline, below one fat record."""

FAT = "x" * 900_000


FAT_TAGS = [f"{number:02}{'y' * 9_000}" for number in range(50)]

POLLED = Scale(streams=6, seconds=(3.0, 5.0), workers=1, partitions=2, highlights=(3, 3))


async def r36(run: Run) -> Figures:
    """Lower the limit of the highlights topic behind the pipeline's back; too large come a webhook and a poll."""
    by_webhook = await _by_webhook(run)
    by_poll = await _by_poll(run)
    if not by_poll["pass"]:
        by_webhook["polled"] = by_poll
    return by_webhook | {"pass": by_webhook["pass"] and by_poll["pass"], "polled_made": by_poll["made"]}


async def _by_poll(run: Run) -> Figures:
    """A poll brings what the topic refuses: its request waits, others go on, and all comes once the topic takes it."""
    async with run.scene(POLLED, "polled") as scene:
        await asyncio.to_thread(set_limit, scene, LIMIT)
        await scene.fleet.start()
        fat = await scene.submit(1, options={"analysis_quality": "standard", "custom_tags": FAT_TAGS})
        others = await scene.submit(POLLED.streams)
        others_s = await scene.until_settled(60.0, others)
        held_back = fat[0] not in await scene.latest("summaries")
        reopened = scene.fleet.count("ledger_failed")
        await asyncio.to_thread(set_limit, scene, 4_000_000)
        return await verdict(scene, reopened=reopened, holds=others_s < 60.0 and held_back and reopened > 0)


async def _by_webhook(run: Run) -> Figures:
    """Good observations before and after each that the topic refuses: that one is a dead letter, with the reason."""
    async with run.scene(BARREN.but(workers=2), "told") as scene:
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
    return [observed.record(request, f"{name}-{n}", f"{name}-{n}") for request in scene.requests for n in range(3)]


def set_limit(scene: Scene, limit: int) -> None:
    """Change the largest batch that the highlights topic takes."""
    entry = ConfigEntry("max.message.bytes", str(limit), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, scene.topic("highlights"), incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": scene.servers})
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(10)

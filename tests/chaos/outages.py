"""R4: the broker dies of kill -9 and comes back; workers recover by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import time

import httpx
from confluent_kafka import KafkaException

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.run import Figures, Run, Scale, Scene, verdict

FULL = Scale(workers=3, seconds=(15.0, 25.0))
SHORT = Scale(workers=2, seconds=(6.0, 10.0))
DOWN_S = 10.0
RECOVERED_WITHIN_S = 30.0
LEDGER_TIMEOUT_S = 5.0
"""Shorter than an outage, so that transactions end with an unknown outcome."""


async def r4(run: Run) -> Figures:
    """Kill the broker ``rounds`` times under load, each time 10 s down, and watch the workers come back."""
    slowest = 0.0
    async with (
        EmbeddedKafka(run.folder / "kafka") as kafka,
        run.scene(run.sized(FULL, SHORT), "scene", servers=kafka.bootstrap_servers) as scene,
    ):
        await scene.fleet.start(more={"CHAOS_LEDGER_TIMEOUT": str(LEDGER_TIMEOUT_S)})
        await scene.fleet.until_ready()
        opened = await restores(scene)
        async with scene.feeding(1.5):
            for number in range(1, run.rounds + 1):
                await asyncio.sleep(run.rng.uniform(3.0, 8.0))
                await kafka.kill()
                await asyncio.sleep(DOWN_S)
                await kafka.start()
                took = await until_recovered(scene)
                slowest = max(slowest, took)
                run.say(f"outage {number}: everything moves again {took:.1f} s after the broker came back")
        failed, again = scene.fleet.count("ledger_failed"), await restores(scene) - opened
        died = scene.fleet.died()
        # a transaction with an unknown end may not be tried again by the producer that began it
        holds = slowest < RECOVERED_WITHIN_S and not died and failed >= run.rounds and again >= failed
        return await verdict(
            scene,
            rounds=run.rounds,
            slowest_recovery_s=round(slowest, 1),
            ledgers_failed=failed,
            ledgers_reopened=again,
            unexpected_exits=len(died),
            holds=holds,
        )


async def until_recovered(scene: Scene) -> float:
    """Return the seconds until all workers are ready and something new is committed."""
    started = time.monotonic()
    await scene.fleet.until_ready(timeout=2 * RECOVERED_WITHIN_S)
    new = False
    while not new and time.monotonic() - started < 2 * RECOVERED_WITHIN_S:
        with contextlib.suppress(KafkaException):
            states = await asyncio.gather(*(scene.fleet.readiness(w.number) for w in scene.fleet.running))
            new = bool(await scene.tail("streams").catch_up()) and all(state.get("ready") for state in states)
        await asyncio.sleep(0.2)
    return time.monotonic() - started


async def restores(scene: Scene) -> int:
    """Return how many ledgers the running workers have opened in their lives, as their metrics say."""
    total = 0
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        for worker in scene.fleet.running:
            url = worker.health_url()
            text = (await http.get(f"{url}/metrics")).text if url else ""
            for line in text.splitlines():
                if line.startswith("tldr_ledger_restore_seconds_count"):
                    total += int(float(line.rsplit(" ", 1)[1]))
    return total

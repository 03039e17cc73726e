"""The broker dies and comes back: the workers wait, say so, and go on by themselves; the log stays readable."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

DOWN_S = 8.0
DRAIN_S = 6.0


@dataclass
class Outage:
    """What was seen before, during and after. Workers: 1 was at work, 2 came up without a broker, 3 gave up waiting."""

    scene: Scene
    during: dict[int, dict[str, Any]] = field(default_factory=dict)
    gave_up: tuple[int | None, float] = (None, 0.0)
    ended: tuple[dict[int, int | None], float] = ({}, 0.0)
    logs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)


async def look(scene: Scene, number: int) -> dict[str, Any]:
    """Ask a worker for everything that it says about Kafka."""
    livez, readyz = await scene.health("/livez", number), await scene.health("/readyz", number)
    metrics = await scene.metrics(number)
    return {
        "livez": livez.status_code,
        "readyz": readyz.status_code,
        "missing": readyz.json()["missing"],
        "kafka": readyz.json()["kafka"],
        "tldr_kafka_up": metrics["tldr_kafka_up"],
    }


async def until_missed(scene: Scene, *numbers: int) -> None:
    """Wait until workers say that Kafka is missing."""

    async def look() -> bool:
        return all(["kafka" in (await scene.readiness(number))["missing"] for number in numbers])

    await until(look, what=f"workers {numbers} miss kafka")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outage]:
    """Kill the broker under a worker, start two more, bring it back; kill it again, end the workers, start one anew."""
    folder = tmp_path_factory.mktemp("kafka-away")
    overrides = {"worker.drain_timeout_s": DRAIN_S}
    async with (
        EmbeddedKafka(folder / "kafka") as kafka,
        open_scene(folder, kafka, "away.", workers=3, overrides=overrides) as scene,
    ):
        found, workers = Outage(scene), scene.stack.workers
        await workers.start(1)
        await workers.until_ready(1)
        await scene.ask("before")
        await scene.until_state("before")

        await kafka.kill()
        killed_at = time.monotonic()
        await asyncio.gather(workers.start(2), workers.start(3))

        await until_missed(scene, 1, 2, 3)
        began = time.monotonic()
        found.gave_up = await workers.stop(3), time.monotonic() - began
        await asyncio.sleep(max(0.0, killed_at + DOWN_S - time.monotonic()))
        found.during = {number: await look(scene, number) for number in (1, 2)}

        await kafka.start()
        await workers.until_ready(1, 2, timeout=60.0)
        await scene.ask("after")
        await scene.until_state("after")
        found.logs = {number: scene.logs(number) for number in (1, 2)}

        await scene.faults({"kind": "delay", "seconds": 1.2, "methods": ["POST"], "routes": ["/streams"]})
        await scene.ask("in-flight")
        await until(lambda: len(scene.truth("fault")) == 1, what="its POST has arrived")
        await kafka.kill()
        await until_missed(scene, 1, 2)
        began = time.monotonic()
        codes = await asyncio.gather(workers.stop(1), workers.stop(2))
        found.ended = dict(enumerate(codes, start=1)), time.monotonic() - began
        await kafka.start()
        await workers.start(1)
        await scene.until_state("in-flight")
        yield found


@pytest.mark.parametrize("number", [1, 2], ids=["a worker at work", "a worker that started meanwhile"])
async def test_a_worker_without_a_broker_lives_and_says_what_it_misses(outage: Outage, number: int) -> None:
    """/livez stays 200, so nobody restarts it in vain; /readyz is 503 and names kafka; ``tldr_kafka_up`` is 0."""
    seen = outage.during[number]
    assert "kafka" in seen.pop("missing")
    assert seen == {"livez": 200, "readyz": 503, "kafka": "away", "tldr_kafka_up": 0.0}


async def test_work_goes_on_by_itself_when_the_broker_is_back(outage: Outage) -> None:
    """What is asked for after the outage is completed, and nothing was given up."""
    streams = {record.request_id: record.outcome for record in await outage.scene.streams("before", "after")}
    assert streams == {"before": "completed", "after": "completed"}
    assert await outage.scene.read("dead-letters") == []


async def test_a_worker_told_to_end_while_it_waits_for_its_first_broker_ends_at_once(outage: Outage) -> None:
    """It holds nothing yet: exit code 0, in a moment."""
    code, seconds = outage.gave_up
    assert code == ExitCode.OK
    assert seconds < 4.0


async def test_workers_told_to_end_while_the_broker_is_away_end_within_the_deadline(outage: Outage) -> None:
    """They do not wait for it for ever. 0: nothing was left to write; 7: the drain deadline passed."""
    codes, seconds = outage.ended
    assert set(codes.values()) <= {int(ExitCode.OK), int(ExitCode.DRAIN)}
    assert seconds < DRAIN_S + 5.0


async def test_a_stream_whose_id_could_not_be_written_down_is_found_again(outage: Outage) -> None:
    """Accepted by the API while the broker was dead and the worker left: the next life finds it and makes no other."""
    streams = [record for record in await outage.scene.streams("in-flight") if record.stream_id]
    (made,) = [stream.stream_id for stream in outage.scene.true_streams() if stream.request_id == "in-flight"]
    assert {record.stream_id for record in streams} == {made}
    assert streams[-1].outcome == "completed"


@pytest.mark.parametrize("number", [1, 2])
async def test_an_outage_does_not_flood_the_log(outage: Outage, number: int) -> None:
    """Few lines, all of them JSON; one says that Kafka went away, one that it is back, and after how long."""
    lines = outage.logs[number]
    events = [line["event"] for line in lines]
    assert events.count("kafka_away") == 1
    (back,) = [line for line in lines if line["event"] == "kafka_up" and line.get("away_s")]
    assert back["away_s"] > 1.0
    assert len(lines) < 80, Counter((line["logger"], line["event"][:60]) for line in lines).most_common(12)

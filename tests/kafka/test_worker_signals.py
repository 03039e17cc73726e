"""SIGTERM and SIGINT under load: what was sent is finished, what is known is durable, the process leaves with 0."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

POST_S = 3.0
DRAIN_S = 25.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A place for one worker, with an API whose POST takes seconds."""
    overrides = {"api.submit_timeout_s": 10.0}
    async with open_scene(tmp_path_factory.mktemp("signals"), kafka, "signals.", overrides=overrides) as scene:
        await scene.faults({"kind": "delay", "seconds": POST_S, "methods": ["POST"], "routes": ["/streams"]})
        yield scene


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_worker_told_to_end_cuts_no_submission_off(scene: Scene, number: signal.Signals) -> None:
    """Ended with calls on their way, and told twice: exit 0 within the drain time, each stream of the API is bound."""
    ids = [f"{number.name}-{n}" for n in range(6)]
    workers = scene.stack.workers
    await workers.start(1)
    await workers.until_ready(1)
    before = len(scene.truth("fault"))
    await scene.ask(*ids)
    await until(lambda: len(scene.truth("fault")) == before + len(ids), what="all POSTs have arrived", every=0.02)
    pid, began = workers[1].child.pid, time.monotonic()
    os.kill(pid, number)

    async def stopping() -> bool:
        return "stopping" in (await scene.readiness())["missing"]

    await until(stopping, timeout=2.0, what="/readyz says that it is stopping", every=0.02)
    os.kill(pid, number)
    code = await workers[1].child.wait(DRAIN_S + 5.0)

    assert code == ExitCode.OK
    assert time.monotonic() - began < DRAIN_S
    accepted = {stream.request_id: stream.stream_id for stream in scene.true_streams() if stream.request_id in ids}
    assert set(accepted) == set(ids), "every call that was on its way arrived"
    streams = await scene.streams(*ids)
    assert {record.request_id: record.stream_id for record in streams if record.stream_id} == accepted
    assert not [record for record in streams if record.state == "in_doubt"]


async def test_the_next_life_goes_on_where_the_last_one_ended(scene: Scene) -> None:
    """Nothing is submitted again, and everything is completed."""
    ids = [f"{name}-{n}" for name in ("SIGTERM", "SIGINT") for n in range(6)]
    await scene.stack.workers.start(1)
    await scene.until_state(*ids)
    assert sorted(stream.request_id or "" for stream in scene.true_streams()) == sorted(ids)
    assert await scene.stack.workers.stop(1) == ExitCode.OK


@pytest.mark.parametrize(
    "moment", [b"worker_starting", b"kafka_up", b"PipelineApp]: Starting", b"ReadCommittedThread]: Starting"]
)
async def test_a_worker_told_to_end_while_it_starts_ends_with_0(scene: Scene, moment: bytes) -> None:
    """At any point of its start: before Kafka answers, while topics are checked, while Faust connects and joins."""
    workers = scene.stack.workers
    await workers.start(1)
    await until(lambda: moment in workers[1].child.output(), what=f"the log says {moment!r}", every=0.005)
    os.kill(workers[1].child.pid, signal.SIGTERM)
    assert await workers[1].child.wait(DRAIN_S) == ExitCode.OK, workers[1].child.output().decode()
    assert b"Traceback" not in workers[1].child.output()

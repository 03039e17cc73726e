"""A worker that hangs or meets a fault of ours ends itself and loses nothing; one that was only frozen goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment, settings_environment
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.faulty_worker import STALL_TIMEOUT_S
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A scene whose own worker only comes when the hanging one is gone."""
    async with open_scene(tmp_path_factory.mktemp("watchdog"), kafka, "watchdog.") as scene:
        yield scene


@asynccontextmanager
async def faulty_worker(scene: Scene, fault: str) -> AsyncIterator[Child]:
    """A worker with a fault, ready."""
    program = (sys.executable, "-m", "tests.kafka.faulty_worker", fault)
    child = Child(fault, program, scene.stack.folder / f"{fault}.log")
    own = {"TLDR_HEALTH_PORT": str(scene.stack.workers[1].health_port), "PYTHONPATH": str(Path.cwd())}
    await child.start(bare_environment(os.environ) | settings_environment(scene.stack.settings) | own)

    async def ready() -> bool:
        assert child.exit_code() is None, child.output().decode()
        return (await scene.health("/readyz")).status_code == 200

    try:
        await until(ready, what="the worker is ready")
        yield child
    finally:
        await child.stop(0.0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hanging(scene: Scene) -> AsyncIterator[Child]:
    """One such worker for the tests about hanging."""
    async with faulty_worker(scene, "block") as child:
        yield child


async def test_a_frozen_worker_is_not_ended_when_it_wakes(scene: Scene, hanging: Child) -> None:
    """SIGSTOP for three stall timeouts: the first look of its watchdog after SIGCONT sees a late pulse, and waits."""
    hanging.freeze()
    await asyncio.sleep(STALL_TIMEOUT_S * 3)
    hanging.resume()
    woke = time.monotonic()
    while time.monotonic() < woke + STALL_TIMEOUT_S * 3:
        assert (await scene.health("/livez")).status_code == 200
        await asyncio.sleep(0.1)
    assert hanging.is_running


async def test_a_worker_whose_loop_hangs_ends_itself(scene: Scene, hanging: Child) -> None:
    """Exit code 6 within a few stall timeouts, and the log says why; nobody has to notice that it hangs."""
    await scene.ask("block")
    assert await hanging.wait(STALL_TIMEOUT_S * 10) == ExitCode.STALLED
    assert b"the event loop did not turn" in hanging.output()


async def test_a_fault_of_ours_ends_the_worker_and_acknowledges_nothing(scene: Scene, hanging: Child) -> None:
    """Exit code 70 in a moment, although Faust's threads would stay; the log has the traceback."""
    assert not hanging.is_running
    await scene.send("requests", b"unrelated", b"this one is bad in itself")
    async with faulty_worker(scene, "bug") as child:
        await scene.ask("bug")
        assert await child.wait(15.0) == ExitCode.BUG
        assert b"BugError" in child.output()


async def test_what_it_ended_on_is_not_lost(scene: Scene) -> None:
    """Neither record was acknowledged or given up: the next worker takes both up and completes them."""
    await scene.stack.start_workers()
    await scene.until_state("block", "bug")
    assert [letter.key for letter in await scene.read("dead-letters")] == [b"unrelated"]
    assert sorted(stream.request_id or "" for stream in scene.true_streams()) == ["block", "bug"]

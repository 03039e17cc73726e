"""A worker that hangs ends itself and loses nothing; one that was only frozen goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment, settings_environment
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.blocking_worker import STALL_TIMEOUT_S
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A scene whose own worker only comes when the hanging one is gone."""
    async with open_scene(tmp_path_factory.mktemp("watchdog"), kafka, "watchdog.") as scene:
        yield scene


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hanging(scene: Scene) -> AsyncIterator[Child]:
    """The worker that hangs when told to, ready."""
    child = Child("hanging", (sys.executable, "-m", "tests.kafka.blocking_worker"), scene.stack.folder / "hanging.log")
    port = str(scene.stack.workers[1].health_port)
    own = {"TLDR_HEALTH_PORT": port, "PYTHONPATH": os.getcwd()}
    await child.start(bare_environment(os.environ) | settings_environment(scene.stack.settings) | own)

    async def ready() -> bool:
        assert child.exit_code() is None, child.output().decode()
        return (await scene.health("/readyz")).status_code == 200

    await until(ready, what="the worker is ready")
    yield child
    await child.stop(0.0)


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


async def test_what_it_hung_on_is_not_lost(scene: Scene, hanging: Child) -> None:
    """The record was not acknowledged: the next worker takes it up and completes it."""
    assert not hanging.is_running
    await scene.stack.start_workers()
    await scene.until_state("block")

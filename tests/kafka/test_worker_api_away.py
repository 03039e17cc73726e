"""The API is away, fails everything, or refuses our key: the worker waits, says so, and goes on by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One worker for all tests of this file; each leaves the API in order."""
    async with open_scene(tmp_path_factory.mktemp("api"), kafka, "api-away.") as scene:
        await scene.stack.start_workers()
        await scene.stack.workers.until_ready()
        await scene.ask("before")
        await scene.until_state("before")
        yield scene


async def until_api(scene: Scene, *statuses: str) -> None:
    """Wait until /readyz calls the API one of these."""

    async def look() -> bool:
        return (await scene.readiness())["api"]["status"] in statuses

    await until(look, what=f"/readyz says that the API is {statuses}")


async def says_so(scene: Scene, *statuses: str) -> None:
    """Check everything that a worker must say and be while the API is of no use."""
    await until_api(scene, *statuses)
    assert (await scene.metrics())["tldr_api_up"] == 0
    livez, readyz = await scene.health("/livez"), await scene.health("/readyz")
    assert livez.status_code == 200
    assert readyz.status_code == 200, "it is fit for work: restarting it would mend nothing"


async def all_is_well_again(scene: Scene, *request_ids: str) -> None:
    """Check that everything asked for meanwhile gets done, and nothing was given up."""
    await scene.until_state(*request_ids, timeout=60.0)
    ends = {r.request_id: r.outcome for r in await scene.streams(*request_ids) if r.state == "settled"}
    assert ends == dict.fromkeys(request_ids, "completed")
    assert (await scene.metrics())["tldr_api_up"] == 1
    assert (await scene.readiness())["api"]["status"] == "up"
    assert await scene.read("dead-letters") == []


async def test_an_api_that_is_away_is_waited_for(scene: Scene) -> None:
    """Stopped, nobody listens; started again on the same port, it gets what was asked for meanwhile."""
    await scene.stack.simulator.child.stop(5.0)
    await scene.ask("away-1", "away-2")
    await says_so(scene, "away")
    await scene.stack.simulator.start()
    await all_is_well_again(scene, "away-1", "away-2")
    assert sorted(s.request_id or "" for s in scene.true_streams()) == ["away-1", "away-2", "before"]


async def test_an_api_that_fails_everything_is_waited_for(scene: Scene) -> None:
    """503 to every call, for a stream that runs and for one that is asked for meanwhile: both are completed after."""
    await scene.ask("runs")
    await scene.until_state("runs", state="processing")
    await scene.faults({"kind": "error", "status": 503})
    await scene.ask("asked-meanwhile")
    await says_so(scene, "away")
    await scene.faults()
    await all_is_well_again(scene, "runs", "asked-meanwhile")


async def test_a_key_that_is_refused_is_waited_for(scene: Scene) -> None:
    """401: /readyz says that it is the key and how long calls pause; with the key in order it goes on by itself."""
    await scene.faults({"kind": "error", "status": 401})
    await scene.ask("refused")
    await says_so(scene, "key refused")
    assert (await scene.readiness())["api"]["paused_s"] > 0
    assert (await scene.metrics())["tldr_api_paused_seconds"] > 0
    await scene.faults()
    await all_is_well_again(scene, "refused")


async def test_a_storm_of_429_is_sat_out(scene: Scene) -> None:
    """429 with Retry-After closes the gate for that long, for all calls; then all is done."""
    await scene.faults({"kind": "error", "status": 429, "retry_after_s": 3})
    await scene.ask("throttled")

    async def paused() -> bool:
        return (await scene.metrics())["tldr_api_paused_seconds"] > 0

    await until(paused, what="calls pause")
    assert (await scene.health("/livez")).status_code == 200
    await scene.faults()
    await all_is_well_again(scene, "throttled")

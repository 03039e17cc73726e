"""What /metrics says about a real worker: every declared metric, and figures that are right over a kill -9."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.telemetry.metrics import Metrics
from tests.kafka.worker_scene import Scene, open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

DONE = ("done-1", "done-2")
WAITING = ("waits-1", "waits-2", "waits-3")


@dataclass
class Lives:
    """Metrics of a worker's first life, and of its second after a kill -9."""

    scene: Scene
    first: dict[str, float]
    second: dict[str, float]
    text: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lives]:
    """Two requests that end and three that wait for tomorrow; then the worker is killed and started again."""
    async with open_scene(tmp_path_factory.mktemp("metrics"), kafka, "metrics.") as scene:
        await scene.stack.start_workers()
        await scene.stack.workers.until_ready()
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        await scene.ask(*WAITING, not_before=tomorrow)
        await scene.ask(*DONE, platform="twitch", options={"analysis_quality": "high"})
        await scene.until_state(*DONE)
        first, text = await scene.metrics(), (await scene.health("/metrics")).text
        await scene.stack.workers.kill(1)
        await scene.stack.start_workers()
        await scene.stack.workers.until_ready()  # in the group, but the partition may be the dead one's still

        async def owned() -> bool:
            return (await scene.metrics())["tldr_ledgers_open"] == 1

        await until(owned, what="the second life owns the partition")
        yield Lives(scene, first, await scene.metrics(), text)


async def test_every_declared_metric_is_there_by_its_name(lives: Lives) -> None:
    """A dashboard that uses a name from ``pipeline.telemetry.metrics`` finds it on every worker, used or not."""
    declared = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in Metrics(CollectorRegistry()).registry.collect()
    }
    shown = {line.split()[2] for line in lives.text.splitlines() if line.startswith("# TYPE")}
    assert declared <= shown
    assert {"tldr_api_requests_total", "tldr_active_streams", "tldr_highlight_processing_seconds"} <= declared


async def test_active_streams_are_right_after_a_kill(lives: Lives) -> None:
    """The gauge is derived from restored state, so the second life says what the first one said."""
    for metrics in (lives.first, lives.second):
        active = {name: value for name, value in metrics.items() if name.startswith("tldr_active_streams") and value}
        assert active == {'tldr_active_streams{state="scheduled"}': len(WAITING)}


async def test_each_highlight_is_timed_once(lives: Lives) -> None:
    """Processing time by platform and quality, and age, are observed for each highlight; the second life had none."""
    made = sum(len(stream.highlights) for stream in lives.scene.true_streams())
    labels = '{analysis_quality="high",stream_type="twitch"}'
    assert made > 0
    assert lives.first[f"tldr_highlight_processing_seconds_count{labels}"] == made
    assert 0 <= lives.first[f"tldr_highlight_processing_seconds_sum{labels}"] < 30 * made
    assert lives.first["tldr_highlight_age_seconds_count"] == made
    assert 0 < lives.first["tldr_highlight_age_seconds_sum"] < 30 * made
    assert f"tldr_highlight_processing_seconds_count{labels}" not in lives.second
    assert lives.second["tldr_highlight_age_seconds_count"] == 0


async def test_calls_flushes_and_restores_are_counted(lives: Lives) -> None:
    """The figures an operator looks at first are not zero after work."""
    post = 'tldr_api_requests_total{endpoint="/streams",method="POST",status="201"}'
    assert lives.first[post] == len(DONE)
    assert lives.first["tldr_ledger_flush_seconds_count"] > 0
    assert lives.first["tldr_ledger_records_total"] > 0
    assert lives.second["tldr_ledger_restore_seconds_count"] == 1
    for metrics in (lives.first, lives.second):
        assert (metrics["tldr_ledgers_open"], metrics["tldr_partitions_assigned"]) == (1, 1)
        assert metrics["tldr_kafka_up"] == 1


async def test_lag_counts_what_is_not_applied_yet(lives: Lives) -> None:
    """With the worker frozen two records lie behind; after it wakes and has applied them, none does."""
    scene, worker = lives.scene, lives.scene.stack.workers[1]
    lag = 'tldr_consumer_lag{partition="0",topic="requests"}'
    seen: list[float] = []

    async def caught_up() -> bool:
        seen.append((await scene.metrics()).get(lag, -1.0))
        return seen[-1] == 0

    await until(caught_up, what="lag is 0")
    worker.child.freeze()
    await scene.ask("late-1", "late-2")
    worker.child.resume()
    await scene.until_state("late-1", "late-2")
    await until(caught_up, what="lag is 0 again")
    assert set(seen) <= {-1.0, 0.0, 1.0, 2.0}

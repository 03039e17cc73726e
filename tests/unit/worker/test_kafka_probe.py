"""The probe meets what nobody foresaw: it says that Kafka is away, once, and goes on asking."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from pipeline.telemetry.metrics import Metrics
from pipeline.worker.kafka_probe import KafkaProbe


async def test_a_fault_of_ours_is_an_answer_and_not_the_end() -> None:
    """Options that no client takes, thrice, then a cluster that is away: never frozen at up, the fault told once."""
    options: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:1", "no_such_option": 1}
    seen: list[tuple[bool, str | None]] = []
    enough = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        seen.append((probe.up, probe.reason or probe.error))
        if len(seen) == 3:
            del options["no_such_option"]
        if len(seen) == 4:
            enough.set()
        await asyncio.sleep(0)

    probe = KafkaProbe(options, Metrics(CollectorRegistry()), sleep=sleep)
    probe.up = True
    probe.here.set()
    with capture_logs() as logs:
        await probe.start()
        async with asyncio.timeout(5):
            await enough.wait()
        await probe.stop()
    assert [up for up, _ in seen[:4]] == [False] * 4
    assert not probe.here.is_set()
    assert "no_such_option" in (seen[0][1] or "")
    assert "127.0.0.1:1" in (seen[3][1] or "")
    assert [line["log_level"] for line in logs if line["event"] == "kafka_probe_failed"] == ["error"]

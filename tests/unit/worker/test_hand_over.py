"""Passing a stream's id on must not take for ever: whoever does it holds a slot for API calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from structlog.testing import capture_logs

from pipeline.worker.hand_over import HandOver
from schemas.records import Observation


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take all and answer nothing, as a broker that hangs."""
    await reader.read()
    writer.close()


async def test_a_broker_that_does_not_answer_is_given_up() -> None:
    """Within its deadline it is logged as failed, like any other failure; nothing is raised, no connection is left."""
    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = {"bootstrap_servers": f"127.0.0.1:{port}"}
    hand_over = HandOver(options, "observations", "observations", lambda _key: 0, timeout=0.2)
    observation = Observation(request_id="r", observation_id="o", source="poll", observed_at=datetime.now(UTC))
    tasks = asyncio.all_tasks()
    with capture_logs() as logs:
        async with asyncio.timeout(3):
            await hand_over(observation)
    assert [(line["event"], line["request_id"]) for line in logs] == [("hand_over_failed", "r")]
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() <= tasks
    server.close()

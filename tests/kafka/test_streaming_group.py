"""What goes wrong inside aiokafka's group membership is noticed: Faust itself never asks."""

import asyncio
from typing import Any

from aiokafka.errors import GroupAuthorizationFailedError

from pipeline.kafka.embedded import EmbeddedKafka
from tests.kafka.driving import create_topics, eventually
from tests.kafka.engine import Engine


def inner(engine: Engine) -> Any:
    """Return the aiokafka consumer, which lives in a thread of its own."""
    return engine.app.batch_consumer._thread._consumer


async def test_an_error_that_stops_the_membership_is_taken_up(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Until somebody has taken its error aiokafka joins no more: as when a right was missing for a moment."""
    await create_topics(kafka.bootstrap_servers, topic_prefix)
    async with Engine(kafka.bootstrap_servers, topic_prefix) as engine:
        await eventually(lambda: engine.ready, 30)
        coordinator, loop = inner(engine)._coordinator, engine.app.batch_consumer._thread.thread_loop
        told = asyncio.run_coroutine_threadsafe(_stopped_by(coordinator, GroupAuthorizationFailedError()), loop)
        await asyncio.wait_for(asyncio.wrap_future(told), 10)
        assert engine.ready
        assert engine.fatal == []


async def _stopped_by(coordinator: Any, error: Exception) -> None:
    await coordinator._push_error_to_user(error)


async def test_a_task_of_aiokafka_that_has_ended_ends_the_app(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Nobody starts it again: without this a worker would own its partitions and read nothing, for ever."""
    await create_topics(kafka.bootstrap_servers, topic_prefix)
    async with Engine(kafka.bootstrap_servers, topic_prefix) as engine:
        await eventually(lambda: engine.ready, 30)
        engine.app.batch_consumer._thread.thread_loop.call_soon_threadsafe(inner(engine)._fetcher._fetch_task.cancel)
        await eventually(engine.app._crashed.is_set, 10)
        assert "has ended" in repr(engine.app.crash_reason)

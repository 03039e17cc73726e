"""The engine as a whole: records in, effects out, once."""

from pipeline.kafka.embedded import EmbeddedKafka
from tests.kafka.driving import committed_offsets, create_topics, eventually, send, values
from tests.kafka.engine import Engine


async def test_each_change_is_published_once(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Every record sent twice: each change comes out once, and the group's offsets reach the end."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    await send(servers, f"{topic_prefix}in", [f"i{number // 2}=a" for number in range(2_000)])
    async with Engine(servers, topic_prefix) as engine:
        await eventually(lambda: engine.outcomes.total() == 2_000)
    assert sorted(await values(servers, f"{topic_prefix}out")) == sorted(f"i{number}=a#1" for number in range(1_000))
    offsets = await committed_offsets(servers, f"{topic_prefix}group")
    assert sum(offsets.values()) == 2_000

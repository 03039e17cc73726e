"""``topics plan`` and ``apply`` on a real broker: they say exactly what differs, and never what must not change."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from pipeline.kafka.admin import TopicAdmin, TopicAdminError
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.ports import choose_ports
from pipeline.kafka.topic_plan import FoundTopic, NewTopic
from pipeline.kafka.topics import Layout, Plan, TopicsNotReady, TopicsRefused, apply, plan
from schemas import catalogue
from schemas.catalogue import Catalogue
from tests.kafka.clients import read_all

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

TOPICS = catalogue.load()


@pytest.fixture
def connection(kafka: EmbeddedKafka) -> KafkaConnection:
    """The way to the shared broker."""
    return KafkaConnection.plaintext(kafka.bootstrap_servers)


@pytest.fixture
def layout(topic_prefix: str) -> Layout:
    """Three partitions under a prefix of the test's own."""
    return Layout(topic_prefix, 3, 1)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(connection: KafkaConnection) -> AsyncIterator[TopicAdmin]:
    """An administrator beside the plan, as another program would be."""
    async with TopicAdmin(connection) as opened:
        yield opened


async def found(admin: TopicAdmin, layout: Layout) -> dict[str, FoundTopic]:
    """Return our topics as the cluster has them, by short name."""
    names = {layout.prefix + spec.name: short for short, spec in TOPICS.topics.items()}
    return {names[name]: topic for name, topic in (await admin.find(names)).items()}


async def until_shown(admin: TopicAdmin, name: str, config: Mapping[str, str]) -> None:
    """Wait until the broker shows a topic with these settings: it answers before it has learned what it decided."""
    for _ in range(200):
        topic = (await admin.find([name])).get(name)
        if topic is not None and config.items() <= topic.config.items():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the broker does not show {name} with {config} after 10 s")


async def changed(admin: TopicAdmin, name: str, config: Mapping[str, str]) -> None:
    """Change settings from outside."""
    await admin.set_config({name: config})
    await until_shown(admin, name, config)


async def made(admin: TopicAdmin, topic: NewTopic) -> None:
    """Make a topic from outside."""
    await admin.create([topic])
    await until_shown(admin, topic.name, topic.config)


async def test_a_plan_changes_nothing(connection: KafkaConnection, layout: Layout, admin: TopicAdmin) -> None:
    """The dry run lists every missing topic and creates none, not even by asking for it."""
    planned = await plan(connection, TOPICS, layout)
    assert {topic.name for topic in planned.create} == {layout.prefix + spec.name for spec in TOPICS.topics.values()}
    assert not planned.is_done
    assert await found(admin, layout) == {}


async def test_apply_makes_the_topics_as_the_catalogue_says(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin
) -> None:
    """When it returns, every topic has its settings, equal partition counts and a leader for each partition."""
    await apply(connection, await plan(connection, TOPICS, layout))
    topics = await found(admin, layout)
    assert set(topics) == set(TOPICS.topics)
    for short, topic in topics.items():
        assert (topic.partitions, topic.leaders, topic.replication) == (3, 3, 1)
        assert TOPICS[short].kafka_config().items() <= topic.config.items()


async def test_applied_again_there_is_nothing_to_do(connection: KafkaConnection, layout: Layout) -> None:
    """A second run is harmless and says so."""
    await apply(connection, await plan(connection, TOPICS, layout))
    planned = await plan(connection, TOPICS, layout)
    assert planned.is_done
    assert planned.lines() == [f"nothing to do: {len(TOPICS.topics)} topics are as the catalogue says"]
    await apply(connection, planned)


async def test_a_differing_setting_is_told_by_name_and_put_right_alone(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin
) -> None:
    """The plan says is and should; settings that the catalogue does not name keep what people gave them."""
    await apply(connection, await plan(connection, TOPICS, layout))
    name = TOPICS.full_name("requests", layout.prefix)
    await changed(admin, name, {"retention.ms": "5000", "flush.messages": "77777"})
    planned = await plan(connection, TOPICS, layout)
    assert planned.lines() == [f"set {name} retention.ms: is 5000, should be 604800000"]
    await apply(connection, planned)
    config = (await admin.find([name]))[name].config
    assert (config["retention.ms"], config["flush.messages"]) == ("604800000", "77777")


async def test_a_missing_topic_among_others_is_created(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin
) -> None:
    """A cluster from an older version gets what is new."""
    spec = TOPICS["requests"]
    await made(admin, NewTopic(layout.prefix + spec.name, 3, 1, spec.kafka_config()))
    planned = await plan(connection, TOPICS, layout)
    assert len(planned.create) == len(TOPICS.topics) - 1
    await apply(connection, planned)
    assert set(await found(admin, layout)) == set(TOPICS.topics)


@pytest.mark.parametrize("partitions", [2, 4])
async def test_a_changed_partition_count_is_refused(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin, partitions: int
) -> None:
    """Neither fewer nor more: the plan says why and what to set, and apply touches nothing."""
    await apply(connection, await plan(connection, TOPICS, layout))
    name = TOPICS.full_name("requests", layout.prefix)
    await changed(admin, name, {"retention.ms": "5000"})
    planned = await plan(connection, TOPICS, Layout(layout.prefix, partitions, 1))
    assert {refusal.topic for refusal in planned.refusals} == {layout.prefix + t.name for t in TOPICS.topics.values()}
    assert all("has 3 partitions" in str(refusal) for refusal in planned.refusals)
    assert all("set TLDR_PARTITIONS=3" in str(refusal) for refusal in planned.refusals)
    with pytest.raises(TopicsRefused, match="never changed in place"):
        await apply(connection, planned)
    topics = await found(admin, layout)
    assert {topic.partitions for topic in topics.values()} == {3}
    assert topics["requests"].config["retention.ms"] == "5000"


async def test_unequal_partition_counts_are_refused(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin
) -> None:
    """A topic that somebody grew, or that the broker made by itself, is found before a worker starts."""
    for short, partitions in (("requests", 3), ("commands", 1)):
        await made(admin, NewTopic(TOPICS.full_name(short, layout.prefix), partitions, 1, {}))
    planned = await plan(connection, TOPICS, layout)
    one, all_topics = planned.refusals
    assert one.topic == TOPICS.full_name("commands", layout.prefix)
    assert all_topics.topic == "all topics"
    assert f"{one.topic}=1, " in all_topics.reason
    with pytest.raises(TopicsRefused, match="unequal partition counts"):
        await apply(connection, planned)
    assert set(await found(admin, layout)) == {"requests", "commands"}


async def test_a_rekeyed_topic_is_refused(connection: KafkaConnection, layout: Layout, admin: TopicAdmin) -> None:
    """A catalogue whose key is not the locked one is not applied, not even to an empty cluster."""
    topics = dict(TOPICS.topics)
    topics["streams"] = msgspec.structs.replace(topics["streams"], key_format="{tenant}")
    planned = await plan(connection, Catalogue(topics), layout)
    (refusal,) = planned.refusals
    assert refusal.topic == TOPICS.full_name("streams", layout.prefix)
    assert "never re-keyed" in refusal.reason
    with pytest.raises(TopicsRefused):
        await apply(connection, planned)
    assert await found(admin, layout) == {}


async def test_a_replication_factor_is_noted_and_left_to_people(connection: KafkaConnection, layout: Layout) -> None:
    """Copies are moved by the cluster's own tools; the plan names them and stays done otherwise."""
    await apply(connection, await plan(connection, TOPICS, layout))
    planned = await plan(connection, TOPICS, Layout(layout.prefix, 3, 2))
    assert planned.is_done
    assert len(planned.notes) == len(TOPICS.topics)
    assert "replication factor is 1, should be 2" in planned.lines()[0]


async def test_the_clusters_default_replication_is_taken(connection: KafkaConnection, layout: Layout) -> None:
    """Without a setting the cluster decides."""
    default = Layout(layout.prefix, 3)
    await apply(connection, await plan(connection, TOPICS, default))
    assert (await plan(connection, TOPICS, default)).is_done


async def test_what_the_cluster_refuses_is_told_in_its_words(connection: KafkaConnection, layout: Layout) -> None:
    """Three copies on one broker: the error names topic, error and reason."""
    planned = await plan(connection, TOPICS, Layout(layout.prefix, 3, 3))
    assert all(topic.config["min.insync.replicas"] == "2" for topic in planned.create)
    with pytest.raises(TopicAdminError, match=r"tldr\.commands\.v1: InvalidReplicationFactorError \(38\) .*3"):
        await apply(connection, planned)


async def test_two_programs_may_apply_at_once(connection: KafkaConnection, layout: Layout) -> None:
    """Workers that start together do not fall over each other."""
    planned = await plan(connection, TOPICS, layout)
    await asyncio.gather(*(apply(connection, planned) for _ in range(4)))
    assert (await plan(connection, TOPICS, layout)).is_done


async def test_topics_that_do_not_come_up_are_an_error(
    connection: KafkaConnection, layout: Layout, admin: TopicAdmin
) -> None:
    """Apply does not say yes before it is so: a topic that goes away under it ends in an error after the timeout."""
    planned = await plan(connection, TOPICS, layout)
    nothing_made = Plan(wanted=planned.wanted)
    with pytest.raises(TopicsNotReady, match=r"after 0 s: create .*tldr\.commands\.v1"):
        await apply(connection, nothing_made, timeout=0)
    assert await found(admin, layout) == {}


async def test_a_cluster_that_does_not_answer_is_an_error() -> None:
    """No broker on the port: an error, not an empty cluster."""
    (port,) = choose_ports(1, random.SystemRandom())
    with pytest.raises(KafkaConnectionError):
        await plan(KafkaConnection.plaintext(f"127.0.0.1:{port}"), TOPICS, Layout("", 3))


async def test_a_record_of_ten_megabytes_fits_inputs_and_dead_letters(
    connection: KafkaConnection, layout: Layout, kafka: EmbeddedKafka
) -> None:
    """What is too large for us still gets in, and fits the dead letters with a large reason beside it."""
    await apply(connection, await plan(connection, TOPICS, Layout(layout.prefix, 1, 1)))
    value, headers = b"x" * 10_000_000, [("why", b"y" * 100_000)]
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, max_request_size=32_000_000)
    async with producer:
        await producer.send_and_wait(TOPICS.full_name("requests", layout.prefix), value, partition=0)
        await producer.send_and_wait(
            TOPICS.full_name("dead-letters", layout.prefix), value, partition=0, headers=headers
        )
    letters = await read_all(kafka.bootstrap_servers, TOPICS.full_name("dead-letters", layout.prefix))
    assert letters == [value]

"""What the pipeline must not swallow: refused batches, bad records, faults of ours, records in the wrong place."""

import asyncio

import confluent_kafka
from aiokafka.admin import NewTopic
from aiokafka.partitioner import murmur2

from pipeline.domain import Incoming, Outcome, Stage
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger import Ledger
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.driving import (
    admin,
    alter_topic,
    committed_offsets,
    create_topics,
    eventually,
    read,
    send,
    values,
    wait_for_values,
)
from tests.kafka.engine import PARTITIONS, Engine, Item, Items, decide


async def test_the_culprit_of_a_refused_batch_is_dead_lettered(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R36: one output the broker refuses: its record alone ends as dead letter, all others are out once, in order."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    await alter_topic(servers, f"{topic_prefix}out", max_message_bytes="20000")
    before = [f"i{number}=a" for number in range(50)]
    after = [f"j{number}=a" for number in range(50)]
    await send(servers, f"{topic_prefix}in", [*before, "big=30000", *after], key=lambda _: "same")
    async with Engine(servers, topic_prefix, batch_bytes=10_000) as engine:
        out = await wait_for_values(servers, f"{topic_prefix}out", 100)
        await wait_for_values(servers, f"{topic_prefix}dead-letters", 1)
        dead = await read(servers, f"{topic_prefix}dead-letters")
        await send(servers, f"{topic_prefix}in", ["later=a"], key=lambda _: "same")
        await wait_for_values(servers, f"{topic_prefix}out", 101)
        assert engine.dead_letters == ["refused_by_broker"]
    assert out == [f"{value}#1" for value in (*before, *after)]
    (letter,) = dead
    headers = {name: value.decode() for name, value in letter.headers}
    assert (letter.key, letter.value) == (b"same", b"big=30000")
    assert headers["tldr-error-code"] == "refused_by_broker"
    assert "MessageSizeTooLarge" in headers["__connect.errors.exception.message"]
    assert sum((await committed_offsets(servers, f"{topic_prefix}group")).values()) == 102


class Attaching(Engine):
    """Stages an output that is refused with each ledger it is given, as an effect might, so many times."""

    faults = 1

    def attach(self, ledger: Ledger[Items]) -> None:
        """A ledger is open, and no record of its partition waits for a transaction of its own."""
        assert not self.owner.is_careful(ledger.partition)
        if self.faults and ledger.position("in") >= 0:
            self.faults -= 1
            ledger.publish("out", b"effect", b"x" * 30_000)


async def test_an_effect_that_is_refused_is_not_held_against_records(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """What an effect staged is refused together with innocent records: none of them becomes a dead letter."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    await alter_topic(servers, f"{topic_prefix}out", max_message_bytes="20000")
    load = [f"i{number}=a" for number in range(100)]
    await send(servers, f"{topic_prefix}in", ["big=30000", *load], key=lambda _: "same")
    async with Attaching(servers, topic_prefix, batch_bytes=10_000) as engine:
        await wait_for_values(servers, f"{topic_prefix}out", 100)
        await send(servers, f"{topic_prefix}in", ["later=a"], key=lambda _: "same")
        out = await wait_for_values(servers, f"{topic_prefix}out", 101)
        await eventually(lambda: engine.faults == 0 and engine.ready)
        await eventually(lambda: not engine.owner.careful and not engine.owner.refused)
        assert engine.dead_letters == ["refused_by_broker"]
    assert out == [f"{value}#1" for value in (*load, "later=a")]


async def test_a_bad_record_is_dead_lettered_once_with_its_bytes(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Key, value and headers of a dead letter are the original's, the reason is beside them, good records go on."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    await send(servers, f"{topic_prefix}in", ["a=1", "bad=\\xff", "b=1"], key=lambda _: "k")
    async with Engine(servers, topic_prefix) as engine:
        assert await wait_for_values(servers, f"{topic_prefix}out", 2) == ["a=1#1", "b=1#1"]
        assert await wait_for_values(servers, f"{topic_prefix}dead-letters", 1) == ["bad=\\xff"]
        assert engine.dead_letters == ["invalid"]


async def test_a_bug_ends_the_worker_and_acknowledges_nothing(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R39: a fault of ours in a rule calls on_fatal; its record stays unread, and its half effects are never seen."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    load = [*(f"i{number}=a" for number in range(30)), "bug=1", "z=a"]
    await send(servers, f"{topic_prefix}in", load, key=lambda _: "k")
    async with Engine(servers, topic_prefix) as engine:
        await asyncio.wait_for(engine.ended.wait(), 20)
        assert engine.fatal[0].exit_code == ExitCode.BUG
        await engine.owner.close()
    assert all(offset <= 30 for offset in (await committed_offsets(servers, f"{topic_prefix}group")).values())
    ledger = [record.key.decode() for record in await read(servers, f"{topic_prefix}ledger")]
    assert "item/bug" not in ledger
    async with Engine(servers, topic_prefix, rule=_mended):
        found = await wait_for_values(servers, f"{topic_prefix}out", 32)
    assert found == [*(f"i{number}=a#1" for number in range(30)), "bug=1#1", "z=a#1"]


def _mended(record: Incoming, state: Items, stage: Stage, now: float) -> Outcome:
    """The rule with its bug mended."""
    if (record.value or b"").startswith(b"bug"):
        stage.put("item/bug", Item(content="1", revision=1))
        stage.publish("out", record.key, b"bug=1#1")
        return Outcome.PUBLISHED
    return decide(record, state, stage, now)


async def test_cancelling_an_agent_acknowledges_nothing_unapplied(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R39: the tasks that apply batches are cancelled again and again: what is committed was applied, all comes out."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    sending = asyncio.create_task(
        send(servers, f"{topic_prefix}in", [f"i{number}=a" for number in range(6_000)], pace=0.02)
    )
    async with Engine(servers, topic_prefix) as engine:
        for _ in range(20):
            await asyncio.sleep(0.05)
            for actor in list(engine.app.agents[f"{topic_prefix}in.agent"]._actors):
                actor.cancel()
            offsets = await committed_offsets(servers, f"{topic_prefix}group")
            for ledger in engine.owner.open_ledgers:
                committed = offsets.get((f"{topic_prefix}in", ledger.partition), 0)
                assert committed <= ledger.durable_position("in") + 1
        await sending
    async with Engine(servers, topic_prefix):
        found = await wait_for_values(servers, f"{topic_prefix}out", 6_000)
    assert sorted(found) == sorted(f"i{number}=a#1" for number in range(6_000))


async def test_a_key_has_one_owner_whatever_partitioner_wrote_it(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R40: librdkafka's default partitioner next to murmur2: each item has one owner, and comes out once."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    items = [f"i{number}=a" for number in range(200)]
    foreign = confluent_kafka.Producer({"bootstrap.servers": servers})
    for item in items:
        foreign.produce(f"{topic_prefix}in", value=item, key=item.partition("=")[0])
    await asyncio.to_thread(foreign.flush, 10)
    await send(servers, f"{topic_prefix}in", items)
    async with Engine(servers, topic_prefix) as engine:
        misplaced = [r for r in await read(servers, f"{topic_prefix}in") if _home(r.key) != r.partition]
        assert misplaced
        expected = 2 * len(items) + sum(not any(h == "tldr-forwarded" for h, _ in r.headers) for r in misplaced)
        await eventually(lambda: engine.outcomes.total() >= expected)
        assert engine.dead_letters == []
    out = await read(servers, f"{topic_prefix}out")
    assert sorted(record.value.decode() for record in out) == sorted(f"{item}#1" for item in items)
    assert all(_home(record.key) == record.partition for record in out)


def _home(key: bytes) -> int:
    return int((murmur2(key) & 0x7FFFFFFF) % PARTITIONS)


async def test_a_record_that_cannot_be_placed_is_not_forwarded_for_ever(
    kafka: EmbeddedKafka, topic_prefix: str
) -> None:
    """A record is forwarded once; found in the wrong place again it is a dead letter. An empty key is one at once."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    await send(servers, f"{topic_prefix}in", ["a=1", "b=1"], key=lambda value: value if value == "a=1" else "")
    async with Engine(servers, topic_prefix, partitions=PARTITIONS + 3) as engine:
        await eventually(lambda: len(engine.dead_letters) >= 1)
        assert set(engine.dead_letters) <= {"misplaced_key", "empty_key"}


async def test_topics_of_unequal_size_stop_the_worker_with_the_reason(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Rule 6: input topics that are not assigned together end the worker, and nothing is read."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with admin(servers) as client:
        await client.create_topics([NewTopic(f"{topic_prefix}other", 2, 1)])
    await send(servers, f"{topic_prefix}in", ["a=1"])
    async with Engine(servers, topic_prefix, topics=("in", "other")) as engine:
        await asyncio.wait_for(engine.ended.wait(), 20)
        assert engine.fatal[0].exit_code == ExitCode.TOPICS
        assert "not assigned together" in engine.fatal[0].reason
        assert engine.owner.open_ledgers == []
    assert await values(servers, f"{topic_prefix}out") == []

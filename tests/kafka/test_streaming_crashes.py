"""Real processes, really killed and frozen: nothing lost, nothing twice."""

import asyncio
import os
import signal

import pytest

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger.producer import TransactionalProducer
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.driving import (
    Workers,
    committed_offsets,
    create_topics,
    eventually,
    send,
    values,
    wait_for_values,
)
from tests.kafka.engine import PARTITIONS, Engine

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "2"))
LOAD = int(os.environ.get("CRASH_LOAD", "6000"))


async def test_two_revisions_stay_two_whatever_dies_between(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R37: killed after the transaction and before the offset commit, A then B come out as two revisions, not four."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Workers(servers, topic_prefix) as workers:
        for number in range(ROUNDS):
            killed = await workers.start("after_commit", "static")  # its successor need not wait for its session to end
            await send(servers, f"{topic_prefix}in", [f"i{number}=A", f"i{number}=B", f"bad=i{number}"])
            assert await asyncio.wait_for(killed.wait(), 30) == -signal.SIGKILL
            if number == 0:
                assert await committed_offsets(servers, f"{topic_prefix}group") == {}
    async with Engine(servers, topic_prefix, instance_id="static"):
        found = await wait_for_values(servers, f"{topic_prefix}out", 2 * ROUNDS)
        dead = await wait_for_values(servers, f"{topic_prefix}dead-letters", ROUNDS)
    assert sorted(found) == sorted(f"i{number}={text}" for number in range(ROUNDS) for text in ("A#1", "B#2"))
    assert sorted(dead) == [f"bad=i{number}" for number in range(ROUNDS)]
    assert sorted(await values(servers, f"{topic_prefix}out")) == sorted(found)


async def test_workers_killed_under_load_lose_and_double_nothing(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Killed before and after commits and while opening, with every record sent twice: each change is out once."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    sent = 0
    enough = asyncio.Event()

    async def feed() -> None:
        """Send as long as workers die: one that finds all done already would make too few commits to die in."""
        nonlocal sent
        while not enough.is_set():
            await send(servers, f"{topic_prefix}in", [f"i{number // 2}=a" for number in range(sent, sent + 20)])
            sent += 20

    async with Workers(servers, topic_prefix) as workers:
        feeding = asyncio.create_task(feed())
        for place in ("before_commit:5", "after_commit:5", "after_open:2", "before_open:3"):
            doomed = await workers.start(place, "static")
            assert await asyncio.wait_for(doomed.wait(), 40) == -signal.SIGKILL, place
        enough.set()
        await feeding
        await workers.start(instance_id="static")
        found = await wait_for_values(servers, f"{topic_prefix}out", sent // 2, 40)
    assert sorted(found) == sorted(f"i{number}=a#1" for number in range(sent // 2))


async def test_a_frozen_worker_cannot_write_when_it_wakes(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R2: frozen beyond its session timeout under load and woken, a worker doubles nothing, and rejoins or leaves."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    load = [f"i{number // 2}=a" for number in range(LOAD)]
    async with Workers(servers, topic_prefix) as workers:
        first = await workers.start()
        sending = asyncio.create_task(send(servers, f"{topic_prefix}in", load, pace=0.1))
        await wait_for_values(servers, f"{topic_prefix}out", 100)
        first.send_signal(signal.SIGSTOP)
        second = await workers.start()
        await sending
        await wait_for_values(servers, f"{topic_prefix}out", LOAD // 2, 40)
        first.send_signal(signal.SIGCONT)
        await send(servers, f"{topic_prefix}in", [f"late{number}=a" for number in range(200)])
        found = await wait_for_values(servers, f"{topic_prefix}out", LOAD // 2 + 200, 40)
        await asyncio.sleep(3)  # time for the zombie to do harm
        assert second.returncode is None
        assert first.returncode in {None, ExitCode.FENCED}
        for process in (first, second):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), 25) == ExitCode.OK
    expected = [f"i{number}=a#1" for number in range(LOAD // 2)] + [f"late{number}=a#1" for number in range(200)]
    assert sorted(found) == sorted(expected)
    assert sorted(await values(servers, f"{topic_prefix}out")) == sorted(expected)


async def test_the_group_grows_and_shrinks_under_load(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """From one worker to three and back while records come: none missing, none twice, no partition stuck."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    load = [f"i{number // 2}=a" for number in range(LOAD)]
    async with Workers(servers, topic_prefix) as workers:
        sending = asyncio.create_task(send(servers, f"{topic_prefix}in", load, pace=0.1))
        first = await workers.start()
        await wait_for_values(servers, f"{topic_prefix}out", 100)
        others = [await workers.start(), await workers.start()]
        await asyncio.sleep(2)
        for leaving in (first, others[0]):
            leaving.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(leaving.wait(), 25) == ExitCode.OK
        await sending
        found = await wait_for_values(servers, f"{topic_prefix}out", LOAD // 2, 40)
        assert others[1].returncode is None
    assert sorted(found) == sorted(f"i{number}=a#1" for number in range(LOAD // 2))


async def test_a_healthy_owner_that_is_fenced_reopens_once_and_goes_on(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """R41: a straggler that opens a partition once takes nothing but one reopening from its owner; all is out once."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Engine(servers, topic_prefix) as healthy:
        await eventually(lambda: healthy.ready, 30)
        before = dict(healthy.opened)
        load = [f"i{number}=a" for number in range(2_000)]
        sending = asyncio.create_task(send(servers, f"{topic_prefix}in", load, pace=0.1))
        await wait_for_values(servers, f"{topic_prefix}out", 100)
        for number in range(PARTITIONS):
            await fence(healthy, number)
        await sending
        found = await wait_for_values(servers, f"{topic_prefix}out", len(load), 30)
        assert healthy.fatal == []
        assert {number: healthy.opened[number] - before[number] for number in before} == dict.fromkeys(before, 1)
    assert sorted(found) == sorted(f"{value}#1" for value in load)
    assert sorted(await values(servers, f"{topic_prefix}out")) == sorted(found)


async def test_an_owner_that_is_fenced_again_leaves(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Fenced twice while the group says that it is ours: somebody outside of it writes; no endless fight."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Engine(servers, topic_prefix) as healthy:
        await eventually(lambda: healthy.ready, 30)
        for again in range(2):
            fenced = healthy.ledger(0)
            await fence(healthy, 0)
            await send(servers, f"{topic_prefix}in", [f"i{again}-{number}=a" for number in range(50)])
            await asyncio.wait_for(fenced.failed.wait(), 10)
            await eventually(lambda: healthy.owner.ledger(0) is not None or bool(healthy.fatal), 10)
        assert [reason.exit_code for reason in healthy.fatal] == [ExitCode.FENCED]


async def fence(healthy: Engine, partition: int) -> None:
    """Open a partition's transactional id as a worker does that believes to own it, and let go of it."""
    config = healthy.config
    name = f"{config.topic}-{partition}"
    straggler = await TransactionalProducer.open(config.client_options, name, batch_bytes=1024, timeout=10.0)
    await straggler.close(timeout=2.0)


@pytest.mark.parametrize("place", ["before_open", "after_open"])
async def test_a_worker_frozen_while_opening_does_no_harm(kafka: EmbeddedKafka, topic_prefix: str, place: str) -> None:
    """R41: frozen amid opening, evicted and woken, it fences the healthy owner once at most; that goes on."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    async with Workers(servers, topic_prefix) as workers:
        frozen = await workers.start(f"freeze:{place}")
        async with Engine(servers, topic_prefix) as healthy:
            await eventually(lambda: healthy.ready and len(healthy.owner.assigned) == PARTITIONS, 30)
            sending = asyncio.create_task(
                send(servers, f"{topic_prefix}in", [f"i{number}=a" for number in range(2_000)], pace=0.1)
            )
            frozen.send_signal(signal.SIGCONT)
            await sending
            found = await wait_for_values(servers, f"{topic_prefix}out", 2_000, 30)
            assert healthy.fatal == []
            assert frozen.returncode is None
            await eventually(lambda: len(healthy.owner.assigned) == PARTITIONS // 2, 20, "the woken worker rejoins")
    assert sorted(found) == sorted(f"i{number}=a#1" for number in range(2_000))

"""Who may write a partition's ledger: the last one that opened it, and nobody else."""

import asyncio
import gc
from dataclasses import replace

import aiokafka
import pytest

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger import Ledger, LedgerClosed, LedgerConfig, LedgerError, LedgerFenced, NotOurs
from tests.kafka.driving import create_topics, eventually, read, values
from tests.kafka.engine import Item, Items, ledger_config


def yes() -> bool:
    """The partition is ours."""
    return True


@pytest.fixture
async def config(kafka: EmbeddedKafka, topic_prefix: str) -> LedgerConfig:
    """A ledger topic of its own."""
    await create_topics(kafka.bootstrap_servers, topic_prefix, partitions=1)
    return ledger_config(kafka.bootstrap_servers, topic_prefix)


async def opened(config: LedgerConfig) -> Ledger[Items]:
    """Open partition 0."""
    ledger = Ledger(config, 0, Items())
    await ledger.open(yes)
    return ledger


def noticing(config: LedgerConfig, place: str) -> tuple[LedgerConfig, asyncio.Event]:
    """A configuration whose ledger tells when it reaches a crash point."""
    reached = asyncio.Event()
    return replace(config, crash_point=lambda name: reached.set() if name == place else None), reached


def stage(ledger: Ledger[Items], *names: str) -> None:
    """Stage an item and an output a name."""
    for name in names:
        ledger.put(f"item/{name}", Item(content=name, revision=1))
        ledger.publish("out", b"key", name.encode())


async def test_opening_fences_the_former_owner(config: LedgerConfig) -> None:
    """After a second open the first ledger's flush fails as fenced, closes it, and nothing of it is visible."""
    former = await opened(config)
    stage(former, "kept")
    await former.flush()
    new = await opened(config)
    stage(former, "lost")
    with pytest.raises(LedgerFenced):
        await former.flush()
    assert not former.is_open
    assert set(new.state.items) == {"item/kept"}
    assert await values(config.client_options["bootstrap_servers"][0], config.topics["out"]) == ["kept"]
    await former.drop()
    await new.close()


async def test_a_fence_is_told_once(config: LedgerConfig) -> None:
    """However many batches were on their way, asyncio has no failure left to log: the ledger's own is the only one."""
    never_retrieved: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: never_retrieved.append(context["message"]))
    for _ in range(5):
        former = await opened(config)
        new = await opened(config)
        stage(former, *(f"lost-{number}" for number in range(200)))
        former.publish("dead-letters", b"key", b"lost as well")
        await asyncio.wait_for(former.failed.wait(), 10)
        assert isinstance(former.failure, LedgerFenced), former.failure
        await former.drop()
        await new.close()
        del former, new
        gc.collect()
    assert never_retrieved == []


async def test_a_transaction_of_a_dead_owner_is_ended_before_reading(config: LedgerConfig) -> None:
    """An open waits until a transaction that its former owner left open is aborted, and reads nothing of it."""
    ghost = aiokafka.AIOKafkaProducer(
        **config.client_options, transactional_id=f"{config.topic}-0", transaction_timeout_ms=60_000
    )
    await ghost.start()
    await ghost.begin_transaction()
    await ghost.send_and_wait(config.topic, b'{"content":"x","revision":1}', key=b"item/ghost", partition=0)
    async with asyncio.timeout(10):
        ledger = await opened(config)
    assert ledger.state.items == {}
    stage(ledger, "real")
    await ledger.flush()
    await ledger.close()
    again = await opened(config)
    assert set(again.state.items) == {"item/real"}
    await again.close()
    ghost._txn_manager = None  # it was fenced: let it close without an abort
    await ghost.stop()


async def test_an_open_gives_up_when_the_generation_moves_on(config: LedgerConfig) -> None:
    """A partition that stops being ours while its ledger is read is not opened, and no producer is left behind."""
    answers = iter([True, False])
    ledger = Ledger(config, 0, Items())
    with pytest.raises(NotOurs):
        await ledger.open(lambda: next(answers))
    assert not ledger.is_open
    assert ledger._producer is None


async def test_a_partition_that_is_not_ours_is_not_fenced(config: LedgerConfig) -> None:
    """An open that finds the generation gone before it begins leaves the present owner alone."""
    owner = await opened(config)
    with pytest.raises(NotOurs):
        await Ledger(config, 0, Items()).open(lambda: False)
    stage(owner, "fine")
    await owner.flush()
    await owner.close()


async def test_a_renewed_ledger_keeps_its_state(config: LedgerConfig) -> None:
    """Over a rebalance in which nobody else wrote, the state stays in memory and writing goes on."""
    ledger = await opened(config)
    stage(ledger, "one")
    ledger.advance("in", 7)
    await ledger.flush()
    assert await ledger.renew(yes)
    assert ledger.position("in") == 7
    stage(ledger, "two")
    await ledger.flush()
    assert await ledger.renew(yes)
    await ledger.close()
    assert await values(config.client_options["bootstrap_servers"][0], config.topics["out"]) == ["one", "two"]


async def test_a_ledger_somebody_else_wrote_is_not_renewed(config: LedgerConfig) -> None:
    """When another owner wrote meanwhile, the retained state is not trusted."""
    ledger = await opened(config)
    stage(ledger, "one")
    await ledger.flush()
    other = await opened(config)
    stage(other, "two")
    await other.close()
    assert not await ledger.renew(yes)
    await ledger.drop()


async def test_a_ledger_with_unwritten_state_is_not_renewed(config: LedgerConfig) -> None:
    """State that was folded and never written is not carried over a rebalance."""
    ledger = await opened(config)
    ledger.config = replace(config, linger=60.0)
    stage(ledger, "ahead")
    assert not await ledger.renew(yes)
    await ledger.drop()


async def test_a_renewed_ledger_fences_the_owner_in_between(config: LedgerConfig) -> None:
    """Whoever opened in between and still believes to own the partition cannot write after the renewal."""
    ledger = await opened(config)
    between = await opened(config)
    assert await ledger.renew(yes)
    stage(between, "zombie")
    with pytest.raises(LedgerFenced):
        await between.flush()
    await between.drop()
    await ledger.close()


async def test_nothing_is_staged_on_a_closed_ledger(config: LedgerConfig) -> None:
    """Put, publish and advance raise once a ledger is closed, and its state does not change."""
    ledger = await opened(config)
    await ledger.close()
    with pytest.raises(LedgerClosed):
        ledger.put("item/late", Item(content="", revision=1))
    with pytest.raises(LedgerClosed):
        ledger.publish("out", b"key", b"late")
    with pytest.raises(LedgerClosed):
        ledger.advance("in", 1)
    with pytest.raises(LedgerError):
        await ledger.flush()
    assert ledger.state.items == {}


async def test_a_cancelled_caller_does_not_break_a_transaction_under_way(config: LedgerConfig) -> None:
    """Cancelling whoever waits for a flush leaves the transaction alone: it commits, and the ledger goes on."""
    config, begun = noticing(config, "before_commit")
    ledger = await opened(config)
    stage(ledger, "one")
    waiting = asyncio.create_task(ledger.flush())
    await begun.wait()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    stage(ledger, "two")
    await ledger.flush()
    await ledger.close()
    assert await values(config.client_options["bootstrap_servers"][0], config.topics["out"]) == ["one", "two"]


async def test_a_drop_amid_a_transaction_lets_it_finish(config: LedgerConfig) -> None:
    """A drop does not cut a transaction in half: what was on its way is whole, what was only staged is forgotten."""
    config, begun = noticing(config, "before_commit")
    ledger = await opened(config)
    stage(ledger, "one", "two")
    hurried = asyncio.create_task(ledger.flush())
    await begun.wait()
    stage(ledger, "three")
    await ledger.drop()
    await asyncio.wait({hurried})
    hurried.exception()
    assert await values(config.client_options["bootstrap_servers"][0], config.topics["out"]) == ["one", "two"]


async def test_an_open_that_is_cancelled_leaves_nothing_behind(config: LedgerConfig) -> None:
    """A rebalance amid opening cancels it, wherever it is: it ends, its clients are closed, and the next open works.

    aiokafka's closing swallows cancellations; an open that went on would be waited for by the rebalance for ever.
    """
    await (await opened(config)).close()
    before = len(asyncio.all_tasks())
    for step in range(40):
        ledger = Ledger(config, 0, Items())
        opening = asyncio.create_task(ledger.open(yes))
        await asyncio.wait({opening}, timeout=step * 0.002)
        finished = opening.done()
        opening.cancel()
        await asyncio.wait({opening})
        assert opening.cancelled() or finished, f"step {step}: the cancellation was swallowed"
        await ledger.drop()

    def all_closed() -> bool:
        gc.collect()  # a connection that was cancelled while it was made is closed by aiokafka when it is collected
        return len(asyncio.all_tasks()) <= before

    await eventually(all_closed, 10, "clients are left open")
    ledger = await opened(config)
    await ledger.close()
    assert await read(config.client_options["bootstrap_servers"][0], config.topics["out"]) == []

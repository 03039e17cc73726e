"""The owner of the ledgers under rebalances that come whenever they like."""

import asyncio
import contextlib
import random

from faust.types import TP

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.ledger import Ledger
from pipeline.streaming.owner import LedgerOwner
from pipeline.worker.exit_codes import Unrecoverable
from tests.kafka.driving import create_topics, eventually
from tests.kafka.engine import PARTITIONS, Items, ledger_config


class Group:
    """A group whose member is never evicted."""

    generation = 1

    async def confirm(self) -> bool:
        """The coordinator always agrees."""
        return True

    async def reread(self, partition: int) -> None:
        """There is nothing to read."""


class Attached:
    """Notes which ledgers are in use."""

    def __init__(self) -> None:
        self.partitions: set[int] = set()

    def attach(self, ledger: Ledger[Items]) -> None:
        """A ledger is in use."""
        self.partitions.add(ledger.partition)

    async def detach(self, ledger: Ledger[Items]) -> None:
        """A ledger is in use no more."""
        self.partitions.discard(ledger.partition)


def owner_of(
    kafka: EmbeddedKafka, topic_prefix: str, attached: Attached | None = None, fatal: list[Unrecoverable] | None = None
) -> LedgerOwner[Items]:
    """An owner of ledgers without a group, and where it notes what is in use and what ended it."""
    return LedgerOwner(
        ledger_config(kafka.bootstrap_servers, topic_prefix),
        lambda _partition: Items(),
        {"in": "in"},
        attachment=Attached() if attached is None else attached,
        on_fatal=([] if fatal is None else fatal).append,
    )


async def test_a_rebalance_never_waits_for_an_opening_ledger(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Revoked at thirty random moments of opening: each revocation is done within seconds; the last opens all."""
    await create_topics(kafka.bootstrap_servers, topic_prefix)
    attached, fatal, rng = Attached(), list[Unrecoverable](), random.Random(7)
    owner = owner_of(kafka, topic_prefix, attached, fatal)
    owner.bind(Group())
    everything = {TP("in", number) for number in range(PARTITIONS)}
    for _ in range(30):
        await asyncio.wait_for(owner.assigned_to(rng.sample(sorted(everything), 3), 1), 5)
        await asyncio.sleep(rng.random() * 0.12)
        await asyncio.wait_for(owner.revoked(), 5)
        assert attached.partitions == set()
    await owner.assigned_to(everything, 1)
    await eventually(lambda: owner.all_open and attached.partitions == set(range(PARTITIONS)))
    await owner.close()
    assert fatal == []
    assert owner.open_ledgers == []


async def test_a_keeper_that_swallows_a_cancellation_is_cancelled_again(
    kafka: EmbeddedKafka, topic_prefix: str
) -> None:
    """A client library may lose one cancellation of a keeper; the rebalance does not wait for ever."""
    owner = owner_of(kafka, topic_prefix)

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    owner._keepers[0] = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(owner.revoked(), 5)


async def test_a_keeper_that_adds_itself_back_is_not_read_from(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """A keeper that lost a cancellation may say that its partition is ready; after the revocation it is not."""
    owner = owner_of(kafka, topic_prefix)

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        owner._ready.add(0)
        await asyncio.Event().wait()

    owner._keepers[0] = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(owner.revoked(), 5)
    assert not owner.may_read(0)

"""``topics plan`` and ``topics apply``: make the cluster's topics what the catalogue says, or say why not.

A partition count is never changed and a topic never re-keyed: a request's records would be split between two owners.
Settings that the catalogue does not name are left alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pipeline.kafka.admin import FoundTopic, NewTopic, TopicAdmin
from pipeline.kafka.connection import KafkaConnection
from pipeline.settings import TopicSettings
from schemas import topic_lock
from schemas.catalogue import Catalogue

Sleep = Callable[[float], Awaitable[None]]


class TopicsRefused(RuntimeError):
    """The plan holds changes that are never made. ``refusals`` has each."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__("\n".join(["topics: refused", *(f"  {refusal}" for refusal in refusals)]))


class TopicsNotReady(RuntimeError):
    """The topics did not become what was applied within the time."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of an existing topic that differs."""

    topic: str
    setting: str
    is_: str | None
    should: str

    def __str__(self) -> str:
        return f"set {self.topic} {self.setting}: is {self.is_ or 'unset'}, should be {self.should}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A difference that is never put right in place."""

    topic: str
    reason: str

    def __str__(self) -> str:
        return f"refused {self.topic}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs between catalogue and cluster.

    Attributes:
        wanted: every topic as it should be.
        create: those that are missing.
        change: settings to set.
        refusals: differences that stop the whole plan.
        notes: differences that are shown and left to people.
    """

    wanted: Sequence[NewTopic]
    create: Sequence[NewTopic] = ()
    change: Sequence[Change] = ()
    refusals: Sequence[Refusal] = ()
    notes: Sequence[str] = ()

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to do and nothing in the way."""
        return not (self.create or self.change or self.refusals)

    def lines(self) -> list[str]:
        """Every difference in one line, for people; one line that says so when there is none."""
        lines = [str(refusal) for refusal in self.refusals]
        lines += [
            f"create {topic.name}: {topic.partitions} partitions, replication {_copies(topic.replication)}, "
            + ", ".join(f"{key}={value}" for key, value in topic.config.items())
            for topic in self.create
        ]
        lines += [*map(str, self.change), *(f"note {note}" for note in self.notes)]
        return lines or [f"nothing to do: {len(self.wanted)} topics are as the catalogue says"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How topics are laid out on a cluster. ``replication`` -1 is the cluster's default."""

    prefix: str
    partitions: int
    replication: int = -1

    @classmethod
    def from_settings(cls, topics: TopicSettings) -> Self:
        """Return the layout that the settings describe."""
        return cls(topics.prefix, topics.partitions, topics.replication_factor)


def wanted_topics(catalogue: Catalogue, layout: Layout) -> list[NewTopic]:
    """Return every topic of the catalogue as it should be on the cluster."""
    # with three copies, an acknowledged record survives the loss of one broker only if two had to have it
    durable = {"min.insync.replicas": "2"} if layout.replication >= 3 else {}
    return [
        NewTopic(layout.prefix + spec.name, layout.partitions, layout.replication, spec.kafka_config() | durable)
        for spec in catalogue.topics.values()
    ]


def difference(wanted: Sequence[NewTopic], found: Mapping[str, FoundTopic], rekeyed: Mapping[str, str]) -> Plan:
    """Compare what should be with what is.

    Args:
        wanted: topics as they should be.
        found: topics that exist, by name.
        rekeyed: why a topic's key may not be what the catalogue says now, by name.
    """
    existing = [(topic, found[topic.name]) for topic in wanted if topic.name in found]
    refusals = [Refusal(name, reason) for name, reason in rekeyed.items()]
    refusals += _partition_refusals(existing)
    return Plan(
        wanted=wanted,
        create=[topic for topic in wanted if topic.name not in found],
        change=[
            Change(topic.name, setting, is_.config.get(setting), value)
            for topic, is_ in existing
            for setting, value in topic.config.items()
            if is_.config.get(setting) != value
        ],
        refusals=refusals,
        notes=[
            f"{topic.name}: replication factor is {is_.replication}, should be {topic.replication}; "
            "kafka-reassign-partitions changes that"
            for topic, is_ in existing
            if topic.replication not in {-1, is_.replication}
        ],
    )


def _partition_refusals(existing: Sequence[tuple[NewTopic, FoundTopic]]) -> list[Refusal]:
    counts = {is_.partitions for _, is_ in existing}
    refusals = [
        Refusal(
            topic.name,
            f"has {is_.partitions} partitions, should have {topic.partitions}; a count is never changed in place, "
            "since keys would move away from their state; " + _way_out(counts, is_.partitions),
        )
        for topic, is_ in existing
        if is_.partitions != topic.partitions
    ]
    if len(counts) > 1:
        listed = ", ".join(f"{topic.name}={is_.partitions}" for topic, is_ in existing)
        refusals.append(
            Refusal("all topics", f"unequal partition counts ({listed}); one partition number must mean one owner")
        )
    return refusals


def _way_out(counts: set[int], count: int) -> str:
    if len(counts) == 1:
        return f"set TLDR_PARTITIONS={count}, or start anew under another TLDR_TOPIC_PREFIX"
    return "start anew under another TLDR_TOPIC_PREFIX"


def _copies(replication: int) -> str:
    return "by the cluster's default" if replication == -1 else str(replication)


async def plan(connection: KafkaConnection, catalogue: Catalogue, layout: Layout) -> Plan:
    """Look at the cluster and say what differs. Changes nothing.

    Raises:
        KafkaConnectionError: no broker answers.
        TopicAdminError: the cluster does not let us look.
    """
    wanted = wanted_topics(catalogue, layout)
    async with TopicAdmin(connection) as admin:
        found = await admin.find(topic.name for topic in wanted)
    rekeyed = topic_lock.rekeyed(catalogue, topic_lock.read())
    return difference(wanted, found, {layout.prefix + name: reason for name, reason in rekeyed.items()})


async def apply(
    connection: KafkaConnection, planned: Plan, timeout: float = 30.0, sleep: Sleep = asyncio.sleep
) -> None:
    """Do what a plan says, and wait until it is so and every partition has a leader.

    Args:
        connection: the cluster that the plan was made for.
        planned: what :func:`plan` returned.
        timeout: seconds to wait for the topics after the cluster took the changes.
        sleep: waits between two looks.

    Raises:
        TopicsRefused: the plan holds refusals; nothing was changed.
        TopicAdminError: the cluster refused a change; the changes before it were made.
        TopicsNotReady: the topics are not as they should be within the time.
    """
    if planned.refusals:
        raise TopicsRefused(planned.refusals)
    changes: dict[str, dict[str, str]] = {}
    for change in planned.change:
        changes.setdefault(change.topic, {})[change.setting] = change.should
    async with TopicAdmin(connection) as admin:
        await admin.create(planned.create)
        await admin.set_config(changes)
        deadline = time.monotonic() + timeout
        while left := await _unfinished(admin, planned.wanted):
            if time.monotonic() > deadline:
                raise TopicsNotReady(f"after {timeout:g} s: " + "; ".join(left))
            await sleep(0.1)


async def _unfinished(admin: TopicAdmin, wanted: Sequence[NewTopic]) -> list[str]:
    found = await admin.find(topic.name for topic in wanted)
    now = difference(wanted, found, {})
    if now.refusals:  # another program made a topic at the same time, and otherwise
        raise TopicsRefused(now.refusals)
    left = [] if now.is_done else now.lines()
    return left + [
        f"{name}: {topic.leaders} of {topic.partitions} partitions have a leader"
        for name, topic in found.items()
        if topic.leaders < topic.partitions
    ]

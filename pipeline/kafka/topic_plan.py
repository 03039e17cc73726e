"""What differs between the topic catalogue and a cluster, as values. No I/O: :mod:`pipeline.kafka.topics` has that.

A partition count is never changed and a topic never re-keyed: a request's records would be split between two owners.
Settings that the catalogue does not name are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pipeline.settings import TopicSettings
from schemas.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as the cluster has it.

    Attributes:
        partitions: how many.
        replication: copies of each partition, the smallest number among them.
        leaders: partitions that have a leader now.
        config: all settings in force, under Kafka's names; secrets are left out.
    """

    partitions: int
    replication: int
    leaders: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewTopic:
    """A topic to create. ``replication`` -1 is the cluster's default."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


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

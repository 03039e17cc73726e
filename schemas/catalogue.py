"""The topic catalogue: ``schemas/topics/*.yaml`` as typed values. What is not declared there is not a topic of ours.

Short names are the file names (``requests``, ``dead-letters``); the full name is the prefix setting plus ``name``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
import yaml

Cleanup = Literal["delete", "compact"]

Partitioner = Literal["murmur2", "same_partition"]
"""``murmur2``: Kafka's default over the key. ``same_partition``: the number of the partition of the input record."""

TopicName = Annotated[str, msgspec.Meta(pattern=r"^tldr\.[a-z-]+\.v[1-9][0-9]*$")]

INPUTS = ("requests", "commands", "observations", "tournament-sightings")
"""Short names of the topics that agents consume."""


class CatalogueError(ValueError):
    """The catalogue contradicts itself. The text names the file and the field."""


class TopicSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic, as its file declares it.

    Attributes:
        short: the name used in code and on the command line; the file's name.
        name: the topic's name without the prefix setting.
        key: the field that decides where a record belongs.
        key_format: what the bytes of a Kafka key look like.
        record: the module in ``schemas.records`` that holds the model; ``None`` when values are not ours to define.
        retention_ms: how long records are kept; ``None`` for compacted topics.
        max_message_bytes: the largest record batch that the topic takes, in bytes.
        config: further topic settings, under Kafka's own names.
        internal: true when only the pipeline reads it.
    """

    short: str = ""
    name: TopicName
    purpose: Annotated[str, msgspec.Meta(min_length=20)]
    key: Literal["request_id", "tournament_id"]
    key_format: str
    partitioner: Partitioner
    record: str | None
    producers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    consumers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    cleanup: Cleanup
    retention_ms: Annotated[int, msgspec.Meta(gt=0)] | None
    max_message_bytes: Annotated[int, msgspec.Meta(gt=0)]
    config: dict[str, str]
    internal: bool = False

    def kafka_config(self) -> dict[str, str]:
        """All topic settings that the catalogue decides, under Kafka's own names."""
        settings = {"cleanup.policy": self.cleanup, "max.message.bytes": str(self.max_message_bytes)}
        if self.retention_ms is not None:
            settings["retention.ms"] = str(self.retention_ms)
        return settings | self.config


class Catalogue(msgspec.Struct, frozen=True):
    """All topics by short name, in the order of the names."""

    topics: Mapping[str, TopicSpec]

    def __getitem__(self, short: str) -> TopicSpec:
        """Return the topic with this short name.

        Raises:
            CatalogueError: there is none; the text lists those there are.
        """
        try:
            return self.topics[short]
        except KeyError:
            raise CatalogueError(f"no topic {short!r}; there are {', '.join(self.topics)}") from None

    def full_name(self, short: str, prefix: str = "") -> str:
        """Return the name on the cluster: prefix and name. Raises ``CatalogueError`` for an unknown short name."""
        return prefix + self[short].name

    def short_name(self, full_name: str, prefix: str = "") -> str | None:
        """Return the short name behind a name on the cluster; ``None`` when the topic is not ours."""
        return next((short for short, spec in self.topics.items() if prefix + spec.name == full_name), None)


def parse(documents: Mapping[str, str]) -> Catalogue:
    """Build a catalogue from YAML texts by short name.

    Raises:
        CatalogueError: a text breaks the form of a topic file, or two topics share a name.
    """
    topics: dict[str, TopicSpec] = {}
    for short, text in sorted(documents.items()):
        topics[short] = _parse_topic(short, text)
    names = [spec.name for spec in topics.values()]
    for name in names:
        if names.count(name) > 1:
            raise CatalogueError(f"two topic files declare the name {name}")
    return Catalogue(MappingProxyType(topics))


def _parse_topic(short: str, text: str) -> TopicSpec:
    try:
        spec = msgspec.convert({"short": short, **yaml.safe_load(text)}, TopicSpec)
    except (msgspec.ValidationError, yaml.YAMLError, TypeError) as error:
        raise CatalogueError(f"topics/{short}.yaml: {error}") from error
    if spec.name.split(".")[1] != short:
        raise CatalogueError(f"topics/{short}.yaml: the name {spec.name} does not say {short}")
    if (spec.cleanup == "delete") != (spec.retention_ms is not None):
        raise CatalogueError(f"topics/{short}.yaml: retention_ms goes with cleanup: delete, and only with it")
    repeated = {"cleanup.policy", "retention.ms", "max.message.bytes"} & set(spec.config)
    if repeated:
        raise CatalogueError(f"topics/{short}.yaml: config repeats {', '.join(sorted(repeated))}")
    return spec


@cache
def load() -> Catalogue:
    """Read the catalogue that ships with this package; the same object each time."""
    folder = files("schemas") / "topics"
    return parse(
        {f.name.removesuffix(".yaml"): f.read_text("utf-8") for f in folder.iterdir() if f.name[-5:] == ".yaml"}
    )


def full_name(short: str, prefix: str = "") -> str:
    """Return the name on the cluster of one of our topics."""
    return load().full_name(short, prefix)

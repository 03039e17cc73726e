"""What the pipeline published, as a read_committed consumer sees it: everything, from the beginning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipeline.kafka.connection import KafkaConnection
from pipeline.stack.reader import open_reader
from schemas.records import Highlight, Moment, Stream, Summary, Tournament

TOPICS = ("highlights", "streams", "summaries", "tournaments", "dead-letters")
_highlights = msgspec.json.Decoder(Highlight)
_streams = msgspec.json.Decoder(Stream)
_summaries = msgspec.json.Decoder(Summary)
_tournaments = msgspec.json.Decoder(Tournament)
_moments = msgspec.json.Decoder(Moment)


@dataclass(frozen=True, slots=True)
class PublishedHighlight:
    """One highlight record and where it is."""

    partition: int
    offset: int
    record: Highlight


@dataclass(slots=True)
class Published:
    """All output records.

    Attributes:
        highlights: by request id, in the order of the topic.
        streams: the latest stream record of each request.
        summaries: the latest summary of each request.
        tournaments: the latest record of each tournament, by its key.
        moments: the latest revision of each moment, by the key of its tournament and its id.
        dead_letters: how many there are.
    """

    highlights: dict[str, list[PublishedHighlight]] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    summaries: dict[str, Summary] = field(default_factory=dict)
    tournaments: dict[str, Tournament] = field(default_factory=dict)
    moments: dict[str, dict[str, Moment]] = field(default_factory=dict)
    dead_letters: int = 0

    def fold(self, topic: str, record: Any) -> None:
        """Take in one Kafka record of a topic by its short name. Records of one key come in their order."""
        if topic == "dead-letters":
            self.dead_letters += 1
        elif record.value is None:
            return
        elif topic == "highlights":
            highlight = _highlights.decode(record.value)
            place = PublishedHighlight(record.partition, record.offset, highlight)
            self.highlights.setdefault(highlight.request_id, []).append(place)
        elif topic == "streams":
            stream = _streams.decode(record.value)
            self.streams[stream.request_id] = stream
        elif topic == "tournaments":
            self.tournaments[(record.key or b"").decode()] = _tournaments.decode(record.value)
        elif topic == "moments":
            moment = _moments.decode(record.value)
            self.moments.setdefault((record.key or b"").decode(), {})[moment.moment_id] = moment
        elif topic == "summaries":
            summary = _summaries.decode(record.value)
            self.summaries[summary.request_id] = summary


async def read_published(connection: KafkaConnection, *, prefix: str, topics: Iterable[str] = TOPICS) -> Published:
    """Read the output topics from beginning to end with a consumer of its own.

    Raises:
        KafkaError: the cluster is away, or a topic is not there.
        ReadStalledError: a topic could not be read to its end.
    """
    published = Published()
    async with open_reader(connection, topics, prefix=prefix) as reader:
        for record in await reader.read_to_end():
            published.fold(reader.short_name(record), record)
    return published

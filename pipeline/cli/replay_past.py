"""What was published in a past range, and what the ledger remembers of the requests behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from schemas.records import Highlight, Request, Summary

if TYPE_CHECKING:
    from pipeline.cli.context import CliContext
    from pipeline.domain import LinkedText, ProfileDesk, Remembered

TOPICS = ("highlights", "summaries", "ledger")

_highlights = msgspec.json.Decoder(Highlight)
_summaries = msgspec.json.Decoder(Summary)


class Span(NamedTuple):
    """From when (included) to when (excluded) a highlight was published."""

    begin: datetime
    end: datetime


class Past:
    """Folds records of ``TOPICS``, those of one key in their order.

    Args:
        desk: reads the ledger's records.
        span: the range.
        only: request ids; empty for all.

    Attributes:
        in_span: by request id, the latest revision in the range of each highlight, by its id.
        latest: likewise, the latest of all.
        summaries: the latest summary of each request.
    """

    def __init__(self, desk: ProfileDesk, span: Span, only: Collection[str] = ()) -> None:
        self.in_span: dict[str, dict[str, Highlight]] = {}
        self.latest: dict[str, dict[str, Highlight]] = {}
        self.summaries: dict[str, Summary] = {}
        self._desk = desk
        self._span = span
        self._only = frozenset(only)
        self._told: dict[str, Remembered] = {}

    def fold(self, topic: str, key: str, value: bytes | None) -> None:
        """Take in one record of a topic by its short name."""
        if topic == "ledger":
            self._fold_ledger(key, value)
        elif value is None or (self._only and key not in self._only):
            return
        elif topic == "summaries":
            summary = _summaries.decode(value)
            self.summaries[summary.request_id] = summary
        else:
            highlight = _highlights.decode(value)
            self.latest.setdefault(highlight.request_id, {})[highlight.highlight_id] = highlight
            if self._span.begin <= highlight.published_at < self._span.end:
                self.in_span.setdefault(highlight.request_id, {})[highlight.highlight_id] = highlight

    def _fold_ledger(self, key: str, value: bytes | None) -> None:
        if value is None:  # retention forgot it; the topic may not be compacted yet
            self._told.pop(key, None)
            return
        found = self._desk.remembered(key, value)
        if found is not None and (not self._only or found.request_id in self._only):
            self._told[key] = found

    def remembered(self) -> tuple[dict[str, Request], dict[str, LinkedText], dict[str, str]]:
        """Return requests, linked transcripts, and why a record of one cannot be read, each by request id."""
        told = self._told.values()
        return (
            {one.request_id: one.request for one in told if one.request is not None},
            {one.request_id: one.transcript for one in told if one.transcript is not None},
            {one.request_id: one.problem for one in told if one.problem},
        )


def read_past(context: CliContext, past: Past, progress: Callable[[str], Any]) -> None:
    """Read the topics to their present end.

    Args:
        context: whose settings say where Kafka is.
        past: takes the records in.
        progress: told how far it has come, for people.

    Raises:
        CommandError: Kafka is away, or a topic is missing.
        ReadStalledError: a topic could not be read to its end.
    """
    from pipeline.cli.kafka_access import reach
    from pipeline.cli.running import quiet, run_async
    from pipeline.stack.reader import open_reader

    settings = context.settings()

    async def run() -> None:
        connection = await reach(settings, TOPICS, said=said)
        count = 0
        async with open_reader(connection, TOPICS, prefix=settings.topics.prefix) as reader:
            async for records in reader.batches_to_end():
                for record in records:
                    past.fold(reader.short_name(record), (record.key or b"").decode(errors="replace"), record.value)
                count += len(records)
                progress(f"reading highlights, summaries and the ledger: {count:,} records")

    with quiet("aiokafka") as said:
        run_async(run())

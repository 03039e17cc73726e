"""What the rivals do with an observation: the same decoder, the same pure enrichment, the same record and headers.

Imports nothing that connects: Quix Streams runs it from an environment of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from agents.profiles import General
from agents.rules.canonical import Plain, digest_of, plain
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from schemas.cloudevents import EventHeaders, highlight_id
from schemas.records import Observation, ObservedHighlight, Request, decode, encode
from schemas.records.highlight import Observed

_decoder = msgspec.json.Decoder(Observation)


class Output(msgspec.Struct, frozen=True, gc=False):
    """One record for the highlights topic."""

    value: bytes
    headers: list[tuple[str, bytes]]


class Enrichment:
    """Turns observations into output records. Numbers that only a memory could know are 1, which is cheaper.

    Args:
        requests: all that may be named.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        profile = General()
        self._contexts = {asked.request_id: Context(asked, profile, 1, None) for asked in requests}
        self._headers = EventHeaders("tldr.highlights.v1", "/tldr-highlight/pipeline")

    def observation(self, value: bytes) -> Observation:
        """Decode and check an input record."""
        return decode(_decoder, value)

    def digest(self, highlight: ObservedHighlight) -> tuple[int, Plain]:
        """Return what decides whether a highlight is a repeat, and what of it :meth:`output` needs again."""
        parts = plain(highlight)
        return digest_of(highlight, parts), parts

    def output(
        self, seen: Observation, highlight: ObservedHighlight, revision: int = 1, parts: Plain | None = None
    ) -> Output:
        """Make the output record of one highlight."""
        now = datetime.now(UTC)
        how = Seen(Observed(by=seen.source, observation_id=seen.observation_id), "", seen.observed_at, now)
        context = self._contexts[seen.request_id]
        record, _ = enriched(highlight, context, how, Place(revision, 1, 1), signed=False, parts=parts)
        event = highlight_id(seen.request_id, highlight.id, revision)
        time = now.isoformat(timespec="milliseconds")
        return Output(encode(record), self._headers.make(event, time, seen.request_id))

    def outputs(self, value: bytes) -> Iterator[Output]:
        """Make the output records of an input record, whatever came before."""
        seen = self.observation(value)
        for highlight in seen.highlights:
            yield self.output(seen, highlight)

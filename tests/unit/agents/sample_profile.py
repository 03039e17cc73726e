"""A small profile that uses every part of the contract: a request may link a transcript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import General
from agents.profiles.profile import Enriched
from agents.profiles.transcript import transcript_of, transcript_url
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request


class Sample(General):
    """The general rules, and what the tests of effects need beside them."""

    name = "sample"
    label = "sample@1"

    def transcript_url(self, asked: Request) -> str | None:
        """What the request's metadata links."""
        return transcript_url(asked.metadata)

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> SamplePrepared:  # type: ignore[override]
        """Read the transcript."""
        return SamplePrepared(asked, linked)


class SamplePrepared:
    """The rules of one request."""

    def __init__(self, asked: Request, linked: LinkedTranscript | None) -> None:
        self.transcript = transcript_of(asked.metadata, linked)

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:  # noqa: ARG002 - the port
        """Add nothing."""
        return Enriched(tags, {})

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Say what became of the transcript."""
        return {
            "highlights": len(highlights),
            "segments": len(self.transcript.segments),
            "problem": self.transcript.problem,
        }

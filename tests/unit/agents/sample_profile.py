"""A small profile that uses every part of the contract: a request may link a transcript, a highlight leaves to-dos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import General
from agents.profiles.follow_up import FollowUpItem
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

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Note what is to be done: ``todo`` in the metadata, by item id, text and due time in unix seconds."""
        return Enriched(tags, {}, seen.metadata.get("todo"))

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Say what became of the transcript."""
        return {
            "highlights": len(highlights),
            "todo": {item: what for highlight in highlights.values() for item, what in (highlight.note or {}).items()},
            "segments": len(self.transcript.segments),
            "problem": self.transcript.problem,
        }

    def follow_ups(self, document: Mapping[str, Any]) -> list[FollowUpItem]:
        """All that is to be done."""
        return [
            FollowUpItem(item_id=item_id, text=text, due=None if due is None else datetime.fromtimestamp(due, UTC))
            for item_id, (text, due) in document["todo"].items()
        ]

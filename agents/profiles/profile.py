"""What a profile is: the rules of one domain for enriching highlights and for the document of the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from agents.ledger_records import HighlightState
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request


class Enriched(msgspec.Struct, frozen=True):
    """What a profile makes of one highlight.

    Attributes:
        tags: normalised tags, its own among them.
        enrichment: free, JSON; decided by the highlight and the request alone, never by order or time.
        note: what the document will need of this highlight beside title, times and confidence; small, JSON.
    """

    tags: list[str]
    enrichment: dict[str, Any]
    note: Any = None


class Profile(Protocol):
    """The rules of one domain. Pure: same input, same result.

    Attributes:
        name: as requests name it.
        version: counts up when the same input no longer gives the same result.
    """

    name: str
    version: int

    def enrich(self, asked: Request, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Enrich one highlight. ``tags`` are the API's, normalised; the list may be returned as it is."""

    def document(self, asked: Request, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Make the summary's document from all highlights of a settled request, by id."""

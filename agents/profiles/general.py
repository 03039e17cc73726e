"""The profile for everything: a confidence band, and the best moments of the stream."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles.profile import Enriched, Export
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request

HIGH, MEDIUM = 0.85, 0.6
"""Confidence from which a highlight counts as high or medium."""

BEST = 10
"""How many highlights the document lists."""


class General:
    """Rules that fit any stream."""

    name = "general"
    version = 1
    hides = False
    label = "general@1"
    about = "Rules that fit any stream: a confidence band, and the best moments."
    exports: Mapping[str, Export] = MappingProxyType({})

    def describe(self) -> dict[str, Any]:
        """The bounds of the bands."""
        return {"confidence_bands": {"high": HIGH, "medium": MEDIUM, "low": 0.0}, "best": BEST}

    def options(self, asked: Request) -> Mapping[str, Any]:  # noqa: ARG002 - the port
        """Leave all options as the request has them."""
        return {}

    def transcript_url(self, asked: Request) -> str | None:  # noqa: ARG002 - the port
        """No transcript is read."""
        return None

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> General:  # noqa: ARG002 - the port
        """The rules are the same for every request."""
        return self

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Add the confidence band."""
        return Enriched(tags, {"confidence_band": band(seen.confidence_score)})

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """List the best moments, and say how much of the stream the highlights cover."""
        best = sorted(highlights.items(), key=lambda item: (-item[1].confidence, item[1].start_s, item[0]))[:BEST]
        bands = {"high": 0, "medium": 0, "low": 0}
        for highlight in highlights.values():
            bands[band(highlight.confidence)] += 1
        return {
            "best": [
                {
                    "highlight_id": highlight_id,
                    "title": highlight.title,
                    "start_s": highlight.start_s,
                    "confidence": highlight.confidence,
                }
                for highlight_id, highlight in best
            ],
            "confidence_bands": bands,
            "highlighted_s": covered_s(highlights),
        }


def band(confidence: float) -> str:
    """Return ``high``, ``medium`` or ``low``."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def covered_s(highlights: Mapping[str, HighlightState]) -> float:
    """Return how many seconds lie in at least one highlight, to the millisecond."""
    covered = 0.0
    reached = 0.0
    for start, end in sorted((h.start_s, h.start_s + h.duration_s) for h in highlights.values()):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(covered, 3)

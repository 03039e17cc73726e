"""The profile for everything: a confidence band, and the best moments of the stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.ledger_records import HighlightState
from agents.profiles.profile import Enriched
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

    def enrich(self, asked: Request, seen: ObservedHighlight, tags: list[str]) -> Enriched:  # noqa: ARG002  # the port
        """Add the confidence band."""
        return Enriched(tags, {"confidence_band": band(seen.confidence_score)})

    def document(self, asked: Request, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:  # noqa: ARG002
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

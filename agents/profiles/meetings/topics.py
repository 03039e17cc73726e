"""Which point of the agenda some words are about: by the words they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.profiles.meetings.turns import Source

_WORD = re.compile(r"[^\W_]{4,}")
_STEM = 5
_COMMON = frozenset(
    [
        "about",
        "agenda",
        "after",
        "again",
        "also",
        "been",
        "before",
        "could",
        "discussion",
        "does",
        "from",
        "have",
        "item",
        "items",
        "meeting",
        "next",
        "over",
        "point",
        "review",
        "some",
        "that",
        "than",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "topic",
        "update",
        "updates",
        "what",
        "when",
        "where",
        "which",
        "will",
        "with",
        "would",
        "your",
    ]
)


class Agenda:
    """The points of an agenda.

    Args:
        points: in their order.
        more_common: further words that say nothing about a topic.
    """

    def __init__(self, points: Sequence[str], more_common: frozenset[str] = frozenset()) -> None:
        self.points = tuple(points)
        common = _COMMON | more_common
        self._stems = [_stems([point], common) for point in points]
        self._common = common

    def topic(self, sources: Iterable[Source]) -> str | None:
        """Return the point that shares most words, the earlier of two; ``None`` when none shares any."""
        if not self.points:
            return None
        said = _stems((source.text for source in sources), self._common)
        best, score = None, 0.0
        for point, stems in zip(self.points, self._stems, strict=True):
            shared = len(stems & said)
            worth = shared + shared / len(stems) if shared else 0.0
            if worth > score:
                best, score = point, worth
        return best

    def place(self, topic: str | None) -> int | None:
        """Return the place of a point."""
        return self.points.index(topic) if topic in self.points else None


def _stems(texts: Iterable[str], common: frozenset[str]) -> frozenset[str]:
    return frozenset(word[:_STEM] for text in texts for word in _WORD.findall(text.lower()) if word not in common)

"""One item of a highlight on its way into the minutes, and what its words are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.profiles.meetings.items import words_of

_STEM = 5
_SHORTEST = 3
_BARE = frozenset(
    [
        "able", "about", "absolutely", "action", "agree", "agreed", "agreement", "all", "alright", "also", "anybody",
        "anyone", "approved", "care", "clear", "course", "deal", "decide", "decided", "decision", "definitely", "doing",
        "done", "down", "end", "everybody", "everyone", "fine", "friday", "get", "going", "gonna", "good", "great",
        "handle", "happy", "her", "here", "him", "how", "idea", "item", "know", "knows", "leave", "let", "lets", "look",
        "maybe", "monday", "morning", "next", "now", "one", "problem", "put", "saturday", "see", "settled", "shall",
        "somebody", "someone", "soon", "sort", "still", "sunday", "sure", "take", "thank", "thanks", "then", "there",
        "these", "those", "thursday", "today", "tomorrow", "tonight", "try", "tuesday", "until", "urgent", "us",
        "wednesday", "week", "what", "when", "where", "which", "who", "xask", "xbeg", "xcall", "xdate", "xend", "xing",
        "xlist", "xname", "xrole", "xthen", "xyes", "yet",
    ]
)  # fmt: skip
"""Words that say nothing about what is done or decided."""


class Point:
    """An item on its way.

    Attributes:
        item: as the highlight has it, with what it takes over from others.
        text: its best words so far.
        grounds: its evidence, its own first.
        turn: and ``first``, ``last``: its clauses in a scene; ``turn`` is ``None`` when it has none.
        taken: the points that it has become one with.
        empty: its words do not say what it is about: "agreed", "can you do that today?".
    """

    __slots__ = ("empty", "first", "grounds", "item", "last", "taken", "text", "turn")

    def __init__(self, item: Mapping[str, Any]) -> None:
        evidence = item["evidence"]
        self.item = dict(item)
        self.text: str = item["text"]
        self.grounds: list[Mapping[str, Any]] = list(evidence) if isinstance(evidence, list) else [evidence]
        self.turn: int | None = None
        self.first = 0
        self.last = 0
        self.taken: list[Point] = []
        self.empty = False

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.item["kind"])

    @property
    def field(self) -> str:
        """Where its own ground stands."""
        return str(self.grounds[0]["field"])

    @property
    def at_s(self) -> float:
        """When it is said."""
        return float(self.item["at_s"])

    @property
    def assignee(self) -> str | None:
        """Whom it falls to."""
        assignee: str | None = self.item["assignee"]
        return assignee

    @property
    def speaker(self) -> str | None:
        """Who says it."""
        speaker: str | None = self.item["speaker"]
        return speaker

    def take(self, other: Point) -> None:
        """Become one with another: its grounds, and what is not known here."""
        self.taken.append(other)
        self.grounds += [ground for ground in other.grounds if ground not in self.grounds]
        for name in ("due", "depends_on"):
            if self.item[name] is None:
                self.item[name] = other.item[name]
                if name == "due" and other.item["due_text"]:
                    self.item["due_text"] = other.item["due_text"]
        if self.item["priority"] == "normal":
            self.item["priority"] = other.item["priority"]
        self.item["confidence"] = max(self.item["confidence"], other.item["confidence"])

    def assign(self, accepting: Point, due: tuple[str | None, str | None]) -> None:
        """Fall to who accepts, until then."""
        self.item["assignee"], self.item["assignee_known"] = accepting.assignee, accepting.item["assignee_known"]
        self.item["due"], self.item["due_text"] = due

    def says_when(self) -> bool:
        """Its own words have its date."""
        said = self.item["due_text"]
        return bool(said) and str(said).lower() in self.text.lower()

    def tells_date_of(self, other: Point) -> bool:
        """The date of another is said here, and nobody says that it is the other's as well."""
        said = other.item["due_text"]
        mine = self.says_when() and self.item["due_text"] == said
        return mine and not any(one.item["due_text"] == said and one.says_when() for one in other.taken)

    def only_own_due(self) -> None:
        """Leave out a date that its own words do not have."""
        if not self.says_when():
            self.item["due"] = self.item["due_text"] = None


def due_of(accepting: Point, asking: Point) -> tuple[str | None, str | None]:
    """Return the date of an acceptance or its request: of one that says it, the acceptance first."""
    told = [one for one in (accepting, asking) if one.says_when()]
    best = next(iter(told), asking if asking.item["due"] else accepting)
    return best.item["due"], best.item["due_text"]


def stems(text: str) -> frozenset[str]:
    """Return the beginnings of the words by which two texts are about the same."""
    return frozenset(word[:_STEM] for word in words_of(text) - _BARE if len(word) >= _SHORTEST)


def alike(one: str, other: str) -> bool:
    """Say whether two texts share what they are about."""
    return bool(stems(one) & stems(other))

"""Which highlights of a match show the same moment. What is known decides, not the order in which it came.

The earliest highlight opens a moment. From each other stream the first one that fits it joins, and belongs to no other
moment then; the earliest that is left opens the next. So a moment holds one highlight of a stream at most, and does not
grow along a chain of highlights that overlap each other, as connected components would.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, insort
from collections.abc import Callable
from functools import cached_property

from agents.tournament_records import Member
from schemas.records.tournament_sighting import SightedHighlight

NEAR_S = 5.0
"""Highlights that start no further apart may be one moment, however short they are."""

REACH_S = 15.0
"""Highlights that start further apart are no moment, however long they are."""

ALIKE = 0.5
"""Share of common words from which titles are alike (Dice's coefficient)."""

_MARGIN_S = 1.0
"""More than rounding can move a bound."""

_WORD = re.compile(r"\w{3,}")

Order = tuple[float, str, str]
"""Start on the clock of the match, request, highlight: a total order."""


class Sight:
    """A highlight on the clock of its match."""

    def __init__(self, request_id: str, highlight: SightedHighlight, offset_s: float) -> None:
        self.member = Member(request_id, highlight.highlight_id)
        self.start_s = highlight.start_s + offset_s
        self.end_s = highlight.end_s + offset_s
        self.order: Order = (self.start_s, *self.member)
        self.highlight = highlight
        self.kinds = frozenset(highlight.kinds)
        self.players = frozenset(highlight.players)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its title that say something."""
        return frozenset(_WORD.findall(self.highlight.title.casefold()))

    def shows(self, other: Sight) -> bool:
        """Say whether a later highlight of another stream shows the same."""
        apart = other.start_s - self.start_s
        if apart > REACH_S:
            return False
        if apart > NEAR_S:
            shared = min(self.end_s, other.end_s) - other.start_s
            if shared <= 0 or 2 * shared < min(self.end_s - self.start_s, other.end_s - other.start_s):
                return False
        if self.players and other.players and self.players.isdisjoint(other.players):
            return False
        if self.kinds and other.kinds:
            return not self.kinds.isdisjoint(other.kinds)
        words = len(self.words) + len(other.words)
        return words > 0 and 2 * len(self.words & other.words) >= ALIKE * words


class Match:
    """The highlights of one match, in order. Changed while state is folded only."""

    def __init__(self) -> None:
        self.sights: dict[Member, Sight] = {}
        self.orders: list[Order] = []

    def add(self, sight: Sight) -> None:
        """Put a highlight in its place."""
        self.sights[sight.member] = sight
        insort(self.orders, sight.order)

    def remove(self, member: Member) -> None:
        """Take a highlight out."""
        del self.orders[bisect_left(self.orders, self.sights.pop(member).order)]

    def at(self, place: int) -> Sight:
        """Return the highlight at a place of the order."""
        return self.sights[Member(*self.orders[place][1:])]


Opener = Callable[[Sight], Order | None]
"""Where the highlight was that opened a highlight's moment, before the change."""


def regroup(match: Match, low_s: float, high_s: float, opener: Opener) -> list[list[Sight]]:
    """Group anew what a change between two times may have an influence on, and no more.

    Args:
        match: as it is after the change.
        low_s: the earliest time at which a highlight came, went or changed.
        high_s: the latest.
        opener: says how highlights were grouped before; ``None`` for one that is new.

    Returns:
        Moments, each with its highlights in order. Those that are not among them are as they were.
    """
    before = (low_s - REACH_S - _MARGIN_S, "", "")
    place = bisect_left(match.orders, before)
    taken = _taken_before(before, match, place, opener)
    groups = []
    while place < len(match.orders):
        first = match.at(place)
        if first.start_s > high_s and taken == _taken_before(first.order, match, place, opener):
            break  # from here on the past looks as it did
        place += 1
        if first.order in taken:
            taken.discard(first.order)
            continue
        group = _opened_by(first, match, place, taken)
        taken.update(sight.order for sight in group[1:])
        groups.append(group)
    return groups


def _taken_before(before: Order, match: Match, place: int, opener: Opener) -> set[Order]:
    """Highlights from a place on that belonged to a moment which opened before it."""
    taken: set[Order] = set()
    for ahead in range(place, len(match.orders)):
        sight = match.at(ahead)
        if sight.start_s > before[0] + REACH_S + _MARGIN_S:
            break
        opened = opener(sight)
        if opened is not None and opened < before:
            taken.add(sight.order)
    return taken


def _opened_by(first: Sight, match: Match, place: int, taken: set[Order]) -> list[Sight]:
    group, streams = [first], {first.member.request_id}
    for ahead in range(place, len(match.orders)):
        order = match.orders[ahead]
        if order[0] > first.start_s + REACH_S:
            break
        if order in taken or order[1] in streams:
            continue
        sight = match.at(ahead)
        if first.shows(sight):
            group.append(sight)
            streams.add(order[1])
    return group


def moment_id(opened_by: Member) -> str:
    """Return the id of the moment that a highlight opens."""
    return "m-" + hashlib.blake2b("/".join(opened_by).encode(), digest_size=8).hexdigest()

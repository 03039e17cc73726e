"""Which highlights of a match show the same moment. What is known decides, not the order in which it came.

The earliest highlight opens a moment. From each other stream the first one that fits it joins, and belongs to no other
moment then; the earliest that is left opens the next. So a moment holds one highlight of a stream at most, and does not
grow along a chain of highlights that overlap each other, as connected components would.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
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
        both_named = bool(self.players and other.players)
        if both_named and self.players.isdisjoint(other.players):
            return False
        if self.kinds and other.kinds:
            return not self.kinds.isdisjoint(other.kinds)
        if both_named:
            return True  # the same player at the same time; what it was, one of them does not say
        words = len(self.words) + len(other.words)
        return words > 0 and 2 * len(self.words & other.words) >= ALIKE * words


class Match:
    """The highlights of one match, in order. Changed while state is folded only.

    Attributes:
        sights: by member.
        orders: of all highlights.
        streams: of the highlights of each stream, by request id.
    """

    def __init__(self) -> None:
        self.sights: dict[Member, Sight] = {}
        self.orders: list[Order] = []
        self.streams: dict[str, list[Order]] = {}

    def add(self, sight: Sight) -> None:
        """Put a highlight in its place."""
        self.sights[sight.member] = sight
        insort(self.orders, sight.order)
        insort(self.streams.setdefault(sight.member.request_id, []), sight.order)

    def remove(self, member: Member) -> None:
        """Take a highlight out."""
        order, of_stream = self.sights.pop(member).order, self.streams[member.request_id]
        del self.orders[bisect_left(self.orders, order)]
        del of_stream[bisect_left(of_stream, order)]
        if not of_stream:
            del self.streams[member.request_id]

    def at(self, order: Order) -> Sight:
        """Return the highlight at a place."""
        return self.sights[Member(*order[1:])]

    def of_others(self, request_id: str, first: Order, until_s: float) -> Iterator[Iterator[Sight]]:
        """Yield for each other stream its highlights from a place on that start no later than a time."""
        for stream, orders in self.streams.items():
            if stream != request_id:
                places = range(bisect_left(orders, first), bisect_right(orders, until_s, key=_start_of))
                yield (self.at(orders[place]) for place in places)


def _start_of(order: Order) -> float:
    return order[0]


Former = Callable[[Member], Sequence[Member]]
"""The highlights of the moment that a highlight belonged to before a change, in order; none for one that is new."""


def grouped(match: Match) -> list[list[Sight]]:
    """Group a whole match; each moment has its highlights in order."""
    claimed: set[Order] = set()
    groups = []
    for order in match.orders:
        if order not in claimed:
            group = _opened_by(match.at(order), match, lambda sight: sight.order in claimed)
            claimed.update(sight.order for sight in group)
            groups.append(group)
    return groups


def regrouped(match: Match, before: Sight | None, after: Sight | None, former: Former) -> list[list[Sight]]:
    """Group anew what one highlight has an influence on, and no more.

    Args:
        match: as it is after the change.
        before: the highlight as it was; ``None`` when it is new here.
        after: as it is; ``None`` when it is gone from here.
        former: how highlights were grouped before.

    Returns:
        Moments as :func:`grouped` has them. Those that are not among them are as they were.
    """
    changed = [sight for sight in (before, after) if sight is not None]
    member, high = changed[0].member, max(sight.order for sight in changed)
    start = _first_influenced(match, before, after, former)

    def taken(sight: Sight) -> bool:
        """Whether it belongs to a moment that opens earlier: to one from before the start, or to one grouped now."""
        if sight.order in claimed:
            return True
        opened_by = next(iter(former(sight.member)), member)
        return member not in (sight.member, opened_by) and match.sights[opened_by].order < start

    def claims(members: Sequence[Member]) -> Iterable[Order]:
        return (match.sights[other].order for other in members[1:] if other != member)

    claimed: set[Order] = set()
    """Highlights ahead that belong to moments grouped now."""
    was: set[Order] = set()
    """Those that belonged to the moments which opened here before."""
    if before is not None and next(iter(former(member)), None) == member:
        was.update(claims(former(member)))
    groups = []
    for place in range(bisect_left(match.orders, start), len(match.orders)):
        order = match.orders[place]
        if order > high and claimed == was:
            break  # from here on the past looks as it did
        sight = match.at(order)
        members = former(sight.member)
        if sight.member != member and members and members[0] == sight.member:
            was.update(claims(members))
        if not taken(sight):
            group = _opened_by(sight, match, taken)
            claimed.update(other.order for other in group[1:])
            groups.append(group)
        was.discard(order)
        claimed.discard(order)
    return groups


def _first_influenced(match: Match, before: Sight | None, after: Sight | None, former: Former) -> Order:
    """Where the earliest moment opens that had the highlight, may have it now, or is opened by it."""
    orders = [sight.order for sight in (before, after) if sight is not None]
    low = min(orders)
    if before is not None and (members := former(before.member)) and members[0] != before.member:
        orders.append(match.sights[members[0]].order)
    if after is not None:
        first = (low[0] - REACH_S - _MARGIN_S, "", "")
        for others in match.of_others(after.member.request_id, first, low[0]):
            for sight in others:
                if sight.order < low and former(sight.member)[:1] == (sight.member,) and sight.shows(after):
                    orders.append(sight.order)
                    break
    return min(orders)


def _opened_by(first: Sight, match: Match, taken: Callable[[Sight], bool]) -> list[Sight]:
    group = [first]
    for others in match.of_others(first.member.request_id, first.order, first.start_s + REACH_S + _MARGIN_S):
        found = next((sight for sight in others if first.shows(sight) and not taken(sight)), None)
        if found is not None:
            group.append(found)
    return sorted(group, key=lambda sight: sight.order)


def moment_id(opened_by: Member) -> str:
    """Return the id of the moment that a highlight opens."""
    return "m-" + hashlib.blake2b("/".join(opened_by).encode(), digest_size=8).hexdigest()

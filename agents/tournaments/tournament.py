"""What a partition knows about one tournament: its streams, their highlights in order, and the moments published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.tournament_records import Member, MomentState, SightingState, StreamPlace, TournamentState
from agents.tournaments.merging import Match, Sight, grouped, regrouped


class Tournament:
    """One tournament. Changed by :class:`agents.state.PartitionState` only, while it folds.

    Attributes:
        key: ``tenant/tournament_id``.
        state: ``None`` while a restore has not come to it yet.
        streams: by request id.
        sightings: by request id and highlight id.
        moments: by moment id, those withdrawn among them.
        moment_of: the moment that a highlight belongs to.
        matches: highlights in order, by match. A stream that names no match is one of its own.
    """

    __slots__ = ("key", "matches", "moment_of", "moments", "sightings", "state", "streams")

    def __init__(self, key: str) -> None:
        self.key = key
        self.state: TournamentState | None = None
        self.streams: dict[str, StreamPlace] = {}
        self.sightings: dict[str, dict[str, SightingState]] = {}
        self.moments: dict[str, MomentState] = {}
        self.moment_of: dict[Member, str] = {}
        self.matches: dict[str, Match] = {}

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.key.partition("/")[0]

    @property
    def tournament_id(self) -> str:
        """The id that the tenant chose."""
        return self.key.partition("/")[2]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to remember."""
        return self.state is None and not (self.streams or self.sightings or self.moments)

    @property
    def has_ended(self) -> bool:
        """Whether all streams that are known have ended."""
        return all(place.ended for place in self.streams.values())

    @property
    def standing(self) -> Iterator[MomentState]:
        """The moments that are not withdrawn."""
        return (moment for moment in self.moments.values() if moment.members)

    # -- folding ---------------------------------------------------------------------------------------------------

    def fold_stream(self, request_id: str, new: StreamPlace | None) -> None:
        """Put a stream in its place, and its highlights with it."""
        highlights = self.sightings.get(request_id, {})
        for highlight_id in highlights:
            self._take_out(Member(request_id, highlight_id))
        if new is None:
            self.streams.pop(request_id, None)
        else:
            self.streams[request_id] = new
        for sighting in highlights.values():
            self._put_in(request_id, sighting)

    def fold_sighting(self, member: Member, new: SightingState | None) -> None:
        """Put the latest revision of a highlight in place."""
        self._take_out(member)
        highlights = self.sightings.setdefault(member.request_id, {})
        if new is None:
            highlights.pop(member.highlight_id, None)
            if not highlights:
                del self.sightings[member.request_id]
        else:
            highlights[member.highlight_id] = new
            self._put_in(member.request_id, new)

    def fold_moment(self, moment_id: str, new: MomentState | None) -> None:
        """Put the latest revision of a moment in place."""
        old = self.moments.pop(moment_id, None)
        for member in () if old is None else old.members:
            if self.moment_of.get(member) == moment_id:
                del self.moment_of[member]
        if new is not None:
            self.moments[moment_id] = new
            self.moment_of.update(dict.fromkeys(new.members, moment_id))

    def _take_out(self, member: Member) -> None:
        """Take a highlight out of its match, if its stream is known."""
        match_id = self.match_of(member.request_id)
        match = self.matches.get(match_id)
        if match is not None and member in match.sights:
            match.remove(member)
            if not match.sights:
                del self.matches[match_id]

    def _put_in(self, request_id: str, sighting: SightingState) -> None:
        place = self.streams.get(request_id)
        if place is not None:  # else a restore comes to it later
            match = self.matches.setdefault(self.match_of(request_id), Match())
            match.add(Sight(request_id, sighting.highlight, place.stream.offset_s))

    # -- looking ---------------------------------------------------------------------------------------------------

    def match_of(self, request_id: str) -> str:
        """The match that a stream shows."""
        place = self.streams.get(request_id)
        match_id = None if place is None else place.stream.match_id
        return f"/{request_id}" if match_id is None else match_id  # "/" is in no identifier

    def sight_of(self, member: Member) -> Sight | None:
        """A highlight on the clock of its match."""
        match = self.matches.get(self.match_of(member.request_id))
        return None if match is None else match.sights.get(member)

    def regrouped(self, match_id: str, before: Sight | None, after: Sight | None) -> list[list[Sight]]:
        """Group anew what one highlight of a match has an influence on (see :mod:`agents.tournaments.merging`)."""
        match = self.matches.get(match_id)
        return [] if match is None else regrouped(match, before, after, self._former)

    def grouped(self, match_id: str) -> list[list[Sight]]:
        """Group a whole match anew."""
        match = self.matches.get(match_id)
        return [] if match is None else grouped(match)

    def _former(self, member: Member) -> tuple[Member, ...]:
        moment_id = self.moment_of.get(member)
        return () if moment_id is None else self.moments[moment_id].members

    # -- comparison ------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that a restore has to bring back, comparable."""
        return {
            "state": self.state,
            "streams": dict(self.streams),
            "sightings": {request_id: dict(found) for request_id, found in self.sightings.items()},
            "moments": dict(self.moments),
            "moment_of": dict(self.moment_of),
            "matches": {match_id: list(match.orders) for match_id, match in self.matches.items()},
        }

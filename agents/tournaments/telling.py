"""A moment as a record: one highlight with its points of view."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from agents.tournament_records import MomentState
from agents.tournaments.merging import Sight, moment_id
from agents.tournaments.tournament import Tournament
from schemas.records.base import encode
from schemas.records.moment import Moment, PointOfView
from schemas.records.tournament import MomentLine
from schemas.records.tournament_sighting import StreamRole, TournamentStream

MOST_VIEWS = 200
"""Points of view that a record lists."""

_MOST_NAMES = 20
_PLACE: dict[StreamRole, int] = {"main": 0, "pov": 1, "language": 2}


class Told(msgspec.Struct, frozen=True):
    """A moment as it is to be published: without its number and time, which the digest leaves out as well."""

    line: MomentLine
    end_s: float
    points_of_view: tuple[PointOfView, ...]

    @property
    def digest(self) -> str:
        """Tells one content from another."""
        return hashlib.blake2b(encode(self), digest_size=12).hexdigest()

    @property
    def clip_url(self) -> str | None:
        """A clip of it, of the first point of view that has one."""
        return next((view.clip_url for view in self.points_of_view if view.clip_url), None)


def told(group: Sequence[Sight], tournament: Tournament) -> Told:
    """Make one of the highlights of a moment, which are in the order of time."""
    places = {sight.member: tournament.streams[sight.member.request_id].stream for sight in group}
    views = sorted(group, key=lambda sight: (_PLACE[places[sight.member].role], sight.member))
    best = min(group, key=lambda sight: (_PLACE[places[sight.member].role], -sight.highlight.score, sight.order))
    phases = _by_frequency([place.phase] for place in places.values() if place.phase)
    line = MomentLine(
        moment_id=moment_id(group[0].member),
        match_id=places[group[0].member].match_id,
        phase=phases[0] if phases else "",
        title=best.highlight.title,
        start_s=round(group[0].start_s, 3),
        score=max(sight.highlight.score for sight in group),
        kinds=_by_frequency(sight.highlight.kinds for sight in group),
        players=_by_frequency(sight.highlight.players for sight in group),
        teams=_by_frequency(sight.highlight.teams for sight in group),
        views=len(group),
    )
    end_s = round(max(sight.end_s for sight in group), 3)
    return Told(line, end_s, tuple(_view(sight, places[sight.member]) for sight in views[:MOST_VIEWS]))


def _view(sight: Sight, place: TournamentStream) -> PointOfView:
    highlight = sight.highlight
    return PointOfView(
        request_id=sight.member.request_id,
        highlight_id=highlight.highlight_id,
        revision=highlight.revision,
        role=place.role,
        player=place.player,
        team=place.team,
        language=place.language,
        title=highlight.title,
        start_s=highlight.start_s,
        end_s=highlight.end_s,
        score=highlight.score,
        clip_url=highlight.clip_url,
        moment_url=highlight.moment_url,
    )


def _by_frequency(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    counts = Counter(name for names in lists for name in set(names))
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_NAMES])


def moment_record(
    tournament: Tournament,
    told: Told,
    revision: int,
    at: datetime,
    *,
    withdrawn: bool = False,
    merged_into: str | None = None,
) -> Moment:
    """Return the record of one revision."""
    line = told.line
    return Moment(
        tenant=tournament.tenant,
        tournament_id=tournament.tournament_id,
        tournament_name="" if tournament.state is None else tournament.state.name,
        moment_id=line.moment_id,
        revision=revision,
        withdrawn=withdrawn,
        merged_into=merged_into,
        match_id=line.match_id,
        phase=line.phase,
        title=line.title,
        start_s=line.start_s,
        end_s=told.end_s,
        score=line.score,
        kinds=line.kinds,
        players=line.players,
        teams=line.teams,
        views=line.views,
        points_of_view=list(told.points_of_view),
        published_at=at,
    )


def withdrawn_record(
    tournament: Tournament, known: MomentState, merged_into: str | None, revision: int, at: datetime
) -> Moment:
    """Return the last record of a moment that is no more."""
    nothing = Told(msgspec.structs.replace(known.line, views=0), known.line.start_s, ())
    return moment_record(tournament, nothing, revision, at, withdrawn=True, merged_into=merged_into)

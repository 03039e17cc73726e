"""``tldr.tournaments.v1`` (compacted): where a tournament stands, and its summary once all its streams have ended."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.records.base import Identifier, Instant, Record
from schemas.records.tournament_sighting import Score, TournamentId

Count = Annotated[int, msgspec.Meta(ge=0)]


class Totals(msgspec.Struct, kw_only=True):
    """Sums over the tournament.

    Attributes:
        streams: Streams known so far.
        running: Those that have not ended.
        highlights: Highlights of all streams.
        moments: Moments that they were merged to.
        kinds: Moments by what happened, most frequent first.
        notified: Notifications sent.
        suppressed: Notifications not sent because there were too many.
    """

    streams: Count
    running: Count
    highlights: Count
    moments: Count
    kinds: dict[str, int] = {}
    notified: Count = 0
    suppressed: Count = 0


class Standing(msgspec.Struct, kw_only=True):
    """One line of a leaderboard.

    Attributes:
        name: The player or team.
        team: The player's team, if a request names it.
        moments: Moments that name it.
        score: Sum of their scores.
        best: The highest of them.
        kinds: Moments by what happened, most frequent first.
    """

    name: str
    team: str = ""
    moments: Count
    score: Annotated[float, msgspec.Meta(ge=0)]
    best: Score
    kinds: dict[str, int] = {}


class MomentLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A moment in short; the whole is on the topic of moments.

    Attributes:
        moment_id: The moment.
        match_id: Its match.
        phase: Its phase.
        title: Its title.
        start_s: Where it starts on the clock of the match, in seconds.
        score: How good it is, 0 to 1.
        kinds: What happened.
        players: Who did it.
        teams: Whose players they are.
        views: How many points of view there are.
    """

    moment_id: str
    match_id: Identifier | None = None
    phase: str = ""
    title: str
    start_s: float
    score: Score
    kinds: tuple[str, ...] = ()
    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    views: Count


class MatchLine(msgspec.Struct, kw_only=True):
    """One match.

    Attributes:
        match_id: The match; null for a stream that names none.
        phase: Its phase.
        teams: Who plays.
        streams: Streams that show it.
        moments: Moments in it.
        score: Sum of their scores.
    """

    match_id: Identifier | None
    phase: str = ""
    teams: tuple[str, ...] = ()
    streams: Count
    moments: Count
    score: Annotated[float, msgspec.Meta(ge=0)]


class HypeCurve(msgspec.Struct, kw_only=True):
    """How exciting a match was over its time.

    Attributes:
        match_id: The match; null for a stream that names none.
        start_s: Where the curve begins on the clock of the match, in seconds.
        step_s: Seconds from one point to the next.
        points: For each step the sum of the scores of the moments that start in it.
    """

    match_id: Identifier | None
    start_s: float
    step_s: Annotated[float, msgspec.Meta(gt=0)]
    points: list[float]


class TournamentSummary(msgspec.Struct, kw_only=True):
    """What is told at the end.

    Attributes:
        timeline: The 1,000 best moments at most, in the order of matches and of time.
        hype: A curve for each match.
    """

    timeline: list[MomentLine]
    hype: list[HypeCurve]


class Tournament(Record, kw_only=True):
    """Where a tournament stands. The Kafka key is ``tenant/tournament_id``.

    Attributes:
        tenant: Whose tournament it is.
        tournament_id: The tournament.
        name: For people.
        revision: Counts this tournament's records from 1. The highest is the final word.
        final: True when all streams known so far have ended.
        totals: Sums.
        players: Leaderboard of the first 100 players: by score, then by name.
        teams: Leaderboard of the first 100 teams.
        matches: The first 500 matches, by id.
        top: The ten best moments.
        summary: What is told at the end; null before.
        published_at: When this record was made.
        schema_version: Version of this record's form.
    """

    tenant: Identifier
    tournament_id: TournamentId
    name: str = ""
    revision: Annotated[int, msgspec.Meta(ge=1)]
    final: bool
    totals: Totals
    players: list[Standing] = []
    teams: list[Standing] = []
    matches: list[MatchLine] = []
    top: list[MomentLine] = []
    summary: TournamentSummary | None = None
    published_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

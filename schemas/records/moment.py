"""``tldr.moments.v1``: one moment of a match with all points of view from which it was seen."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.records.base import Identifier, Instant, Record, Seconds
from schemas.records.tournament_sighting import Score, StreamRole, TournamentId


class PointOfView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One stream's highlight of the moment.

    Attributes:
        request_id: The request whose stream it is.
        highlight_id: The highlight, as on the topic of highlights.
        revision: Its revision.
        role: The broadcast, one player's view, or the broadcast in another language.
        player: Whose view it is.
        team: The team of that player.
        language: What is spoken.
        title: The highlight's title.
        start_s: Where it starts in its own stream, in seconds.
        end_s: Where it ends there.
        score: How good the moment is, seen from here, 0 to 1.
        clip_url: Where the clip is.
        moment_url: A link into the source at the moment.
    """

    request_id: Identifier
    highlight_id: str
    revision: Annotated[int, msgspec.Meta(ge=1)]
    role: StreamRole = "main"
    player: str = ""
    team: str = ""
    language: str = ""
    title: str
    start_s: Seconds
    end_s: Seconds
    score: Score
    clip_url: str | None = None
    moment_url: str | None = None


class Moment(Record, kw_only=True):
    """One revision of a moment. The Kafka key is ``tenant/tournament_id``.

    Its id comes from the earliest highlight in it. When an earlier one turns up, or two moments become one, the one
    that is gone is published once more, as withdrawn.

    Attributes:
        tenant: Whose tournament it is.
        tournament_id: The tournament.
        tournament_name: For people.
        moment_id: The moment; the same over all its revisions.
        revision: Counts this moment's revisions from 1. The highest is the valid one.
        withdrawn: True when the moment is no more.
        merged_into: The moment that its earliest highlight belongs to now, when it is withdrawn.
        match_id: The match, if the streams name one.
        phase: The phase of the tournament.
        title: The title of the point of view that tells it best: the broadcast before views of players.
        start_s: Where it starts on the clock of the match, in seconds; before the start of the match it is negative.
        end_s: Where it ends.
        score: The highest of its points of view, 0 to 1.
        kinds: What happened, by how many points of view say so.
        players: Who did it, likewise.
        teams: Whose players they are, likewise.
        views: How many points of view there are.
        points_of_view: The first 200 of them, the broadcast first.
        published_at: When this record was made.
        schema_version: Version of this record's form.
    """

    tenant: Identifier
    tournament_id: TournamentId
    tournament_name: str = ""
    moment_id: str
    revision: Annotated[int, msgspec.Meta(ge=1)]
    withdrawn: bool = False
    merged_into: str | None = None
    match_id: Identifier | None = None
    phase: str = ""
    title: str
    start_s: float
    end_s: float
    score: Score
    kinds: tuple[str, ...] = ()
    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    views: Annotated[int, msgspec.Meta(ge=0)]
    points_of_view: list[PointOfView] = []
    published_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

"""``tldr.tournament-sightings.v1`` (internal): what one stream of a tournament tells its tournament's partition."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.records.base import NO_LAST_NEWLINE, Identifier, Instant, Record, Seconds

StreamRole = Literal["main", "pov", "language"]
"""What a stream of a match shows: the broadcast, one player's view, or the broadcast in another language."""

TournamentId = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, pattern=f"^[A-Za-z0-9][A-Za-z0-9._:@+-]*${NO_LAST_NEWLINE}")
]
"""An identifier that leaves room for the tenant beside it in a Kafka key."""

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Player(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Who plays.

    Attributes:
        name: As shown in the game.
        team: The team's name; empty when it is not known.
    """

    name: str
    team: str = ""


class TournamentStream(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Where a stream belongs in a tournament.

    Attributes:
        tournament_id: The tournament.
        tournament_name: For people.
        match_id: The match it shows. Streams are merged within a match only.
        phase: The phase of the tournament, such as group or semi_final.
        teams: Who plays against each other.
        players: Who plays.
        role: The broadcast, one player's view, or the broadcast in another language.
        player: Whose view it is.
        team: The team of that player.
        language: What is spoken.
        offset_s: Where the stream's start is on the clock of the match, in seconds.
    """

    tournament_id: TournamentId
    tournament_name: str = ""
    match_id: Identifier | None = None
    phase: str = ""
    teams: tuple[str, ...] = ()
    players: tuple[Player, ...] = ()
    role: StreamRole = "main"
    player: str = ""
    team: str = ""
    language: str = ""
    offset_s: float = 0.0


class SightedHighlight(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One revision of a highlight, as far as a tournament needs it.

    Attributes:
        highlight_id: The highlight.
        revision: Its revision.
        title: Its title, shortened.
        start_s: Where it starts in its stream, in seconds.
        end_s: Where it ends.
        score: How good the moment is, 0 to 1.
        kinds: What happened, such as ace or clutch.
        players: Who did it.
        teams: Whose players they are.
        clip_url: Where the clip is.
        moment_url: A link into the source at the moment.
    """

    highlight_id: str
    revision: Annotated[int, msgspec.Meta(ge=1)]
    title: str
    start_s: Seconds
    end_s: Seconds
    score: Score
    kinds: tuple[str, ...] = ()
    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    clip_url: str | None = None
    moment_url: str | None = None


class TournamentSighting(Record, kw_only=True):
    """A stream of a tournament began, ended, or has a highlight. The Kafka key is ``tenant/tournament_id``.

    Attributes:
        tenant: Whose tournament it is; two tenants may use one id.
        request_id: The request whose stream it is.
        epoch: How often the request's id was used.
        kind: What is told.
        stream: Where the stream belongs.
        highlight: The highlight, when one is told.
        published_at: When this record was made.
        schema_version: Version of this record's form.
    """

    tenant: Identifier
    request_id: Identifier
    epoch: Annotated[int, msgspec.Meta(ge=1)] = 1
    kind: Literal["started", "highlight", "ended"]
    stream: TournamentStream
    highlight: SightedHighlight | None = None
    published_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

"""``tldr.notifications.v1``: a moment that people should hear of now."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.records.base import Identifier, Instant, Record
from schemas.records.tournament_sighting import Score, TournamentId


class Notification(Record, kw_only=True):
    """A moment whose score reached the threshold; told at most once. The Kafka key is ``tenant/tournament_id``.

    Attributes:
        tenant: Whose tournament it is.
        tournament_id: The tournament.
        tournament_name: For people.
        moment_id: The moment, as on the topic of moments when it was told; it may be merged into another later.
        moment_revision: The moment's revision that is told.
        match_id: The match, if the streams name one.
        phase: The phase of the tournament.
        title: The moment's title.
        start_s: Where it starts on the clock of the match, in seconds.
        score: How good it is, 0 to 1.
        kinds: What happened.
        players: Who did it.
        teams: Whose players they are.
        clip_url: A clip of it.
        suppressed: How many others of the tournament were not told so far, since there were too many.
        published_at: When this record was made.
        schema_version: Version of this record's form.
    """

    tenant: Identifier
    tournament_id: TournamentId
    tournament_name: str = ""
    moment_id: str
    moment_revision: Annotated[int, msgspec.Meta(ge=1)]
    match_id: Identifier | None = None
    phase: str = ""
    title: str
    start_s: float
    score: Score
    kinds: tuple[str, ...] = ()
    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    clip_url: str | None = None
    suppressed: Annotated[int, msgspec.Meta(ge=0)] = 0
    published_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

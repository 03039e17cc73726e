"""Where a stream belongs in a tournament, as its request's metadata says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from agents.profiles.profile import ProfileInputError
from schemas.records.base import Identifier
from schemas.records.request import Request
from schemas.records.tournament_sighting import Player, StreamRole, TournamentId, TournamentStream

FIELDS = (
    "tournament_id",
    "tournament_name",
    "match_id",
    "phase",
    "teams",
    "players",
    "stream_role",
    "player",
    "team",
    "language",
    "offset_s",
)
"""The metadata that is read."""

MOST_TEAMS, MOST_PLAYERS = 20, 100

LONGEST_KEY = 200
"""Characters of tenant, "/" and tournament_id together: they are a Kafka key."""

_LONGEST_NAME = 60
_DAY_S = 86_400.0


class Place(msgspec.Struct, frozen=True):
    """What a request's metadata says about who plays, where and when.

    Attributes:
        stream: where the stream belongs; ``None``: to no tournament.
        teams: names of the teams.
        players: who plays; for a view of a player that player too.
    """

    stream: TournamentStream | None
    teams: tuple[str, ...]
    players: tuple[Player, ...]


def place_of(asked: Request) -> Place:
    """Return the place of a request's stream.

    Raises:
        ProfileInputError: a field is wrong; the text names it.
    """
    says = asked.metadata
    teams = _names(says, "teams", MOST_TEAMS)
    players = _players(says)
    tournament_id: str | None = _checked(says, "tournament_id", TournamentId | None, "an identifier, at most 100 long")
    if tournament_id is None:
        return Place(None, teams, players)  # the other names may mean something else to the producer
    if len(asked.tenant) + 1 + len(tournament_id) > LONGEST_KEY:
        raise ProfileInputError(f"metadata.tournament_id: with the tenant it has more than {LONGEST_KEY} characters")
    player, team = _name(says, "player"), _name(says, "team")
    if player and player not in {known.name for known in players}:
        players = (*players, Player(name=player, team=team))
    role: StreamRole = _checked(says, "stream_role", StreamRole | None, "main, pov or language") or "main"
    offset_s: float = _checked(says, "offset_s", float | None, "seconds, a number") or 0.0
    if not -_DAY_S * 30 <= offset_s <= _DAY_S * 30:
        raise ProfileInputError("metadata.offset_s: more than thirty days")
    stream = TournamentStream(
        tournament_id=tournament_id,
        tournament_name=_name(says, "tournament_name", 200),
        match_id=_checked(says, "match_id", Identifier | None, "an identifier"),
        phase=re.sub(r"[\s-]+", "_", _name(says, "phase").casefold()),
        teams=teams,
        players=players,
        role=role,
        player=player,
        team=team,
        language=_name(says, "language"),
        offset_s=offset_s,
    )
    return Place(stream, teams, players)


def _checked(says: Mapping[str, Any], field: str, kind: Any, expected: str) -> Any:
    try:
        return msgspec.convert(says.get(field), kind)
    except msgspec.ValidationError as error:
        raise ProfileInputError(f"metadata.{field}: expected {expected}") from error


def _name(says: Mapping[str, Any], field: str, longest: int = _LONGEST_NAME) -> str:
    return _short(says.get(field, ""), field, longest)


def _short(value: Any, field: str, longest: int = _LONGEST_NAME) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise ProfileInputError(f"metadata.{field}: expected text of at most {longest} characters")
    return " ".join(value.split())


def _names(says: Mapping[str, Any], field: str, most: int) -> tuple[str, ...]:
    given = says.get(field)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > most:
        raise ProfileInputError(f"metadata.{field}: expected a list of at most {most} names")
    return tuple(dict.fromkeys(name for item in given if (name := _short(item, field))))


def _players(says: Mapping[str, Any]) -> tuple[Player, ...]:
    given = says.get("players")
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST_PLAYERS:
        raise ProfileInputError(f"metadata.players: expected a list of at most {MOST_PLAYERS}")
    found: dict[str, Player] = {}
    for item in given:
        fields = item if isinstance(item, dict) else {"name": item}
        player = Player(name=_short(fields.get("name"), "players"), team=_short(fields.get("team"), "players"))
        if not player.name:
            raise ProfileInputError("metadata.players: expected names, or objects with name and team")
        found.setdefault(player.name, player)
    return tuple(found.values())

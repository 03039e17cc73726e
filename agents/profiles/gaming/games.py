"""Games as data: how a stream of one is asked for, and what can happen in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.records.request import Options

_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")

OptionValues = dict[str, Any]


class Game(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One game.

    Attributes:
        title: its name as people write it; empty: as the request does.
        options: for the API; what a request names itself comes first.
        kinds: what can happen; empty: everything.
        keywords: words that are worth a mention in this game; a highlight lists those that its text has.
        aliases: other names of it.
        terms: names of maps, champions, weapons, places: never taken for a player or a team.
    """

    title: str = ""
    options: OptionValues = {}
    kinds: frozenset[str] = frozenset()
    keywords: list[str] = []
    aliases: list[str] = []
    terms: frozenset[str] = frozenset()


class Games(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All games by name, what serves a game that is not among them, and words that are no names in any."""

    games: dict[str, Game]
    fallback: Game
    common: frozenset[str]

    def __post_init__(self) -> None:
        named = {f"games.{name}": game for name, game in self.games.items()} | {"fallback": self.fallback}
        problems = [f"{name}.options: {problem}" for name, game in named.items() for problem in _problems(game.options)]
        if problems:
            raise ValueError("\n".join(problems))

    def find(self, name: str) -> tuple[str, Game]:
        """Return the name and the data of a game, however it is written: ``League of Legends``, ``lol``."""
        wanted = plain_name(name)
        for known, game in self.games.items():
            if wanted == known or wanted in map(plain_name, game.aliases):
                return known, game
        return wanted, self.fallback


def _problems(options: OptionValues) -> Iterator[str]:
    try:
        msgspec.convert(options, Options)
    except msgspec.ValidationError as error:
        yield str(error)
    if unknown := sorted(set(options) - set(Options.__struct_fields__)):
        yield f"the API knows no {', '.join(unknown)}; there are {', '.join(Options.__struct_fields__)}"


def plain_name(name: str) -> str:
    """Return a name in lower case, with one underscore between its words."""
    return _NOT_A_LETTER.sub("_", name.lower()).strip("_")

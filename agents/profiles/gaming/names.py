"""Who is meant: players and teams by the names that the request gives, else by how names are written."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,3}|\b[a-z]+\d[\w]*\b")
_STARTS_SENTENCE = re.compile(r"(?:^|[.!?:\n]\s*[\"'(]*)$")


class Roster:
    """The names that a request gives, ready to be looked up in texts."""

    __slots__ = ("_names", "_teams")

    def __init__(self, players: Iterable[str], teams: Iterable[str]) -> None:
        self._teams = frozenset(teams)
        names = sorted({*players, *self._teams}, key=len, reverse=True)
        alternatives = "|".join(re.escape(name) for name in names if name)
        self._names = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if alternatives else None

    def mentioned(self, text: str, names: dict[str, str]) -> tuple[list[str], list[str]]:
        """Return players and teams in the order of their mention; ``names`` has the given spelling by lower case."""
        players: list[str] = []
        teams: list[str] = []
        if self._names is not None:
            for match in self._names.finditer(text):
                name = names.get(match[0].lower(), match[0])
                found = teams if name in self._teams else players
                if name not in found:
                    found.append(name)
        return players, teams


def guessed(title: str, description: str, terms: frozenset[str], common: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return what look like players and teams when the request names nobody: words written as names are.

    A name of several words counts as a team. ``terms`` are names of things in this game, ``common`` words that
    only begin sentences.
    """
    players: list[str] = []
    teams: list[str] = []
    for text in (title, description):
        for match in _NAME.finditer(text):
            words = [word for word in match[0].split() if word not in common and word.removesuffix("'s") not in terms]
            name = " ".join(words).removesuffix("'s").removesuffix("'")
            if len(name) < 2 or (name.isupper() and " " not in name and len(name) > 4):
                continue
            if (
                len(words) == 1
                and _STARTS_SENTENCE.search(text[: match.start()])
                and not _is_subject(text, match.end())
            ):
                continue
            found = teams if len(words) > 1 else players
            if name not in found:
                found.append(name)
    return players[:5], teams[:5]


_VERB = re.compile(r"('s)? (\w+s|\w+ed|got|took|won|had|and|with|goes|just)\b")


def _is_subject(text: str, end: int) -> bool:
    """Whether a verb follows: a sentence that begins with a name goes on with what it does."""
    return _VERB.match(text, end) is not None

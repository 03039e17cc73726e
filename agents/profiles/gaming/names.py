"""Who is meant when the request names nobody: words written as the names of players are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from agents.profiles.calibration import Calibration
from agents.profiles.evidence import ByRule
from agents.profiles.given_names import Mention

Role = Literal["player", "team"]

ROLES: tuple[Role, ...] = get_args(Role)

_GIVEN = 0.95
"""How sure a name is that the request gives, an estimate: the labelled sets have no rosters."""

_WRITTEN = 0.5
"""What a name weighs that is only written as names are; what that is worth is measured."""


Way = Literal["given", "written", "of-player"]
"""The request gives a name and the text has it; it is only written as names are; a player is named who plays for it."""

NameRules = Mapping[tuple[Way, Role], ByRule]


def name_rules(calibration: Calibration, version: int) -> NameRules:
    """Return all rules for names."""
    given: tuple[tuple[Way, Role], ...] = (("given", "player"), ("given", "team"), ("of-player", "team"))
    written = ByRule(f"gaming.player.written@{version}", calibration.confidence("player", _WRITTEN))
    rules = {(way, role): ByRule(f"gaming.{role}.{way}@{version}", _GIVEN) for way, role in given}
    return {**rules, ("written", "player"): written}


_NAME = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,3}|\b[a-z]+\d[\w]*\b")
_STARTS_SENTENCE = re.compile(r"(?:^|[.!?:\n]\s*[\"'(]*)$")


def guessed(text: str, terms: frozenset[str], common: frozenset[str]) -> Iterator[Mention]:
    """Yield single words written as names are; what several words name is seldom who did it.

    Args:
        text: to search.
        terms: names of things in this game.
        common: words that only begin sentences.
    """
    for match in _NAME.finditer(text):
        words = [word for word in match[0].split() if word not in common and word.removesuffix("'s") not in terms]
        if len(words) != 1:
            continue
        name = words[0].removesuffix("'s").removesuffix("'")
        if len(name) < 2 or (name.isupper() and len(name) > 4):
            continue
        if _STARTS_SENTENCE.search(text, 0, match.start()) and not _is_subject(text, match.end()):
            continue
        start = match.start() + match[0].index(name)
        yield Mention(name, start, start + len(name))


_VERB = re.compile(r"('s)? (\w+s|\w+ed|got|took|won|had|and|with|goes|just)\b")


def _is_subject(text: str, end: int) -> bool:
    """Whether a verb follows: a sentence that begins with a name goes on with what it does."""
    return _VERB.match(text, end) is not None

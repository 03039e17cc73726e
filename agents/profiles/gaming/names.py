"""Who is meant when the request names nobody: what looks like players and teams by how names are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from agents.profiles.given_names import Mention

Role = Literal["player", "team"]

Rule = Literal["given", "written"]

CONFIDENCE: Mapping[tuple[Rule, Role], float] = MappingProxyType(
    {("given", "player"): 0.95, ("given", "team"): 0.95, ("written", "player"): 0.52, ("written", "team"): 0.34}
)
"""How sure a name is that the request gives (an estimate, the labelled sets have no rosters), and one that is only
written as names are: how often it is the one labelled (``python -m tests.eval.calibrate``)."""


def rule_name(rule: Rule, role: Role, version: int) -> str:
    """Return the full name of a rule for names."""
    return f"gaming.{role}.{rule}@{version}"


_NAME = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,3}|\b[a-z]+\d[\w]*\b")
_STARTS_SENTENCE = re.compile(r"(?:^|[.!?:\n]\s*[\"'(]*)$")


def guessed(text: str, terms: frozenset[str], common: frozenset[str]) -> Iterator[Mention]:
    """Yield words written as names are.

    Args:
        text: to search.
        terms: names of things in this game.
        common: words that only begin sentences.
    """
    for match in _NAME.finditer(text):
        words = [word for word in match[0].split() if word not in common and word.removesuffix("'s") not in terms]
        name = " ".join(words).removesuffix("'s").removesuffix("'")
        if len(name) < 2 or (name.isupper() and " " not in name and len(name) > 4):
            continue
        start = match.start() + match[0].find(name)
        if start < match.start():  # what stands between the words of a name is none of it
            continue
        if len(words) == 1 and _STARTS_SENTENCE.search(text, 0, match.start()) and not _is_subject(text, match.end()):
            continue
        yield Mention(name, start, start + len(name))


_VERB = re.compile(r"('s)? (\w+s|\w+ed|got|took|won|had|and|with|goes|just)\b")


def _is_subject(text: str, end: int) -> bool:
    """Whether a verb follows: a sentence that begins with a name goes on with what it does."""
    return _VERB.match(text, end) is not None

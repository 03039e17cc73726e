"""Rules as data: phrases that make something of a kind, what must stand beside them, what takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from agents.profiles.calibration import Calibration
from agents.profiles.data import Share
from agents.profiles.phrases import Found, PhraseError, Phrases, Words


class RuleData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule.

    Attributes:
        id: its name within the kind.
        confidence: how much it weighs against other rules and its profile's threshold, 0 to 1.
        phrases: one of them is in the text.
        also: (``with``) one of these as well, if there are any.
        without: none of these.
    """

    id: str
    confidence: Share
    phrases: list[str]
    also: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)


D = TypeVar("D", bound=RuleData)

Meanings = list[tuple[str, Any]]
"""What a phrase says: of a rule that it ``is`` there, stands ``with`` it or is ``not``; or a profile's own part."""


class Rule(Generic[D]):
    """A rule, with its kind, its published name and its place among all rules of its profile."""

    __slots__ = ("data", "kind", "name", "place")

    def __init__(self, kind: str, data: D, name: str, place: int) -> None:
        self.kind = kind
        self.data = data
        self.name = name
        self.place = place


class DeclaredRules(Generic[D]):
    """All rules of a profile as one automaton over words.

    Args:
        profile: begins the rules' names.
        version: ends them.
        kinds: rules by what they find.
        groups: phrases by the name of their group.
        others: phrases that are no rule's: their part, what it is about, the phrases.

    Raises:
        ValueError: phrases cannot be read, or two rules have one name; the text names each with its rule, on a line.
    """

    def __init__(
        self,
        profile: str,
        version: int,
        kinds: Mapping[Any, Sequence[D]],
        groups: Mapping[str, Iterable[str]],
        others: Iterable[tuple[str, Any, Iterable[str]]] = (),
    ) -> None:
        self.rules: list[Rule[D]] = []
        self._phrases: Phrases[Meanings] = Phrases(groups)
        meanings: dict[str, Meanings] = {}
        for part, about, phrases in others:
            for phrase in phrases:
                meanings.setdefault(phrase, []).append((part, about))
        problems: list[str] = []
        names: set[str] = set()
        for kind, rules in kinds.items():
            for data in rules:
                name = f"{profile}.{kind}.{data.id.replace(' ', '-')}@{version}"
                if name in names:
                    problems.append(f"kinds.{kind}: two rules are named {data.id}; evidence must tell them apart")
                names.add(name)
                rule = Rule(kind, data, name, len(self.rules))
                self.rules.append(rule)
                for part, phrases in (("is", data.phrases), ("with", data.also), ("not", data.without)):
                    for phrase in phrases:
                        meanings.setdefault(phrase, []).append((part, rule))
        for source, meant in meanings.items():
            try:
                self._phrases.add(source, meant)
            except PhraseError as error:
                problems += [f"{_place(part, about)}: {error}" for part, about in meant]
        if problems:
            raise ValueError("\n".join(problems))

    def find(self, words: Words) -> list[Found[Meanings]]:
        """Return the phrases of a text in the order of their places."""
        return self._phrases.find(words)

    def described(self, calibration: Calibration) -> Iterator[dict[str, Any]]:
        """Every rule with its name and the confidence of what it finds by itself, for people."""
        for rule in self.rules:
            yield {"rule": rule.name, "confidence": calibration.confidence(rule.kind, rule.data.confidence)}


def groups_described(groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Every group that a rule may name, with its phrases on one line, for people."""
    return {name: ", ".join(phrases) for name, phrases in groups.items()}


def _place(part: str, about: Any) -> str:
    return f"kinds.{about.kind}.rules[{about.data.id}]" if isinstance(about, Rule) else part

"""What happens in a moment, recognised by its words: kinds with confidence, intensity and evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agents.profiles.evidence import Evidence, Field
from agents.profiles.gaming.games import Game
from agents.profiles.phrases import Lowered, Phrase, PhraseError, PhraseIndex

LEAST = 0.5
"""Confidence from which a kind counts as found."""

_MOST = 0.97
_AGREEMENT = 0.35
"""How much of the remaining doubt another rule of the same kind takes away."""

_BEFORE = 45
"""Characters before a phrase in which a word may say that it did not happen."""

_END_OF_SENTENCE = re.compile(r"[.!?;\n:]")


class RuleData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule, as data. ``with`` is ``also`` in code."""

    id: str
    confidence: float
    phrases: list[str]
    also: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    games: list[str] = msgspec.field(default_factory=list)


class KindData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of event: how much it excites (0 to 1), and the lesser kinds that are part of it."""

    intensity: float
    rules: list[RuleData]
    absorbs: list[str] = msgspec.field(default_factory=list)


class ContextData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that say a moment tells of something else: confidence is multiplied by ``factor``."""

    id: str
    factor: float
    phrases: list[str]


class MissData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words before and after a thing that say it did not happen."""

    before: list[str]
    after: list[str]


class EventsData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``events.yaml``."""

    groups: dict[str, list[str]]
    contexts: list[ContextData]
    misses: MissData
    kinds: dict[str, KindData]


class Event(msgspec.Struct, frozen=True):
    """One thing that happens in a moment. ``rank`` 1 is what the moment is about most of all."""

    kind: str
    confidence: float
    intensity: float
    rank: int
    evidence: Evidence


class _Rule:
    """A rule while texts are searched: which of its parts are in the text."""

    __slots__ = ("confidence", "games", "kind", "name", "needs", "place")

    def __init__(self, kind: str, data: RuleData, version: int, place: int) -> None:
        self.kind = kind
        self.name = f"gaming.{kind}.{data.id.replace(' ', '-')}@{version}"
        self.confidence = data.confidence
        self.games = frozenset(data.games)
        self.needs = bool(data.also)
        self.place = place


class EventFinder:
    """Finds events by declared rules.

    Raises:
        ValueError: a phrase cannot be read, or a kind absorbs one that is not there; the text names it.
    """

    def __init__(self, data: EventsData, version: int) -> None:
        self._kinds = data.kinds
        self._index: PhraseIndex[list[tuple[str, Any]]] = PhraseIndex()
        self._rules: list[_Rule] = []
        before = "|".join(re.escape(word) for word in sorted(data.misses.before, key=len, reverse=True))
        self._before = re.compile(rf"(?:(?<!\w)(?:{before})|n't)\W+(?:[\w']+[^\w.!?;\n]+){{0,3}}$")
        after = "|".join(re.escape(word) for word in sorted(data.misses.after, key=len, reverse=True))
        self._after = re.compile(rf"[^\w.!?;\n]*(?:[\w']+[^\w.!?;\n]+){{0,1}}(?:{after})(?!\w)")
        try:
            self._compile(data, version)
        except PhraseError as error:
            raise ValueError(str(error)) from error
        for name, kind in data.kinds.items():
            if lost := set(kind.absorbs) - set(data.kinds):
                raise ValueError(f"kinds.{name}.absorbs: no kind {', '.join(sorted(lost))}")

    def _compile(self, data: EventsData, version: int) -> None:
        meanings: dict[str, list[tuple[str, Any]]] = {}
        for context in data.contexts:
            for phrase in context.phrases:
                meanings.setdefault(phrase, []).append(("context", context))
        for kind, kind_data in data.kinds.items():
            for rule_data in kind_data.rules:
                rule = _Rule(kind, rule_data, version, len(self._rules))
                self._rules.append(rule)
                for part, phrases in (("is", rule_data.phrases), ("with", rule_data.also), ("not", rule_data.without)):
                    for phrase in phrases:
                        meanings.setdefault(phrase, []).append((part, rule))
        for source, meant in meanings.items():
            self._index.add(Phrase(source, data.groups), meant)

    def find(self, title: str, description: str, tags: str, at_s: float, game: Game, name: str) -> list[Event]:
        """Return what happens, what it is about most of all first.

        Args:
            title: of the highlight; ``description`` and ``tags`` (in one text) likewise.
            description: see there.
            tags: see there.
            at_s: where the highlight starts.
            game: what can happen.
            name: of the game.
        """
        text = f"{title}\n{description}\n{tags}"
        lowered = Lowered(text)
        matches, also, spoiled, factor = self._search(lowered)
        found: dict[str, tuple[float, _Rule, re.Match[str]]] = {}
        for place, match in matches.items():
            rule = self._rules[place]
            if place in spoiled or (rule.needs and place not in also) or (rule.games and name not in rule.games):
                continue
            if game.kinds and rule.kind not in game.kinds:
                continue
            known = found.get(rule.kind)
            if known is None:
                found[rule.kind] = (rule.confidence, rule, match)
            else:
                best = known if known[0] >= rule.confidence else (rule.confidence, rule, match)
                sure = min(_MOST, best[0] + (1 - best[0]) * _AGREEMENT)
                found[rule.kind] = (sure, best[1], best[2])
        kept = {kind: one for kind, one in found.items() if one[0] * factor >= LEAST}
        for kind in list(kept):
            for lesser in self._kinds[kind].absorbs if kind in kept else ():
                kept.pop(lesser, None)
        return self._events(kept, factor, (title, description, text), at_s)

    def _search(self, lowered: Lowered) -> tuple[dict[int, re.Match[str]], set[int], set[int], float]:
        matches: dict[int, re.Match[str]] = {}
        also: set[int] = set()
        spoiled: set[int] = set()
        factor = 1.0
        for phrase, meant in self._index.candidates(lowered):
            happened: re.Match[str] | None = None
            looked = False
            anywhere = phrase.search(lowered)
            if anywhere is None:
                continue
            for part, meaning in meant:
                if part == "context":
                    factor = min(factor, meaning.factor)
                elif part == "with":
                    also.add(meaning.place)
                elif part == "not":
                    spoiled.add(meaning.place)
                elif meaning.place not in matches:
                    if not looked:
                        happened, looked = self._happened(phrase, lowered), True
                    if happened is not None:
                        matches[meaning.place] = happened
        return matches, also, spoiled, factor

    def _happened(self, phrase: Phrase, lowered: Lowered) -> re.Match[str] | None:
        """Return the first place of a phrase that no word before or after it takes back."""
        text = lowered.text
        for match in phrase.finditer(lowered):
            start = max(0, match.start() - _BEFORE)
            sentence = _END_OF_SENTENCE.split(text[start : match.start()])[-1]
            if not self._before.search(sentence) and not self._after.match(text, match.end()):
                return match
        return None

    def _events(
        self,
        kept: Mapping[str, tuple[float, _Rule, re.Match[str]]],
        factor: float,
        texts: tuple[str, str, str],
        at_s: float,
    ) -> list[Event]:
        order = sorted(kept, key=lambda kind: (-self._kinds[kind].intensity * kept[kind][0], kind))
        events = []
        for rank, kind in enumerate(order, start=1):
            sure, rule, match = kept[kind]
            field, start = _place(match.start(), texts)
            length = match.end() - match.start()
            words = texts[2][match.start() : match.end()]
            confidence = round(sure * factor, 3)
            evidence = Evidence(words, field, start, start + length, at_s, rule.name, confidence)
            events.append(Event(kind, confidence, self._kinds[kind].intensity, rank, evidence))
        return events

    def rules(self) -> Iterator[dict[str, Any]]:
        """Every rule with its name and confidence, for people."""
        yield from ({"rule": rule.name, "confidence": rule.confidence} for rule in self._rules)


def _place(start: int, texts: tuple[str, str, str]) -> tuple[Field, int]:
    title, description, _ = texts
    if start <= len(title):
        return "title", start
    start -= len(title) + 1
    if start <= len(description):
        return "description", start
    return "metadata", start - len(description) - 1

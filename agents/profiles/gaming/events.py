"""What happens in a moment, recognised by its words: kinds with confidence, intensity and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from agents.profiles.calibration import Calibration, Measured
from agents.profiles.data import Share
from agents.profiles.declared import DeclaredRules, Meanings, Rule, RuleData
from agents.profiles.evidence import Evidence, Field
from agents.profiles.gaming.games import Game
from agents.profiles.phrases import Found, Words

LEAST = 0.5
"""Weight from which a kind counts as found."""

_MOST = 0.97
_AGREEMENT = 0.35
"""How much of the remaining doubt another rule of the same kind takes away."""

_IMPLIED = 0.85
"""How sure an implied kind is, of the one that implies it."""

_BEFORE, _AFTER = 4, 2
"""Within so many words before or after a phrase, in its sentence, a word may say that it did not happen."""

_ENDS = frozenset(".!?;:\n")


OTHER = "other"


class EventRule(RuleData, frozen=True, forbid_unknown_fields=True):
    """One rule. ``games``: in which it holds, ``other`` being all that no rule names; empty: in all."""

    games: frozenset[str] = frozenset()


class KindData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of event: how much it excites (0 to 1), lesser kinds that are part of it, and kinds that go with it."""

    intensity: Share
    rules: list[EventRule]
    absorbs: list[str] = msgspec.field(default_factory=list)
    implies: list[str] = msgspec.field(default_factory=list)


class ContextData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that say a moment tells of something else: confidence is multiplied by ``factor``."""

    id: str
    factor: float
    phrases: list[str]


class MissData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Single words that say a thing did not happen: near before it, right after it, anywhere before in its sentence."""

    before: frozenset[str]
    after: frozenset[str]
    hypothetical: frozenset[str]


class EventsData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``events.yaml``."""

    groups: dict[str, list[str]]
    contexts: list[ContextData]
    misses: MissData
    kinds: dict[str, KindData]
    calibration: dict[str, Measured]


class Event(msgspec.Struct, frozen=True):
    """One thing that happens in a moment.

    Attributes:
        kind: what it is.
        confidence: how often such a finding is right, 0 to 1.
        intensity: how much its kind excites, 0 to 1.
        excitement: that, less as its rules weigh less.
        rank: by excitement; 1 is what the moment is about most of all.
        evidence: the ground.
    """

    kind: str
    confidence: float
    intensity: float
    excitement: float
    rank: int
    evidence: Evidence


_Match = Found[Meanings]
_Rule = Rule[EventRule]


class EventFinder:
    """Finds events by declared rules.

    Raises:
        ValueError: a phrase cannot be read, or a kind absorbs one that is not there; the text names it.
    """

    def __init__(self, data: EventsData, version: int) -> None:
        self._kinds = data.kinds
        self._misses = data.misses
        self._games = frozenset(game for kind in data.kinds.values() for rule in kind.rules for game in rule.games)
        kinds = {kind: declared.rules for kind, declared in data.kinds.items()}
        contexts = [("context", context, context.phrases) for context in data.contexts]
        self.calibration = Calibration(data.calibration)
        self._declared = DeclaredRules("gaming", version, kinds, data.groups, contexts)
        for name, kind in data.kinds.items():
            if lost := {*kind.absorbs, *kind.implies} - set(data.kinds):
                raise ValueError(f"kinds.{name}: absorbs or implies no kind {', '.join(sorted(lost))}")

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
        words = Words(text)
        matches, also, spoiled, factor = self._search(words)
        played = name if name in self._games else OTHER
        found: dict[str, tuple[float, _Rule, _Match]] = {}
        for place, match in matches.items():
            rule = self._declared.rules[place]
            data = rule.data
            if place in spoiled or (data.also and place not in also):
                continue
            if data.games and played not in data.games:
                continue
            if game.kinds and rule.kind not in game.kinds:
                continue
            known = found.get(rule.kind)
            if known is None:
                found[rule.kind] = (data.confidence, rule, match)
            else:
                best = known if known[0] >= data.confidence else (data.confidence, rule, match)
                sure = min(_MOST, best[0] + (1 - best[0]) * _AGREEMENT)
                found[rule.kind] = (sure, best[1], best[2])
        for kind in list(found):
            for implied in self._kinds[kind].implies:
                sure, rule, match = found[kind]
                found.setdefault(implied, (sure * _IMPLIED, rule, match))
        kept = {kind: one for kind, one in found.items() if one[0] * factor >= LEAST}
        for kind in list(kept):
            for lesser in self._kinds[kind].absorbs if kind in kept else ():
                kept.pop(lesser, None)
        return self._events(kept, factor, words, (title, description, text), at_s)

    def _search(self, words: Words) -> tuple[dict[int, _Match], set[int], set[int], float]:
        """Return where each rule's phrases are, rules whose ``with`` and ``without`` are there, and the context."""
        matches: dict[int, _Match] = {}
        also: set[int] = set()
        spoiled: set[int] = set()
        factor = 1.0
        supposed = self._supposed(words.words)
        for match in self._declared.find(words):
            happened: bool | None = None
            for part, meaning in match.meaning:
                if part == "is":
                    if meaning.place in matches:
                        continue
                    if happened is None:
                        happened = match.first not in supposed and self._happened(words.words, match)
                    if happened:
                        matches[meaning.place] = match
                elif part == "context":
                    factor = min(factor, meaning.factor)
                elif part == "with":
                    also.add(meaning.place)
                else:
                    spoiled.add(meaning.place)
        return matches, also, spoiled, factor

    def _supposed(self, words: Sequence[str]) -> set[int]:
        """Return the places of all words that follow one of a supposition, in its sentence."""
        hypothetical = self._misses.hypothetical
        places: set[int] = set()
        if hypothetical.isdisjoint(words):
            return places
        supposed = False
        for place, word in enumerate(words):
            if word[0] in _ENDS:
                supposed = False
            elif supposed:
                places.add(place)
            else:
                supposed = word in hypothetical
        return places

    def _happened(self, words: Sequence[str], match: _Match) -> bool:
        """Say whether no word before or after a phrase, in its sentence, takes it back."""
        before, after = self._misses.before, self._misses.after
        for place in range(match.first - 1, max(-1, match.first - 1 - _BEFORE), -1):
            word = words[place]
            if word[0] in _ENDS:
                break
            if word in before or word.endswith("n't"):
                return False
        for word in words[match.last : match.last + _AFTER]:
            if word[0] in _ENDS:
                break
            if word in after:
                return False
        return True

    def _events(
        self,
        kept: Mapping[str, tuple[float, _Rule, _Match]],
        factor: float,
        words: Words,
        texts: tuple[str, str, str],
        at_s: float,
    ) -> list[Event]:
        order = sorted(kept, key=lambda kind: (-self._kinds[kind].intensity * kept[kind][0], kind))
        events = []
        for rank, kind in enumerate(order, start=1):
            sure, rule, match = kept[kind]
            weight, intensity = round(sure * factor, 3), self._kinds[kind].intensity
            begin, end = words.span(match.first, match.last)
            field, start = place_in(begin, texts[0], texts[1])
            confidence = self.calibration.confidence(kind, weight)
            evidence = Evidence(texts[2][begin:end], field, start, start + end - begin, at_s, rule.name, confidence)
            events.append(Event(kind, confidence, intensity, round(intensity * weight, 3), rank, evidence))
        return events

    def rules(self) -> Iterator[dict[str, Any]]:
        """Every rule with its name and confidence, for people."""
        return self._declared.described(self.calibration)


def place_in(start: int, title: str, description: str) -> tuple[Field, int]:
    """Return field and offset of a place in title, description and tags as one text, a line each."""
    if start <= len(title):
        return "title", start
    start -= len(title) + 1
    if start <= len(description):
        return "description", start
    return "metadata", start - len(description) - 1

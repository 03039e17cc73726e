"""Speech acts, found by declared rules: who commits to what, what is settled, what stays open."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from agents.profiles.calibration import Calibration
from agents.profiles.declared import DeclaredRules, Meanings, Rule
from agents.profiles.meetings.clauses import Clause
from agents.profiles.meetings.reading import (
    CIRCUMSTANCES,
    REPLIES,
    ContextData,
    Read,
    SpeechData,
    SpeechRule,
    Turn,
    circumstances,
)
from agents.profiles.meetings.turns import Source
from agents.profiles.phrases import Words

LEAST = 0.5
"""Weight from which an item counts as found."""

_MOST = 0.97
_AGREEMENT = 0.35
"""How much of the remaining doubt another rule of the same kind takes away."""

_ANYBODY = re.compile(r"\b(?:who|someone|somebody|anyone|anybody|one of you|wer|quién|qui|wie)\b")


class Act:
    """One speech act: a clause, what it does, and by which rule."""

    __slots__ = ("clause", "kind", "leans", "place", "rule", "turn", "weight", "who")

    def __init__(self, turn: int, place: int, clause: Clause, rule: Rule[SpeechRule], weight: float) -> None:
        self.turn = turn
        self.place = place
        self.clause = clause
        self.kind = rule.kind
        self.rule = rule.name
        self.who = rule.data.who
        self.leans = rule.data.leans
        self.weight = weight


class SpeechFinder:
    """Finds speech acts by declared rules.

    Raises:
        ValueError: a phrase cannot be read, or a rule names a circumstance that there is not.
    """

    def __init__(self, data: SpeechData, version: int) -> None:
        for kind, rules in data.kinds.items():
            for rule in rules:
                if lost := (rule.when | rule.unless) - CIRCUMSTANCES:
                    raise ValueError(f"kinds.{kind}.{rule.id}: no circumstance {', '.join(sorted(lost))}")
        self.calibration = Calibration(data.calibration)
        contexts = [("context", context, context.phrases) for context in data.contexts]
        replies = [("reply", reply, phrases) for reply, phrases in data.replies.items()]
        self._declared = DeclaredRules("meetings", version, data.kinds, data.groups, [*contexts, *replies])

    def rules(self) -> Iterator[dict[str, Any]]:
        """Every rule with its name and confidence, for people."""
        return self._declared.described(self.calibration)

    def turns(self, sources: Sequence[Source], cut: Sequence[list[Clause]]) -> list[Turn]:
        """Read turns, each cut into clauses; all in one search."""
        reads = iter(self._look([clause.plain for clauses in cut for clause in clauses]))
        return [
            Turn(source.speaker, clauses, list(islice(reads, len(clauses))), spoken=source.spoken)
            for source, clauses in zip(sources, cut, strict=True)
        ]

    def _look(self, plain: Sequence[str]) -> list[Read]:
        """Return what phrases say about each clause; none runs over the end of a line."""
        words = Words("\n".join(plain))
        ends = [place for place, word in enumerate(words.words) if word == "\n"]
        reads = [Read() for _ in plain]
        for found in self._declared.find(words):
            _note(reads[bisect(ends, found.first)], found.meaning)
        return reads

    def acts(self, turns: Sequence[Turn]) -> list[Act]:
        """Return the acts of turns that follow each other."""
        found: list[Act] = []
        for number, turn in enumerate(turns):
            lasting = [context for read in turn.read for context in read.factors if context.turn]
            for place, clause in enumerate(turn.clauses):
                read = turn.read[place]
                if matched := read.standing():
                    read.factors += lasting
                    holds = circumstances(turns, number, place)
                    found += _of_clause(matched, read.factors, holds, (number, place, clause))
        return _settled(turns, _joined(found))


def _note(read: Read, meanings: Meanings) -> None:
    for part, meaning in meanings:
        if part == "is":
            if meaning not in read.matched:
                read.matched.append(meaning)
        elif part == "with":
            read.also.add(meaning.place)
        elif part == "not":
            read.spoiled.add(meaning.place)
        elif part == "context":
            read.factors.append(meaning)
        else:
            read.replies.add(meaning)


def _of_clause(
    matched: Sequence[Rule[SpeechRule]], factors: Sequence[ContextData], holds: set[str], where: tuple[int, int, Clause]
) -> Iterator[Act]:
    """Yield what a clause does, by the rules that stand and whose circumstances hold."""
    best: dict[str, tuple[float, Rule[SpeechRule]]] = {}
    for rule in matched:
        if not rule.data.when <= holds or rule.data.unless & holds:
            continue
        known = best.get(rule.kind)
        if known is None:
            best[rule.kind] = (rule.data.confidence, rule)
        else:
            surest = known[1] if known[1].data.confidence >= rule.data.confidence else rule
            sure = max(known[0], rule.data.confidence)
            best[rule.kind] = (min(_MOST, sure + (1 - sure) * _AGREEMENT), surest)
    asked_for = any(rule.kind == "action_item" and "refused" in rule.data.unless for rule in matched)
    if "action_item" in best or (asked_for and "refused" in holds):
        best.pop("question", None)  # what is asked for is no question, even when it is refused
    for kind, (stated, rule) in best.items():
        contexts = {context.id: context for context in factors if kind in context.kinds}
        weight = stated * math.prod(context.factor for context in contexts.values())
        if weight >= LEAST:
            yield Act(*where, rule, round(weight, 3))


def _joined(acts: list[Act]) -> list[Act]:
    """Leave out what says little beside another action of the same turn."""
    telling = {(act.turn, act.place) for act in acts if act.kind == "action_item" and not _leaning(act)}
    kept: list[Act] = []
    for act in acts:
        if act.kind == "action_item" and _leaning(act):
            before, behind = (act.turn, act.place - 1), (act.turn, act.place + 1)
            if before in telling or behind in telling:
                continue
            telling.add((act.turn, act.place))
        kept.append(act)
    return kept


def _leaning(act: Act) -> bool:
    return act.leans or (act.who == "called" and act.clause.called is None and not act.clause.names)


def _settled(turns: Sequence[Turn], acts: list[Act]) -> list[Act]:
    """Leave out questions that a later decision settles, and those for somebody whom a later promise names."""
    kept = []
    for act in acts:
        later = [other for other in acts if act.turn < other.turn <= act.turn + REPLIES and turns[other.turn].spoken]
        settled = any(other.kind == "decision" for other in later)
        taken = _ANYBODY.search(act.clause.plain) and any(other.who == "speaker" for other in later)
        if act.kind != "question" or not turns[act.turn].spoken or not (settled or taken):
            kept.append(act)
    return kept

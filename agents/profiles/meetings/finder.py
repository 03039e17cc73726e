"""Speech acts, found by declared rules: who commits to what, what is settled, what stays open."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from agents.profiles.meetings.clauses import Clause
from agents.profiles.phrases import PhraseError, Phrases, Words

Kind = Literal["action_item", "decision", "question"]
Who = Literal["speaker", "named", "called", "addressed", "role", "nobody"]

LEAST = 0.5
"""Confidence from which an item counts as found."""

_MOST = 0.97
_AGREEMENT = 0.35
"""How much of the remaining doubt another rule of the same kind takes away."""

_REPLIES = 3
"""Turns after one that may answer it."""

_HEARD = 3
"""Clauses of a turn that may answer the one before."""

_SHORT_ANSWER = 4
"""Words of an answer that needs no yes or no."""

_ELLIPSIS = re.compile(
    r"xbeg (?:xthen )?(?:i|he|she|it|they|we|that|there) (?:am|is|are|was|were|do|does|did"
    r"|have|has|had|can|will|would)(?: not)?(?:,| xend)"
)
"""A subject and an auxiliary, and no more: an answer."""

_WHO = re.compile(r"\b(?:who|whose|wer|quién|qui|wie)\b")
_THEY = re.compile(r"xbeg (?:xthen )?(?:he|she|they) ")
_SILENT = frozenset({"xbeg  xend", "xbeg xend", "xbeg  xask", "xbeg \u2026 xend", "xbeg xthen  xend"})
_ANYBODY = re.compile(r"\b(?:who|someone|somebody|anyone|anybody|one of you|wer|quién|qui|wie)\b")
_WHEN = re.compile(r"\b(?:when|how long|how soon|what time|which day)\b")
_LONG_WORD = re.compile(r"(?!x(?:beg|end|ask|then|call|name|names|role|date|ing)\b)\w{4,}")
_EMPTY = frozenset(
    [
        "that",
        "this",
        "with",
        "what",
        "when",
        "where",
        "which",
        "would",
        "could",
        "should",
        "have",
        "been",
        "does",
        "from",
        "they",
        "them",
        "there",
        "their",
        "your",
        "will",
        "just",
        "about",
        "into",
        "more",
        "than",
        "then",
        "some",
        "still",
        "really",
        "know",
    ]
)

_CHATTER = 3
"""Words of a reply that say nothing at all, at most."""


class RuleData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule, as data.

    Attributes:
        id: its name within the kind.
        confidence: how often it is right.
        phrases: one of them is in the clause's plain form.
        also: (``with``) one of these as well, if there are any.
        without: none of these.
        when: circumstances that all hold; ``unless``: none of these (:func:`circumstances`).
        who: who the action falls to.
        leans: it says little by itself: beside another action of the same turn it only gives that its date.
    """

    id: str
    confidence: float
    phrases: list[str]
    also: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    when: list[str] = []
    unless: list[str] = []
    who: Who = "nobody"
    leans: bool = False


class ContextData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a clause, or of its whole ``turn``, that make kinds doubtful: confidence is multiplied by ``factor``."""

    id: str
    kinds: list[Kind]
    factor: float
    phrases: list[str]
    turn: bool = False


class SpeechData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules.yaml`` but for its words."""

    groups: dict[str, list[str]]
    replies: dict[str, list[str]]
    contexts: list[ContextData]
    kinds: dict[Kind, list[RuleData]]


class Act:
    """One speech act: a clause, what it does, and by which rule."""

    __slots__ = ("clause", "confidence", "kind", "leans", "place", "rule", "turn", "who")

    def __init__(self, turn: int, place: int, clause: Clause, rule: _Rule, confidence: float) -> None:
        self.turn = turn
        self.place = place
        self.clause = clause
        self.kind = rule.kind
        self.rule = rule.name
        self.who = rule.data.who
        self.leans = rule.data.leans
        self.confidence = confidence


class _Rule:
    __slots__ = ("data", "kind", "name", "place", "unless", "when")

    def __init__(self, kind: Kind, data: RuleData, version: int, place: int) -> None:
        self.kind = kind
        self.data = data
        self.name = f"meetings.{kind}.{data.id.replace(' ', '-')}@{version}"
        self.place = place
        self.when = frozenset(data.when)
        self.unless = frozenset(data.unless)


class _Read:
    """What phrases say about one clause."""

    __slots__ = ("also", "factors", "matched", "replies", "spoiled")

    def __init__(self) -> None:
        self.matched: list[_Rule] = []
        self.also: set[int] = set()
        self.spoiled: set[int] = set()
        self.factors: list[ContextData] = []
        self.replies: set[str] = set()

    def standing(self) -> list[_Rule]:
        """The rules that the clause's own words do not take back."""
        return [
            rule
            for rule in self.matched
            if rule.place not in self.spoiled and (not rule.data.also or rule.place in self.also)
        ]

    def promises(self) -> bool:
        """An action is in it whatever is around it."""
        return any(rule.kind == "action_item" and not rule.when for rule in self.standing())


class Turn:
    """One speaker's clauses, and what phrases say about them; a title is one as well, but is not ``spoken``."""

    __slots__ = ("clauses", "read", "replies", "speaker", "spoken")

    def __init__(self, speaker: str | None, clauses: list[Clause], read: list[_Read], *, spoken: bool) -> None:
        self.speaker = speaker
        self.clauses = clauses
        self.read = read
        self.spoken = spoken
        self.replies: set[str] = set()  # how it answers the turn before: what phrases say about its first clauses
        for one in read[:_HEARD]:
            self.replies |= one.replies

    def chatter(self) -> bool:
        """It says nothing at all."""
        size = sum(clause.size for clause in self.clauses)
        return (size <= _CHATTER and "exclaims" in self.replies) or all(one.plain in _SILENT for one in self.clauses)

    def answers(self, question: Clause) -> bool | None:
        """Say whether it answers a question: yes; no, since it says that nobody knows; ``None``: it says neither."""
        said = self.replies
        if "unknown" in said:
            return False
        first = self.clauses[0] if self.clauses else None
        if first is None or first.asked or self.chatter():
            return None
        asks_who = _WHO.search(question.plain) is not None
        if self.read[0].promises():  # somebody will see to it
            return asks_who or _WHEN.search(question.plain) is not None
        answered = (
            not said.isdisjoint(("answers", "accepts"))
            or first.size <= _SHORT_ANSWER
            or _ELLIPSIS.search(first.plain) is not None
            or (asks_who and bool(first.names))
            or (bool(question.names) and _THEY.search(first.plain) is not None)
            or (bool(first.dates) and _WHEN.search(question.plain) is not None)
            or not _content(question).isdisjoint(_content(first))
        )
        return True if answered else None


def _content(clause: Clause) -> set[str]:
    return {word for word in _LONG_WORD.findall(clause.plain) if word not in _EMPTY}


class SpeechFinder:
    """Finds speech acts by declared rules.

    Raises:
        ValueError: a phrase cannot be read, or a rule names a circumstance that there is not.
    """

    def __init__(self, data: SpeechData, version: int) -> None:
        self._phrases: Phrases[list[tuple[str, Any]]] = Phrases(data.groups)
        self._rules: list[_Rule] = []
        meanings: dict[str, list[tuple[str, Any]]] = {}
        for context in data.contexts:
            for phrase in context.phrases:
                meanings.setdefault(phrase, []).append(("context", context))
        for reply, phrases in data.replies.items():
            for phrase in phrases:
                meanings.setdefault(phrase, []).append(("reply", reply))
        for kind, rules in data.kinds.items():
            for rule_data in rules:
                if lost := {*rule_data.when, *rule_data.unless} - CIRCUMSTANCES:
                    raise ValueError(f"kinds.{kind}.{rule_data.id}: no circumstance {', '.join(sorted(lost))}")
                rule = _Rule(kind, rule_data, version, len(self._rules))
                self._rules.append(rule)
                for part, phrases in (("is", rule_data.phrases), ("with", rule_data.also), ("not", rule_data.without)):
                    for phrase in phrases:
                        meanings.setdefault(phrase, []).append((part, rule))
        try:
            for source, meant in meanings.items():
                self._phrases.add(source, meant)
        except PhraseError as error:
            raise ValueError(str(error)) from error

    def rules(self) -> Iterator[dict[str, Any]]:
        """Yield every rule, for people."""
        for rule in self._rules:
            yield {"rule": rule.name, "confidence": rule.data.confidence, "phrases": rule.data.phrases}

    def turn(self, speaker: str | None, clauses: list[Clause], *, spoken: bool = True) -> Turn:
        """Read one turn's clauses."""
        return Turn(speaker, clauses, [self._look(clause.plain) for clause in clauses], spoken=spoken)

    def _look(self, plain: str) -> _Read:
        read = _Read()
        for found in self._phrases.find(Words(plain)):
            for part, meaning in found.meaning:
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
        return read

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


def _of_clause(
    matched: Sequence[_Rule], factors: Sequence[ContextData], holds: set[str], where: tuple[int, int, Clause]
) -> Iterator[Act]:
    """Yield what a clause does, by the rules that stand and whose circumstances hold."""
    best: dict[str, tuple[float, _Rule]] = {}
    for rule in matched:
        if not rule.when <= holds or rule.unless & holds:
            continue
        known = best.get(rule.kind)
        if known is None:
            best[rule.kind] = (rule.data.confidence, rule)
        else:
            surest = known[1] if known[1].data.confidence >= rule.data.confidence else rule
            sure = max(known[0], rule.data.confidence)
            best[rule.kind] = (min(_MOST, sure + (1 - sure) * _AGREEMENT), surest)
    asked_for = any(rule.kind == "action_item" and "refused" in rule.unless for rule in matched)
    if "action_item" in best or (asked_for and "refused" in holds):
        best.pop("question", None)  # what is asked for is no question, even when it is refused
    for kind, (stated, rule) in best.items():
        contexts = {context.id: context for context in factors if kind in context.kinds}
        confidence = stated * math.prod(context.factor for context in contexts.values())
        if confidence >= LEAST:
            yield Act(*where, rule, round(confidence, 3))


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
        later = [other for other in acts if act.turn < other.turn <= act.turn + _REPLIES and turns[other.turn].spoken]
        settled = any(other.kind == "decision" for other in later)
        taken = _ANYBODY.search(act.clause.plain) and any(other.who == "speaker" for other in later)
        if act.kind != "question" or not turns[act.turn].spoken or not (settled or taken):
            kept.append(act)
    return kept


CIRCUMSTANCES = frozenset({"date", "called", "named", "accepted", "refused", "answered", "open"})
"""What may hold around a clause: a date in it or right behind it; somebody called by name;
somebody named in the clause before; the next turn accepts or
refuses; a reply answers it, or none does (``open``)."""


def circumstances(turns: Sequence[Turn], number: int, place: int) -> set[str]:
    """Return what holds around a clause; see :data:`CIRCUMSTANCES`."""
    turn = turns[number]
    clause = turn.clauses[place]
    holds = set()
    rest = turn.clauses[place + 1 :]
    if clause.dates or (rest and rest[0].dates and not turn.read[place + 1].matched):
        holds.add("date")
    if clause.called is not None or (place and turn.clauses[place - 1].called is not None):
        holds.add("called")
    if place and turn.clauses[place - 1].names:
        holds.add("named")
    following = [later for later in after(turns, number, _REPLIES) if not later.chatter()]
    said = following[0].replies if following else set()
    if "refuses" in said:
        holds.add("refused")
    elif "accepts" in said:
        holds.add("accepted")
    holds.add("answered" if _answered(turn, place, following) else "open")
    return holds


def after(turns: Sequence[Turn], number: int, most: int) -> list[Turn]:
    """Return the turns that are spoken after one, if it is spoken itself."""
    return [later for later in turns[number + 1 : number + 1 + most] if later.spoken] if turns[number].spoken else []


def _answered(turn: Turn, place: int, following: Sequence[Turn]) -> bool:
    """A question is answered by words of the same turn behind it, or by the first turn that says so or the contrary."""
    clause = turn.clauses[place]
    for read in turn.read[place + 1 :]:
        if "unknown" in read.replies:
            return False
        if "tells" in read.replies:
            return True
    return next((answer for later in following if (answer := later.answers(clause)) is not None), False)

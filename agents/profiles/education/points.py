"""What the sentences of a lecture do: define, state, give an example, stress, ask. By declared rules."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

import msgspec

from agents.profiles.calibration import Calibration, Measured
from agents.profiles.declared import DeclaredRules, Meanings, Rule, RuleData
from agents.profiles.education.concrete import Concrete, ConcreteData
from agents.profiles.education.forms import Forms
from agents.profiles.education.laws import LAWS, law_alone, law_named, law_stated
from agents.profiles.education.sentences import UNMARKED, Sentence, spelled_out
from agents.profiles.education.terms import Terms, Vocabulary, Where
from agents.profiles.education.weighing import KINDS as WEIGHED
from agents.profiles.education.weighing import LEAST, Total, Weighing, Weights, around, likelihood, stated
from agents.profiles.evidence import Evidence
from agents.profiles.phrases import Found, Words

Kind = Literal["definition", "theorem", "emphasis", "question", "example"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_ITEMS = 24
"""Items of one highlight."""

_TAUGHT: tuple[Kind, ...] = ("question", "example", "definition", "theorem")
"""Kinds that a sentence about the room and the day is not."""

_STATED: tuple[Kind, ...] = ("definition", "theorem", "emphasis")
"""Kinds that a question is not."""

_MARKED = 0.8
"""Confidence from which a rule speaks for itself; one below needs another point beside it."""

_ANNOUNCED = 0.9
"""Confidence from which a rule for examples stands beside an emphasis in one sentence."""

_SUREST = 0.9
"""Confidence that what was only weighed has at most."""

_ENDS = ".!?;:\n"


class PointRule(RuleData, frozen=True, forbid_unknown_fields=True):
    """One rule; see ``points.yaml``.

    Attributes:
        within: the phrase is among so many first words of the sentence.
        after: so many words stand behind it at least, and ``before`` it.
        before: see there.
        term: where what is defined stands beside it.
    """

    within: int | None = None
    after: int = 0
    before: int = 0
    term: Where | None = None


class PointsData(msgspec.Struct, frozen=True):
    """What of ``points.yaml`` this module reads."""

    groups: dict[str, list[str]]
    kinds: dict[Kind, list[PointRule]]
    housekeeping: list[str]
    concrete: ConcreteData
    calibration: dict[str, Measured]


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a sentence does. ``term``: what is defined, or the theorem's name."""

    kind: Kind
    text: str
    at_s: float
    confidence: float
    evidence: Evidence
    term: str | None = None
    speaker: str | None = None


class Read:
    """A sentence as it was read: what rules found in it."""

    __slots__ = ("housekeeping", "kinds", "sentence", "total", "words")

    def __init__(self, sentence: Sentence, words: Words) -> None:
        self.sentence = sentence
        self.words = words
        self.kinds: dict[str, tuple[float, str, str | None]] = {}
        self.housekeeping = False
        self.total: Total | None = None

    @property
    def bare(self) -> bool:
        """Whether no rule says anything about it, and it was spoken."""
        return not self.kinds and not self.housekeeping and self.sentence.field == "transcript"


class PointFinder:
    """Finds what sentences do.

    Raises:
        ValueError: a phrase cannot be read; the text names it.
    """

    def __init__(self, data: PointsData, vocabulary: Vocabulary, weights: Weights, version: int) -> None:
        self._version = version
        self.calibration = Calibration(data.calibration)
        self._concrete = Concrete(data.concrete)
        self._weighing = Weighing(weights)
        self._terms = Terms(vocabulary)
        self._forms = Forms(vocabulary, self._terms)
        others = [("housekeeping", None, data.housekeeping)]
        self._declared = DeclaredRules("education", version, data.kinds, data.groups, others)

    def rules(self) -> Iterator[dict[str, Any]]:
        """Every declared rule with its name and confidence, for people."""
        return self._declared.described(self.calibration)

    def find(self, sentences: Sequence[Sentence]) -> list[Item]:
        """Return what sentences do, in their order; never raises."""
        read = self.read(sentences)
        self._weigh(read)
        self._examples(read)
        return [self._item(kind, one) for one in read for kind in KINDS if kind in one.kinds][:MOST_ITEMS]

    def read(self, sentences: Sequence[Sentence]) -> list[Read]:
        """Return sentences with what rules find in them, before any is weighed."""
        read = [self._read(sentence) for sentence in sentences]
        self._answers(read)
        self._laws(read)
        self._faint(read)
        return read

    def _read(self, sentence: Sentence) -> Read:
        words = Words(sentence.text)
        if not UNMARKED.isdisjoint(words.words):
            sentence = spelled_out(sentence)
            words = Words(sentence.text)
        one = Read(sentence, words)
        matches: dict[int, Found[Meanings]] = {}
        also: set[int] = set()
        spoiled: set[int] = set()
        skipped = self._terms.fillers(words.words)
        for match in self._declared.find(words):
            for part, rule in match.meaning:
                if part == "is":
                    if rule.place not in matches and _fits(rule.data, match, words.words, skipped):
                        matches[rule.place] = match
                elif part == "with":
                    also.add(rule.place)
                elif part == "not":
                    spoiled.add(rule.place)
                else:
                    one.housekeeping = True
        for place, match in matches.items():
            rule = self._declared.rules[place]
            if place not in spoiled and (not rule.data.also or place in also):
                self._take(one, rule, match)
        self._structure(one, skipped)
        self._settle(one)
        return one

    def _take(self, one: Read, rule: Rule[PointRule], match: Found[Meanings]) -> None:
        term = None
        if rule.kind == "theorem":
            term = law_named(one.sentence.text)
        elif rule.data.term is not None:
            term = self._terms.beside(rule.data.term, one.sentence.text, *one.words.span(match.first, match.last))
        needs = rule.data.term == "after" or (rule.kind == "definition" and rule.data.term is not None)
        if term is None and needs:
            return
        self._note(one, rule.kind, rule.data.confidence, rule.name, term)

    def _note(self, one: Read, kind: str, confidence: float, rule: str, term: str | None = None) -> None:
        known = one.kinds.get(kind)
        if known is None or confidence > known[0]:
            one.kinds[kind] = (confidence, rule, term)

    def _structure(self, one: Read, skipped: int) -> None:
        """Apply what no phrase can say: copulas, appositions, named laws, question marks."""
        text = one.sentence.text
        if _asked(text, one.words.words[skipped:]):
            self._note(one, "question", 0.9, self._named("question", "asked"))
            return
        words = one.words.words
        law = law_stated(text) if not _LAWS.isdisjoint(words) else None
        if law is not None:
            self._note(one, "theorem", 0.85, self._named("theorem", "named"), law)
        if "definition" not in one.kinds:
            defined = self._forms.defined(text)
            if defined is not None:
                form, term, confidence = defined
                self._note(one, "definition", confidence, self._named("definition", form), term)
        if "question" in one.kinds and _CLOSED.search(text):
            del one.kinds["question"]

    def _item(self, kind: Kind, one: Read) -> Item:
        weight, rule, term = one.kinds[kind]
        sure = self.calibration.confidence(kind, weight)
        sentence = one.sentence
        text, start = sentence.part, sentence.start
        evidence = Evidence(text, sentence.field, start, start + len(text), sentence.at_s, rule, sure)
        return Item(kind, text, sentence.at_s, sure, evidence, term, sentence.speaker)

    def _named(self, kind: str, form: str) -> str:
        return f"education.{kind}.{form}@{self._version}"

    def _settle(self, one: Read) -> None:
        """Let what excludes each other exclude each other: a question states nothing, a law is no definition."""
        kinds = one.kinds
        if one.housekeeping:
            for kind in _TAUGHT:
                kinds.pop(kind, None)
            if "emphasis" in kinds and ".exam@" not in kinds["emphasis"][1]:
                del kinds["emphasis"]
        if "question" in kinds:
            for other in _STATED:
                kinds.pop(other, None)
        if "emphasis" in kinds and kinds.get("example", (1.0,))[0] < _ANNOUNCED:
            del kinds["example"]
        if "theorem" in kinds and "definition" in kinds:
            kinds.pop("theorem" if kinds["definition"][0] > kinds["theorem"][0] else "definition")

    def _answers(self, read: Sequence[Read]) -> None:
        """Find definitions that answer the question before, and take back names of what was told before."""
        for before, one in itertools.pairwise(read):
            if "definition" in one.kinds and _points_back(one) and self._concrete.told(before.words.words):
                del one.kinds["definition"]  # what happened, and then which idea it shows
            asked = before.sentence.text.endswith("?") and not one.housekeeping
            if asked and "definition" not in one.kinds and "question" not in one.kinds:
                term = self._forms.answered(before.sentence.text, one.sentence.text)
                if term is not None:
                    self._note(one, "definition", 0.75, self._named("definition", "answered"), term)

    def _laws(self, read: Sequence[Read]) -> None:
        """Find laws whose name is a sentence of its own behind or before them."""
        alone = [self._law_alone(one) for one in read]
        for place, (before, one) in enumerate(itertools.pairwise(read)):
            stated, form, sure = one, "named-before", 0.75
            if alone[place + 1] is not None:
                stated, form, sure = before, "named-behind", 0.85
            law = alone[place + 1] or alone[place]
            if law is None:
                continue
            says = len(stated.words.words) >= _FEWEST_STATING and not stated.housekeeping
            if says and "question" not in stated.kinds and "theorem" not in stated.kinds:
                stated.kinds.pop("definition", None)
                self._note(stated, "theorem", sure, self._named("theorem", form), law)

    def _law_alone(self, one: Read) -> str | None:
        words = one.words.words
        if len(words) > _LONGEST_NAMING or "question" in one.kinds or _LAWS.isdisjoint(words):
            return None
        return law_alone(one.sentence.text)

    def _faint(self, read: Sequence[Read]) -> None:
        """Take back examples by a weak marker that stand beside nothing that is taught."""
        for place, one in enumerate(read):
            if one.kinds.get("example", (1.0,))[0] < _MARKED and not _beside(read, place):
                del one.kinds["example"]

    def _weigh(self, read: Sequence[Read]) -> None:
        """Find what no rule names: sentences whose words say that they define, state or stress something."""
        for place, one in enumerate(read):
            if not one.bare:
                continue
            one.total = self._weighing.itself(one.words.words, place, len(read))
            for kind in stated(one.total):
                text = one.sentence.text
                term = None
                if kind in ("definition", "theorem"):
                    term = self._terms.subject(text) if kind == "definition" else law_named(text)
                sure = likelihood(one.total, WEIGHED.index(kind))
                self._note(one, kind, round(min(sure, _SUREST), 2), self._named(kind, "weighed"), term)
        for place, one in enumerate(read):
            if one.total is not None and [*one.kinds] == ["emphasis"] and not _beside(read, place):
                del one.kinds["emphasis"]  # the room and the day have their warnings as well

    def _examples(self, read: Sequence[Read]) -> None:
        """Find examples that no word announces, by their words and by what stands around them."""
        left = [(place, one.total) for place, one in enumerate(read) if one.total is not None and not one.kinds]
        if not left:
            return
        kinds = [tuple(one.kinds) for one in read]
        room = [one.housekeeping for one in read]
        for place, itself in left:
            if not any(kinds[max(0, place - 3) : place + 4]):
                continue  # nothing is taught that it might show
            total = self._weighing.beside(itself, around(kinds, room, place))
            sure = likelihood(total, _EXAMPLE)
            if sure > LEAST[_EXAMPLE]:
                self._note(read[place], "example", round(min(sure, _SUREST), 2), self._named("example", "weighed"))


_EXAMPLE = WEIGHED.index("example")


_POINTING = frozenset({"that's", "that", "this", "which"})
_LAWS = frozenset([*LAWS, *(f"{name}s" for name in LAWS)])
_CLOSED = re.compile(r"[.!][\"'\u201d\u2019)\]]*\s*$")
_TAG = re.compile(
    r"(?:^|[,\s])(?:okay|ok|right|yeah|yes|no|huh|eh|see|isn't it|doesn't it|don't you|aren't they|won't it|you know|"
    r"sorry)\?$"
)
_REAL = 4
"""Words that a question has at least; fewer are ``No?`` or ``Anyone?``."""

_ASKING = frozenset({"what", "what's", "why", "how", "who", "which", "where", "when"})
_LONGEST_NAMING = 11
"""Words and marks of a sentence that only names a law: ``And that's the law of large numbers.``"""

_FEWEST_STATING = 6
"""Words and marks of one that states it."""


def _asked(text: str, words: Sequence[str]) -> bool:
    """Say whether a sentence ends as a question of some substance."""
    if not text.rstrip("\"'\u201d\u2019)] ").endswith("?") or text.rstrip().endswith(('"', "\u201d", "'", "\u2019")):
        return False
    count = sum(word[0] not in _ENDS for word in words)
    if count < _REAL - (not _ASKING.isdisjoint(words[:2])):
        return False
    return not (
        _TAG.search(text.lower()) and not text.lower().lstrip().startswith(("what", "why", "how", "is", "are", "do"))
    )


def _beside(read: Sequence[Read], place: int) -> bool:
    """Say whether one of the three sentences before or behind one does anything."""
    return any(other.kinds for other in (*read[max(0, place - 3) : place], *read[place + 1 : place + 4]))


def _points_back(one: Read) -> bool:
    words = one.words.words
    return len(words) <= _LONGEST_NAMING and not _POINTING.isdisjoint(words[:2])


def _fits(rule: PointRule, match: Found[Meanings], words: Sequence[str], skipped: int) -> bool:
    """Say whether a phrase stands where its rule wants it."""
    if rule.within is not None and match.first - skipped >= rule.within:
        return False
    if rule.before and match.first < rule.before:
        return False
    if not rule.after:
        return True
    return sum(word[0] not in _ENDS for word in words[match.last :]) >= rule.after

"""What the sentences of a lecture do: define, state, give an example, stress, ask. By declared rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

import msgspec

from agents.profiles.education.sentences import Sentence
from agents.profiles.education.terms import Terms, Vocabulary
from agents.profiles.evidence import Evidence
from agents.profiles.phrases import Found, PhraseError, Phrases, Words

Kind = Literal["definition", "theorem", "emphasis", "question", "example"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_ITEMS = 24
"""Items of one highlight."""

_MARKED = 0.8
"""Confidence from which a rule speaks for itself; one below needs more than its phrase to win a sentence."""

_ENDS = ".!?;:\n"


class RuleData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule, as data; see ``points.yaml``. ``with`` is ``also`` in code."""

    id: str
    confidence: float
    phrases: list[str]
    also: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    within: int | None = None
    after: int = 0
    before: int = 0
    term: Literal["before", "after", "inside"] | None = None


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a sentence without any marker an example, as weights of a logistic function."""

    base: float
    after_point: float
    before_point: float
    number: float
    name: float
    quote: float
    addressed: float
    person: float
    talk: float
    pronoun: float
    brief: float
    lengthy: float


class PointsData(msgspec.Struct, frozen=True):
    """What of ``points.yaml`` this module reads."""

    groups: dict[str, list[str]]
    kinds: dict[Kind, list[RuleData]]
    housekeeping: list[str]
    concrete: Weights


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a sentence does. ``term``: what is defined, or the theorem's name."""

    kind: Kind
    text: str
    at_s: float
    confidence: float
    evidence: Evidence
    term: str | None = None
    speaker: str | None = None


class _Rule:
    __slots__ = ("data", "kind", "name", "place")

    def __init__(self, kind: Kind, data: RuleData, version: int, place: int) -> None:
        self.kind = kind
        self.data = data
        self.name = f"education.{kind}.{data.id}@{version}"
        self.place = place


class _Read:
    """A sentence as it was read: what rules found in it."""

    __slots__ = ("housekeeping", "kinds", "sentence", "words")

    def __init__(self, sentence: Sentence, words: Words) -> None:
        self.sentence = sentence
        self.words = words
        self.kinds: dict[Kind, tuple[float, str, str | None]] = {}
        self.housekeeping = False


_Meaning = list[tuple[str, Any]]


class PointFinder:
    """Finds what sentences do.

    Raises:
        ValueError: a phrase cannot be read; the text names it.
    """

    def __init__(self, data: PointsData, vocabulary: Vocabulary, version: int) -> None:
        self._version = version
        self._weights = data.concrete
        self._terms = Terms(vocabulary)
        self._rules: list[_Rule] = []
        self._phrases: Phrases[_Meaning] = Phrases(data.groups)
        meanings: dict[str, _Meaning] = {}
        for phrase in data.housekeeping:
            meanings.setdefault(phrase, []).append(("housekeeping", None))
        for kind, rules in data.kinds.items():
            for rule_data in rules:
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
        """Every declared rule with its name and confidence, for people."""
        yield from ({"rule": rule.name, "confidence": rule.data.confidence} for rule in self._rules)

    def find(self, sentences: Sequence[Sentence]) -> list[Item]:
        """Return what sentences do, in their order; never raises."""
        read = [self._read(sentence) for sentence in sentences]
        self._examples(read)
        items = []
        for one in read:
            for kind in KINDS:
                if kind in one.kinds:
                    items.append(_item(kind, one))
        return items[:MOST_ITEMS]

    def _read(self, sentence: Sentence) -> _Read:
        words = Words(sentence.text)
        one = _Read(sentence, words)
        matches: dict[int, Found[_Meaning]] = {}
        also: set[int] = set()
        spoiled: set[int] = set()
        skipped = self._terms.fillers(words.words)
        for match in self._phrases.find(words):
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
            rule = self._rules[place]
            if place not in spoiled and (not rule.data.also or place in also):
                self._take(one, rule, match)
        self._structure(one, skipped)
        self._settle(one)
        return one

    def _take(self, one: _Read, rule: _Rule, match: Found[_Meaning]) -> None:
        term = None
        if rule.data.term is not None:
            term = self._terms.of(rule.kind, rule.data.term, one.sentence.text, one.words, match.first, match.last)
            if term is None and rule.kind == "definition":
                return
        elif rule.kind == "theorem":
            term = self._terms.law(one.sentence.text)
        self._note(one, rule.kind, rule.data.confidence, rule.name, term)

    def _note(self, one: _Read, kind: Kind, confidence: float, rule: str, term: str | None = None) -> None:
        known = one.kinds.get(kind)
        if known is None or confidence > known[0]:
            one.kinds[kind] = (confidence, rule, term)

    def _structure(self, one: _Read, skipped: int) -> None:
        """Apply what no phrase can say: copulas, appositions, colons, named laws, question marks."""
        text = one.sentence.text
        words = one.words.words
        law = self._terms.stated_law(text) if not _LAWS.isdisjoint(words) else None
        if law is not None:
            self._note(one, "theorem", 0.85, self._named("theorem", "named"), law)
        if "definition" not in one.kinds:
            defined = self._terms.defined(text)
            if defined is not None:
                form, term, confidence = defined
                self._note(one, "definition", confidence, self._named("definition", form), term)
        asked = _asked(text, one.words.words[skipped:])
        if asked:
            self._note(one, "question", 0.9, self._named("question", "asked"))
        elif _CLOSED.search(text) and "question" in one.kinds:
            del one.kinds["question"]

    def _named(self, kind: str, form: str) -> str:
        return f"education.{kind}.{form}@{self._version}"

    def _settle(self, one: _Read) -> None:
        """Let what excludes each other exclude each other: a question states nothing, a law is no definition."""
        kinds = one.kinds
        if one.housekeeping:
            for kind in ("question", "example", "definition"):
                kinds.pop(kind, None)
        if "question" in kinds:
            for kind in ("definition", "theorem"):
                kinds.pop(kind, None)
        if "theorem" in kinds and "definition" in kinds:
            kinds.pop("theorem" if kinds["definition"][0] > kinds["theorem"][0] else "definition")

    def _examples(self, read: Sequence[_Read]) -> None:
        """Find examples that no word announces: concrete sentences beside what was just defined or stated."""
        points = [place for place, one in enumerate(read) if "definition" in one.kinds or "theorem" in one.kinds]
        for place, one in enumerate(read):
            if one.kinds or one.housekeeping:
                continue
            features = concrete(one.sentence.text, one.words.words)
            before = [point for point in points if point < place]
            features["after_point"] = 1.0 if before and place - before[-1] <= 2 else 0.0
            features["before_point"] = 1.0 if any(point > place for point in points) else 0.0
            sure = likelihood(features, self._weights)
            if sure >= 0.5:
                self._note(one, "example", round(min(sure, 0.9), 2), self._named("example", "concrete"))


def concrete(text: str, words: Sequence[str]) -> dict[str, float]:
    """Return what makes a sentence concrete or not, each 0 or 1."""
    first = next((word for word in words if word not in _LEADS), "")
    return {
        "base": 1.0,
        "number": float(bool(_NUMBER.search(text.lower()))),
        "name": float(bool(_NAME.search(text))),
        "quote": float('"' in text or "\u201c" in text),
        "addressed": float("you" in words or "your" in words),
        "person": float(not _PEOPLE.isdisjoint(words)),
        "talk": float(not _TALK.isdisjoint(words)),
        "pronoun": float(first in _PRONOUNS),
        "brief": float(len(words) < 8),
        "lengthy": float(len(words) > 14),
    }


def likelihood(features: dict[str, float], weights: Weights) -> float:
    """Return how likely a sentence is an example, 0 to 1."""
    total = sum(value * getattr(weights, name) for name, value in features.items())
    return float(1 / (1 + 2.718281828 ** -max(-30.0, min(30.0, total))))


_LAWS = frozenset(
    {"theorem", "law", "lemma", "principle", "postulate", "corollary", "inequality", "axiom", "maxim", "rule", "razor", "criterion",
     "conjecture", "hypothesis", "equation", "laws"}
)  # fmt: skip
_LEADS = frozenset(
    {"so", "and", "but", "well", "um", "uh", "okay", "now", "or", "then", "because", "yes", "yeah", "no"}
)
_PRONOUNS = frozenset(
    {"it", "it's", "this", "that", "that's", "which", "they", "these", "those", "he", "she", "we", "i", "i'm", "there", "there's",
     "everything", "nobody", "we'll", "i'll", "i've", "they're", "we're", "don't"}
)  # fmt: skip
_TALK = frozenset(
    {"i'm", "i'll", "i've", "i'd", "we'll", "we've", "lecture", "slide", "week", "course", "students", "thanks", "sorry", "please", "joke",
     "tell", "promise", "anyway", "exam", "read", "essay", "essays", "monday", "tomorrow", "notes", "question", "questions", "page",
     "chapter", "textbook"}
)  # fmt: skip
_PEOPLE = frozenset(
    {"he", "she", "his", "her", "him", "patient", "man", "woman", "student", "somebody", "someone", "my", "guy", "child", "kid", "dog",
     "cat", "neighbour", "driver", "doctor", "farmer", "company", "bank", "shop", "government"}
)  # fmt: skip
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|sixty|seventy|"
    r"eighty|ninety|hundred|thousand|million|billion|half|percent|dozen|zero)\b"
)
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][a-z\u00c0-\u024f]{2,}|(?<=[\w,;:] )[A-Z]\b(?<!I)")
_CLOSED = re.compile(r"[.!][\"'\u201d\u2019)\]]*\s*$")
_TAG = re.compile(
    r"(?:^|[,\s])(?:okay|ok|right|yeah|yes|no|huh|eh|see|isn't it|doesn't it|don't you|aren't they|won't it|you know|sorry)\?$"
)
_REAL = 4
"""Words that a question has at least; fewer are ``No?`` or ``Anyone?``."""


def _asked(text: str, words: Sequence[str]) -> bool:
    """Say whether a sentence ends as a question of some substance."""
    if not text.rstrip("\"'\u201d\u2019)] ").endswith("?") or text.rstrip().endswith(('"', "\u201d", "'", "\u2019")):
        return False
    count = sum(word[0] not in _ENDS for word in words)
    if count < _REAL:
        return False
    return not (
        _TAG.search(text.lower()) and not text.lower().lstrip().startswith(("what", "why", "how", "is", "are", "do"))
    )


def _fits(rule: RuleData, match: Found[_Meaning], words: Sequence[str], skipped: int) -> bool:
    """Say whether a phrase stands where its rule wants it."""
    if rule.within is not None and match.first - skipped >= rule.within:
        return False
    if rule.before and match.first < rule.before:
        return False
    if not rule.after:
        return True
    return sum(word[0] not in _ENDS for word in words[match.last :]) >= rule.after


def _item(kind: Kind, one: _Read) -> Item:
    confidence, rule, term = one.kinds[kind]
    sentence = one.sentence
    text = sentence.part
    evidence = Evidence(
        text, sentence.field, sentence.start, sentence.start + len(text), sentence.at_s, rule, confidence
    )
    return Item(kind, text, sentence.at_s, confidence, evidence, term, sentence.speaker)

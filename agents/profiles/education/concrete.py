"""How concrete a sentence is: examples are often given without a word that says so."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import msgspec


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What speaks for an example and against one, as weights of a logistic function.

    Attributes:
        base: of any sentence.
        next: the sentence before defines or states; ``near``: one shortly before does; ``ahead``: a later one does.
        after_question: the sentence before asks.
        number: holds a number; ``name``: a proper name; ``foreign``: a word with accents; ``quote``: quotation marks.
        actor: begins with somebody or something that does something; ``person``: tells of somebody.
        addressed: says "you"; ``scene``: again and again.
        past: tells how the field came to be; ``talk``: tells of the lecture itself.
        pronoun: begins with a pronoun; ``brief`` and ``lengthy``: few words, and many.
    """

    base: float
    next: float
    near: float
    ahead: float
    after_question: float
    number: float
    past: float
    name: float
    actor: float
    foreign: float
    quote: float
    addressed: float
    scene: float
    person: float
    talk: float
    pronoun: float
    brief: float
    lengthy: float


class ConcreteData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``concrete`` in ``points.yaml``: weights, and the words that some of them are about."""

    weights: Weights
    leads: frozenset[str]
    pronouns: frozenset[str]
    talk: frozenset[str]
    people: frozenset[str]
    past: frozenset[str]
    told: frozenset[str]
    ours: frozenset[str]
    numbers: frozenset[str]


class Concrete:
    """Says how likely a sentence is an example."""

    def __init__(self, data: ConcreteData) -> None:
        self._data = data
        self._weights: Mapping[str, float] = msgspec.structs.asdict(data.weights)

    def features(self, text: str, words: Sequence[str]) -> dict[str, bool]:
        """Return what a sentence has of itself; ``words`` are in lower case."""
        data = self._data
        first = next((word for word in words if word not in data.leads), "")
        said = words.count("you") + words.count("your")
        return {
            "base": True,
            "number": not data.numbers.isdisjoint(words) or bool(_DIGITS.search(text)),
            "past": not data.past.isdisjoint(words) or bool(_YEAR.search(text)),
            "name": bool(_NAME.search(text)),
            "actor": bool(_ACTOR.match(text)),
            "foreign": bool(_FOREIGN.search(text)),
            "quote": '"' in text or "\u201c" in text,
            "addressed": said > 0,
            "scene": said > 2,
            "person": not data.people.isdisjoint(words),
            "talk": not data.talk.isdisjoint(words),
            "pronoun": first in data.pronouns,
            "brief": len(words) < _BRIEF,
            "lengthy": len(words) > _LENGTHY,
        }

    def told(self, words: Sequence[str]) -> bool:
        """Say whether a sentence tells what happened: two verbs of the past, none of the lecturer's own day."""
        data = self._data
        verbs = sum([word in data.told or (word[-2:] == "ed" and len(word) > _ED) for word in words])
        return verbs > 1 and data.ours.isdisjoint(words) and data.talk.isdisjoint(words) and data.past.isdisjoint(words)

    def likelihood(self, features: Mapping[str, bool]) -> float:
        """Return how likely a sentence with these features is an example, 0 to 1."""
        total = sum([self._weights[name] for name, there in features.items() if there])
        return float(1 / (1 + math.exp(-max(-30.0, min(30.0, total)))))


_BRIEF, _LENGTHY, _ED = 8, 14, 4
_YEAR = re.compile(r"\b1[0-9]{3}\b")
_DIGITS = re.compile(r"(?<!\d)(?!1[0-9]{3}\b)\d")
_NAME = re.compile(r"(?<=[\w,;:] )(?:[A-Z][a-z\u00c0-\u024f]{2,}|[A-HJ-Z]\b)")
_FOREIGN = re.compile(r"[\u00bf\u00a1\u00c0-\u024f]")
_ACTOR = re.compile(
    r"^(?:(?:So|And|But|The|A|An|Two|In) )?[A-Za-z\u00c0-\u024f][\w'\u2019-]*(?: [a-z]+)? "
    r"(?!is\b|was\b|has\b|does\b|this\b|us\b|its\b|plus\b)[a-z]{2,}(?<!s)s\b",
    re.ASCII,
)
"""A subject of one to three words and a verb in the third person."""

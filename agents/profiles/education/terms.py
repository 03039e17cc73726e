"""Terms as they are shown, and where they stand beside the words that define them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

Where = Literal["before", "after", "inside"]

LONGEST_TERM = 60
"""Characters of a term."""

_WORDS = 6
_TRIM = " \t\n,;:.!?\"'\u201c\u201d\u2018\u2019()[]-\u2013\u2014"
_CUT = re.compile(
    r"[,;:.!?()]|\s[-\u2013\u2014]\s|\b(?:is|are|was|were|if|when|where|which|that|because|so|and it|it's|and that|who|"
    r"basically|for short|in|on|with|as|by|after|from|at|than|yeah|right|okay|but|except|since|today)\b",
    re.IGNORECASE,
)
"""Where a term that stands behind a phrase ends."""

_SUBJECT = re.compile(
    r"((?:[^\W_][\w'\u2019-]*\s){0,3}[^\W_][\w\u2019-]*)"
    r"(?=[,:]|['\u2019]s\s|\s(?:is|are|was|were|has|have|means?|when|where|that|happens?|does|takes?|just|basically)\b)",
    re.IGNORECASE,
)
_POINTING = re.compile(r"^(?:(?:a|an|the|this|that|it|them|then|just|by|as|technically|actually)\s+)+", re.IGNORECASE)
_SPEAKING = frozenset(
    [
        "when",
        "we",
        "i",
        "you",
        "they",
        "one",
        "people",
        "lawyers",
        "economists",
        "biologists",
        "say",
        "talk",
        "speak",
        "about",
        "of",
        "that",
        "mean",
        "by",
        "to",
    ]
)
_TRAILING = frozenset({"really", "basically", "just", "then", "simply", "also", "itself", "here", ""})


class Vocabulary(msgspec.Struct, frozen=True):
    """Lists of words in ``points.yaml``: what a definition may begin with, be made of, and must not be about."""

    fillers: list[str]
    articles: list[str]
    adverbs: list[str]
    no_term: list[str]
    complement: list[str]
    vague: list[str]


def any_of(words: Iterable[str]) -> str:
    """Return words as alternatives of an expression, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


class Terms:
    """Finds terms."""

    def __init__(self, words: Vocabulary) -> None:
        self._no_term = frozenset(words.no_term)
        self._fillers = frozenset(words.fillers)
        self._dropped = frozenset([*words.fillers, *words.articles])
        self._lead = re.compile(rf"(?:(?:{any_of(words.fillers)})[\s,]+)*", re.IGNORECASE)

    def fillers(self, words: Sequence[str]) -> int:
        """Return with how many fillers a sentence begins."""
        count = 0
        for word in words:
            if word not in self._fillers:
                break
            count += 1
        return count

    def body(self, text: str) -> str:
        """Return a sentence without the fillers that it begins with."""
        match = self._lead.match(text)
        return text if match is None else text[match.end() :]

    def beside(self, where: Where, text: str, begin: int, end: int) -> str | None:
        """Return the term before, after or inside a phrase; ``None`` where none can be made out.

        Args:
            where: the term stands.
            text: a sentence.
            begin: where the phrase begins in it, and ``end`` where it ends.
            end: see there.
        """
        if where == "before":
            return self.clean(self.body(text[:begin]).split(",", 1)[0])
        if where == "after":
            behind = _POINTING.sub("", text[end:].lstrip(_TRIM))
            cut = _CUT.search(behind)
            term = self.clean(behind[: cut.start()] if cut else behind)
            if term and text[:end].lower().endswith(("these", "those")):  # "we call these discs thylakoids"
                thing, _, rest = term.partition(" ")
                return rest if rest and thing.endswith("s") else term
            return term
        inner = text[begin:end].split()[1:-1]
        while inner and inner[-1].lower().strip(",") in _SPEAKING:
            inner.pop()
        while inner and inner[0].lower().strip(",") in _SPEAKING:
            inner.pop(0)
        return self.clean(" ".join(inner))

    def subject(self, text: str) -> str | None:
        """Return what a sentence begins with where that may be a term, for one that defines in no known form."""
        match = _SUBJECT.match(self.body(text))
        term = None if match is None else self.clean(match[1])
        return term if term is not None and self.is_term(term.lower().split()) else None

    def clean(self, text: str) -> str | None:
        """Return a term without articles, fillers and marks; ``None`` when nothing of substance is left."""
        words = text.strip(_TRIM).split()
        while words and words[0].lower().strip(",") in self._dropped:
            words.pop(0)
        while words and words[-1].lower().strip(_TRIM) in _TRAILING:
            words.pop()
        if not words or len(words) > _WORDS or not self._no_term.isdisjoint((words[0].lower(), words[-1].lower())):
            return None
        return " ".join(words).strip(_TRIM)[:LONGEST_TERM] or None

    def is_term(self, words: Iterable[str]) -> bool:
        """Say whether none of some words, in lower case, is one that no term has."""
        return self._no_term.isdisjoint(words)

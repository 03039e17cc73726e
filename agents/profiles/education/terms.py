"""The forms in which a sentence defines a term or states a law, and the term itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from agents.profiles.phrases import Words

LONGEST_TERM = 60
_WORDS = 5

_TRIM = " \t\n,;:.!?\"'\u201c\u201d\u2018\u2019()[]-\u2013\u2014"
_CUT = re.compile(
    r"[,;:.!?()]|\s[-\u2013\u2014]\s|\b(?:is|are|was|were|if|when|where|which|that|because|so|and it|it's|and that|who|basically|for short|in|on|"
    r"with|as|by|after|from|at|than|yeah|right|okay|but|except|since|today)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r",[^,]*,?\s*$")
_LAW = r"theorem|law|lemma|principle|postulate|corollary|inequality|axiom|maxim|rule|razor|criterion|conjecture|hypothesis|equation"
_NAMED = re.compile(
    rf"((?:[\w\u2013-]+\s){{0,3}}?[\w\u2013-]+(?:'s|s'|\u2019s|s\u2019)\s(?:[\w-]+\s){{0,3}}?(?:{_LAW})(?:\sof(?:\sthe)?\s[\w-]+(?:\s[\w-]+)?)?"
    rf"|(?:{_LAW})s?\sof\s(?:the\s|[\w-]+ing\s)?[\w-]+(?:\s(?!says|states|tells|is|holds|then|gives)[\w-]+)?"
    rf"|[\w-]+(?:\s[\w-]+)?\s(?:{_LAW}))\b",
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"^(?:(?:so|and|now|um|uh|okay|then|right|by|first|well|here's|here is|that's|recall|this is|we have|next)\s+)*(?:the\s)?"
    rf"(?P<law>(?:[\w\u00c0-\u024f\u2013-]+(?:'s|s'|\u2019s|s\u2019)\s(?:[\w-]+\s){{0,3}}?(?:{_LAW})(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?)"
    rf"|(?:[\w-]+\s){{0,3}}?(?:theorem|lemma|postulate|corollary|law|principle|rule)(?:\sof\s(?:the\s)?[\w-]+)?)"
    rf"(?:\s*[:,\u2013\u2014-]\s*|\s+(?:is that\s|just\s)?)(?P<rest>.+)$",
    re.IGNORECASE,
)


class Vocabulary(msgspec.Struct, frozen=True):
    """Lists of words in ``points.yaml``."""

    fillers: list[str]
    articles: list[str]
    adverbs: list[str]
    no_term: list[str]
    complement: list[str]
    vague: list[str]


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


class Terms:
    """Reads definitions and their terms."""

    def __init__(self, words: Vocabulary) -> None:
        self._no_term = frozenset(words.no_term)
        self._fillers = frozenset(words.fillers)
        self._articles = frozenset(words.articles)
        self._vague = frozenset(words.vague)
        self._lead = re.compile(rf"^(?:(?:{_any(words.fillers)})[\s,]+)*", re.IGNORECASE)
        opener = r"(?:in\s[^,.]{2,40}?(?:,|\ssense|\sterms)\s*|what\s+(?=[\w-]+\s(?:is|are)\b))?"
        noun = r"(?P<term>[\w\u00c0-\u024f'\u2019\u2013-]+(?:\s[\w\u00c0-\u024f'\u2019\u2013-]+){0,4}?)"
        self._copula = re.compile(
            rf"^{opener}(?P<article>(?:{_any(words.articles)})\s)?{noun}(?P<aside>,[^.?!:]{{1,70}}?,)?"
            rf"(?:\s(?:is|are|was|were)\b|(?<=\w)['\u2019](?:s|re)\b)"
            rf"(?:\s(?:{_any(words.adverbs)})\b,?)*\s(?P<first>{_any(words.complement)})\s(?P<rest>.+)$",
            re.IGNORECASE,
        )
        self._apposed = re.compile(
            rf"^(?:an?\s|the\s)?{noun}(?:,|\s?[\u2013\u2014-]\s|\s)\s*(?:that's|that is|it's|they're|these are|those are|which is|all it is|meaning)"
            rf"(?:\s(?:{_any(words.adverbs)})\b)*\s(?P<first>{_any(words.complement)})?\s?(?P<rest>.+)$",
            re.IGNORECASE,
        )
        self._colon = re.compile(
            rf"^(?:an?\s|the\s)?{noun}(?::|\s[\u2013\u2014-])\s+(?P<first>an?|the|any|when|how|something|anything|one|whatever)\s(?P<rest>.+)$",
            re.IGNORECASE,
        )

    def fillers(self, words: Sequence[str]) -> int:
        """Return with how many fillers a sentence begins."""
        count = 0
        for word in words:
            if word not in self._fillers:
                break
            count += 1
        return count

    def defined(self, text: str) -> tuple[str, str, float] | None:
        """Return form, term and confidence of a definition that stands on a copula, apposition or colon."""
        body = text[self._lead.match(text).end() :][:300]  # type: ignore[union-attr]
        for form, pattern, least in (
            ("copula", self._copula, 4),
            ("apposition", self._apposed, 3),
            ("colon", self._colon, 4),
        ):
            match = pattern.match(body)
            if match is not None:
                sure = self._sure(form, match, least)
                if sure:
                    return form, self._clean(match["term"]) or match["term"], sure
        return None

    def _sure(self, form: str, match: re.Match[str], least: int) -> float:
        term = match["term"].lower().split()
        rest = match["rest"].lower().split()
        if not self._no_term.isdisjoint(term) or len(rest) < least:
            return 0.0
        if re.search(rf"\b(?:{_LAW})\b", match["term"].lower()):
            return 0.0
        first = (match["first"] or "").lower()
        if first in {"a", "an", "the"} and rest[0].strip(",.") in self._vague:
            return 0.0
        relative = not _RELATIVE.isdisjoint(word.strip(",.;") for word in rest)
        if form == "copula":
            article = (match["article"] or "").strip().lower()
            if article in {"this", "these", "your", "our"}:
                return 0.0
            if article == "the":
                return 0.75 if relative else 0.6
            return 0.88 if relative else 0.7
        if form == "colon":
            return 0.85 if relative else 0.7
        return 0.85 if first else 0.6 if relative else 0.0

    def of(
        self, kind: str, where: Literal["before", "after", "inside"], text: str, words: Words, first: int, last: int
    ) -> str | None:
        """Return the term that stands before, after or inside a phrase; ``None`` where none can be made out."""
        begin, end = words.span(first, last)
        if kind == "theorem":
            return self.law(text)
        if where == "before":
            return self._before(text[:begin])
        if where == "after":
            return self._after(text[end:])
        return self._inside(text[begin:end])

    def _before(self, text: str) -> str | None:
        body = text[self._lead.match(text).end() :]  # type: ignore[union-attr]
        head = body.split(",")[0] if "," in body else body
        return self._clean(head)

    def _after(self, text: str) -> str | None:
        text = text.lstrip(_TRIM)
        text = re.sub(
            r"^(?:(?:a|an|the|this|that|it|them|then|just|by|as|technically|actually)\s+)+",
            "",
            text,
            flags=re.IGNORECASE,
        )
        cut = _CUT.search(text)
        return self._clean(text[: cut.start()] if cut else text)

    def _inside(self, text: str) -> str | None:
        words = text.split()
        inner = [word for word in words[1:-1]]
        while inner and inner[-1].lower() in {
            "we",
            "i",
            "you",
            "they",
            "one",
            "people",
            "lawyers",
            "economists",
            "biologists",
        }:
            inner.pop()
        if inner and inner[0].lower() in {"speak", "talk", "say", "that"}:
            inner = [word for word in inner if word.lower() not in {"speak", "talk", "of", "about", "say", "that"}]
        return self._clean(" ".join(inner))

    def _clean(self, text: str) -> str | None:
        """Return a term without articles, fillers and marks; ``None`` when nothing of substance is left."""
        words = text.strip(_TRIM).split()
        while words and (words[0].lower().strip(",") in self._articles or words[0].lower().strip(",") in self._fillers):
            words.pop(0)
        while words and (
            words[-1].lower() in {"really", "basically", "just", "then", "simply", "also", "itself", "here"}
            or not words[-1].strip(_TRIM)
        ):
            words.pop()
        if not words or len(words) > _WORDS + 1 or words[0].lower() in self._no_term:
            return None
        if words[-1].lower() in self._no_term:
            return None
        return " ".join(words).strip(_TRIM)[:LONGEST_TERM] or None

    def law(self, text: str) -> str | None:
        """Return the name of a law in a sentence, if it has one."""
        match = _NAMED.search(text)
        if match is None:
            return None
        name = match[1].strip(_TRIM)
        return (
            re.sub(
                r"^(?:(?:so|and|now|the|by|um|uh|that's|this is|called|as|know|we|is|says|from|of|a)\s+)+",
                "",
                name,
                flags=re.IGNORECASE,
            )[:LONGEST_TERM]
            or None
        )

    def stated_law(self, text: str) -> str | None:
        """Return the name of a law that a sentence begins with and goes on to state."""
        match = _STATED.match(text[:300])
        if match is None or match["rest"].count(" ") < 5:
            return None
        law = match["law"].lower().split()
        if law[0] in _NO_LAW or not _NO_REST.isdisjoint(match["rest"].lower().split()[:2]):
            return None
        return match["law"].strip(_TRIM)[:LONGEST_TERM]


_RELATIVE = frozenset(
    {
        "that",
        "which",
        "who",
        "where",
        "when",
        "of",
        "whose",
        "for",
        "between",
        "by",
        "without",
        "with",
        "how",
        "than",
        "from",
        "to",
        "made",
        "whom",
        "what",
        "at",
        "in",
    }
)
_NO_LAW = frozenset(
    {
        "a",
        "an",
        "my",
        "our",
        "your",
        "first",
        "i",
        "we",
        "you",
        "this",
        "that",
        "it",
        "if",
        "what",
        "there",
        "in",
        "studying",
        "house",
        "ground",
        "golden",
        "one",
        "no",
        "he",
        "she",
        "they",
        "is",
    }
)
_NO_REST = frozenset(
    {
        "school",
        "firm",
        "student",
        "students",
        "degree",
        "library",
        "was",
        "were",
        "proof",
        "next",
        "will",
        "in",
        "on",
        "we",
        "has",
        "have",
        "had",
        "again",
        "books",
        "i",
        "exam",
    }
)

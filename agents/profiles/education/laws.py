"""The names of laws, and sentences that begin with one and go on to state it."""

from __future__ import annotations

import re

LAWS = (
    "theorem", "law", "lemma", "principle", "postulate", "corollary", "inequality", "axiom", "maxim", "rule", "razor",
    "criterion", "conjecture", "hypothesis", "equation",
)  # fmt: skip
"""What laws of a field are called."""

LONGEST_NAME = 60

_MARKS = " \t\n,;:.!?\"'\u201c\u201d\u2018\u2019()[]-\u2013\u2014"
_LAW = "|".join(LAWS)
_OWNED = rf"[\w\u00c0-\u024f\u2013-]+(?:'s|s'|\u2019s|s\u2019)\s(?:[\w-]+\s){{0,3}}?(?:{_LAW})"
"""``Newton's second law``."""

_SAYING = "says|states|tells|is|holds|then|gives"
_NAMED = re.compile(
    rf"(?<![\w'\u2019])((?:[\w\u2013-]+\s){{0,3}}?{_OWNED}(?:\sof(?:\sthe)?\s[\w-]+(?:\s[\w-]+)?)?"
    rf"|(?:{_LAW})s?\sof\s(?:the\s|[\w-]+ing\s)?[\w-]+(?:\s(?!{_SAYING})[\w-]+)?"
    rf"|[\w-]+(?:\s[\w-]+)?\s(?:{_LAW}))\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(?:(?:so|and|now|the|by|um|uh|that's|this is|called|as|know|we|is|says|from|of|a|it's|here's)\s+)+",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"^(?:(?:so|and|now|um|uh|okay|then|right|by|first|well|here's|here is|that's|recall|this is|we have|next|"
    r"according to|from|it's)\s+)*(?:the\s)?"
    rf"(?P<law>{_OWNED}(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?"
    r"|(?:[\w-]+\s){0,3}?(?:theorem|lemma|postulate|corollary|law|principle|rule)(?:\sof\s(?:the\s)?[\w-]+)?)"
    r"(?:\s*[:,\u2013\u2014-]\s*|\s+(?:is that\s|just\s)?)(?P<rest>.+)$",
    re.IGNORECASE,
)
_NO_NAME = frozenset(
    [
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
    ]
)
_NO_STATEMENT = frozenset(
    [
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
    ]
)
_READ = 300
_FEWEST, _FEWEST_AFTER_COLON = 6, 3


def law_named(text: str) -> str | None:
    """Return the name of a law in a sentence, if it has one."""
    match = _NAMED.search(text)
    if match is None:
        return None
    name = _BEFORE.sub("", match[1].strip(_MARKS))[:LONGEST_NAME]
    return name if " " in name else None


def law_stated(text: str) -> str | None:
    """Return the name of a law that a sentence begins with and goes on to state."""
    match = _STATED.match(text[:_READ])
    if match is None:
        return None
    colon = ":" in text or "," in text[match.end("law") : match.start("rest")]
    law, rest = match["law"].lower().split(), match["rest"].lower().split()
    if len(law) == 1 or law[0] in _NO_NAME or len(rest) < (_FEWEST_AFTER_COLON if colon else _FEWEST):
        return None
    if not colon and not _NO_STATEMENT.isdisjoint(rest[:2]):
        return None
    return match["law"].strip(_MARKS)[:LONGEST_NAME]

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
_LAW = rf"(?:{'|'.join(LAWS)})"
_OWNED = rf"[\w\u00c0-\u024f\u2013-]+(?:'s|s'|\u2019s|s\u2019)\s(?:[\w-]+\s){{0,3}}?{_LAW}s?"
"""``Newton's second law``."""

_OF = r"(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?"
_SAYING = "says|states|tells|is|holds|then|gives"
_NAMED = re.compile(
    rf"(?<![\w'\u2019])((?:[\w\u2013-]+\s){{0,3}}?{_OWNED}{_OF}"
    rf"|{_LAW}s?\sof\s(?:the\s|[\w-]+ing\s)?[\w-]+(?:\s(?!{_SAYING})[\w-]+)?"
    rf"|[\w-]+(?:\s[\w-]+)?\s{_LAW})\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(?:(?:so|and|now|the|by|um|uh|that's|this is|called|as|know|we|is|says|from|of|a|it's|here's)\s+)+",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"(?:(?:so|and|now|um|uh|okay|then|right|by|first|well|here's|here is|that's|recall|this is|we have|next|"
    r"according to|from|it's)\s+)*(?:the\s)?"
    rf"(?P<law>(?:[\w-]+\s(?:and\s)?)??{_OWNED}{_OF}"
    r"|(?:[\w-]+\s){0,3}?(?:theorem|lemma|postulate|corollary|law|principle|rule)(?:\sof\s(?:the\s)?[\w-]+)?)"
    r"\s*[:,\u2013\u2014-]\s*(?:\S+\s+){2}\S",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:(?:so|and|but|now|um|uh|yes|yeah|well|right|okay|again|then|remember|recall|next)[\s,]+)*"
    r"(?:(?:that's|that is|this is|it's|which is|(?:we|you|people) call (?:this|that|it)|(?:it|this|that) is called|"
    r"that's called|known as|hence|by|from|enter|meet|good old|recall|remember)\s"
    r"(?:(?:just|basically|essentially|really|simply|called|known as|what we call|good old)\s)*)?(?:the\s|an?\s)?"
    rf"(?P<law>(?:[\w-]+\s(?:and\s)?)??{_OWNED}{_OF}|(?:[\w\u00c0-\u024f\u2013-]+\s){{1,4}}?{_LAW}{_OF})[.!]*$",
    re.IGNORECASE,
)


def law_named(text: str) -> str | None:
    """Return the name of a law in a sentence, if it has one."""
    match = _NAMED.search(text)
    if match is None:
        return None
    name = _BEFORE.sub("", match[1].strip(_MARKS))[:LONGEST_NAME]
    return name if " " in name else None


def law_stated(text: str) -> str | None:
    """Return the name of a law that a sentence begins with and goes on to state: ``Ohm's law: ...``."""
    return _name(_STATED.match(text))


def law_alone(text: str) -> str | None:
    """Return the law that a sentence names, if it does nothing else: ``And that's Ohm's law.``."""
    return _name(_ALONE.match(text))


def _name(match: re.Match[str] | None) -> str | None:
    name = "" if match is None else match["law"].strip(_MARKS)[:LONGEST_NAME]
    return name if " " in name else None

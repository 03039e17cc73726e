"""The names of laws, and sentences that begin with one and go on to state it."""

from __future__ import annotations

import re
from collections.abc import Sequence

LAWS = (
    "theorem", "law", "lemma", "principle", "postulate", "corollary", "inequality", "axiom", "maxim", "rule", "razor",
    "criterion", "conjecture", "hypothesis", "equation",
)  # fmt: skip
"""What laws of a field are called."""

LONGEST_NAME = 60
_KEYS = frozenset(LAWS)

_MARKS = " \t\n,;:.!?\"'\u201c\u201d\u2018\u2019()[]-\u2013\u2014"
_LAW = "|".join(LAWS)
OWNED = ("triad", "paradox", "formula", "identity", "bound", "dictum", "test", "effect", "dilemma")
"""What laws are called besides where a person's name stands before."""

_OWN = rf"(?:{_LAW})s?|{'|'.join(OWNED)}|(?:first|second|third|last|little|great)(?=[.:,])"

_OWNED = rf"[\w\u00c0-\u024f\u2013-]+(?:'s|s'|\u2019s|s\u2019)\s(?:[\w-]+\s){{0,3}}?(?:{_OWN})"
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
    rf"(?P<law>(?:[\w-]+\s(?:and\s)?)??{_OWNED}(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?"
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
_LEAD = r"^(?:(?:so|and|but|now|um|uh|yes|yeah|well|right|okay|again|then|remember|recall|next)[\s,]+)*"
_POINTS = (
    r"(?:(?:that's|that is|this is|it's|which is|(?:we|you|people) call (?:this|that|it)|(?:it|this|that) is called|"
    r"that's called|known as|hence|by|from|enter|meet|good old|recall|remember)\s)"
    r"(?:(?:just|basically|essentially|really|simply|called|known as|what we call|good old)\s)*"
)
_ALONE = re.compile(
    rf"{_LEAD}(?:{_POINTS})?(?:the\s|an?\s)?(?P<law>(?:[\w-]+\s(?:and\s)?)??{_OWNED}(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?"
    rf"|(?:[\w\u00c0-\u024f\u2013-]+\s){{1,4}}?(?:{_LAW})(?:\sof\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)?"
    rf"|(?:law|principle|rule|axiom)s?\sof\s(?:\w+\s){{0,2}}[\w-]+)"
    r"(?:,? (?:in a nutshell|for you|again|in one line|basically|of course|folks|in short|by the way))?[.!]*$",
    re.IGNORECASE,
)
_CAPITAL = r"[A-Z\u00c0-\u00de][\w\u00c0-\u024f]"
_PERSON = rf"{_CAPITAL}{{2,}}(?:(?:[\u2013-]|\s(?:and\s|de\s|von\s)?){_CAPITAL}+)*"
_FLOURISH = r"(?:,? (?:in a nutshell|for you|again|in one line))?"
_NAMESAKE = re.compile(
    r"^(?:(?:So|And|Yes|Right|Good old|Again)[\s,]+)*(?:(?:[Tt]hat's|[Tt]hat is|[Tt]his is|[Ii]t's)\s)?"
    rf"(?:good old\s)?(?P<law>{_PERSON}){_FLOURISH}[.]*$"
)
_BEHIND = re.compile(
    r"(?:[,;\u2013\u2014-]\s?|\s)(?:and\s|so\s)?(?:(?:that's|that is|this is|says|said|according to)\s)"
    rf"(?:good old\s)?(?P<law>{_PERSON}){_FLOURISH}[.!]*$"
)
_SAID = re.compile(
    r"^(?:(?:So|And|But|Now|Then|Okay|As|Well|Um|Uh|Remember)[\s,]+)*"
    rf"(?P<law>{_PERSON})(?:\s?[:\u2013\u2014]\s|,?\s(?:basically\s|just\s|then\s)?(?:says|said|tells us|told us|"
    r"showed|shows|proved|found|noticed|claimed|put it|guarantees|states|gives us|realised|realized)[\s:,]+)"
)
_BESIDE = re.compile(
    rf"[,;\u2013\u2014-]\s?(?:it's\s|that's\s|by\s|from\s)?(?P<law>{_OWNED}"
    r"|(?:the\s)?(?:law|principle|rule|axiom)s?\s(?:of|against)\s(?:[\w-]+\s){0,2}[\w-]+"
    rf"|the\s(?:[\w-]+\s){{1,3}}?(?:{_LAW}))[.]*$",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:what (?:does|did|do)\s(?:the\s)?(?P<law>(?:[\w'\u2019\u2013-]+\s){1,5}?)"
    r"(?:say|state|tell us|tell you|claim|predict|guarantee|promise)"
    r"|what(?:'s|\u2019s| is| was)\s(?:the\s|an?\s)?"
    rf"(?P<name>(?:[\w'\u2019\u2013-]+\s){{0,4}}(?:{_LAW})(?:\sof\s[\w\s-]{{3,30}})?)(?:again|say)?)"
    r"[^?]{0,30}\?$",
    re.IGNORECASE,
)
_EVERYDAY = frozenset(
    [
        "murphy's",
        "sod's",
        "my",
        "your",
        "house",
        "ground",
        "golden",
        "first",
        "a",
        "school",
        "it",
        "this",
        "they",
        "i",
        "we",
    ]
)
_TOLD = frozenset(
    ["i", "my", "he", "she", "his", "her", "was", "were", "had", "did", "i'm", "i'll", "i've", "me", "please", "sorry",
     "we'll", "today", "tomorrow", "yesterday", "thanks", "slide", "exam", "chapter"]
)  # fmt: skip
"""What tells of somebody, of the past or of the lecture; a law does not."""

_GENERAL = frozenset(
    ["every", "any", "all", "no", "never", "always", "same", "equal", "equals", "if", "cannot", "can't", "must", "more",
     "less", "whenever", "each", "nothing", "nobody", "whatever", "only", "both", "unless", "proportional"]
)  # fmt: skip
"""What a law says it with that it holds everywhere; asked for where only a person's name is beside it."""

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


def law_alone(text: str) -> str | None:
    """Return the law that a sentence names, if it does nothing else: ``And that's Ohm's law.``."""
    match = _ALONE.match(text)
    if match is None:
        return None
    words = match["law"].lower().replace("\u2019", "'").split()
    return None if words[0] in _EVERYDAY or len(words) == 1 else match["law"].strip(_MARKS)[:LONGEST_NAME]


def namesake(text: str) -> str | None:
    """Return the person whom a sentence names, if it does nothing else: a law by its author. ``That's Ohm.``."""
    match = _NAMESAKE.match(text)
    return None if match is None else match["law"][:LONGEST_NAME]


def law_behind(text: str) -> str | None:
    """Return the author of a law that a sentence states first: ``..., says Ohm.``."""
    match = _BEHIND.search(text[:_READ])
    return None if match is None else match["law"][:LONGEST_NAME]


def law_said(text: str) -> str | None:
    """Return the author of a law that a sentence names and goes on to state: ``Snell: ...``, ``Hooke says ...``."""
    match = _SAID.match(text[:_READ])
    return None if match is None or match["law"].split()[0].lower() in _EVERYDAY else match["law"][:LONGEST_NAME]


def law_beside(text: str) -> str | None:
    """Return the law that a sentence ends with as an aside: ``Light takes the quickest path, Fermat's principle``."""
    match = _BESIDE.search(text[:_READ])
    return None if match is None else match["law"].strip(_MARKS)[:LONGEST_NAME]


def law_asked(text: str) -> str | None:
    """Return the law whose content a question asks for: ``What does Ohm's law say?``."""
    match = _ASKED.search(text[:_READ])
    if match is None:
        return None
    name = (match["law"] or match["name"]).strip(_MARKS)
    words = name.lower().split()
    known = name[:1].isupper() or not _KEYS.isdisjoint(words)
    return name[:LONGEST_NAME] if known and _EVERYDAY.isdisjoint(words[:1]) else None


def general(words: Sequence[str]) -> bool:
    """Say whether a sentence says that it holds everywhere."""
    return not _GENERAL.isdisjoint(words)


def states(text: str, words: Sequence[str]) -> bool:
    """Say whether a sentence may state a law: it is no question, long enough, and tells of nobody and no past."""
    return len(words) >= _FEWEST and not text.endswith("?") and _TOLD.isdisjoint(words)

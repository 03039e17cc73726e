"""The forms in which a sentence defines a term without a phrase that says so: ``A roux is fat and flour``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from agents.profiles.education.laws import LAWS
from agents.profiles.education.terms import Terms, Vocabulary, any_of

_READ = 300
"""Characters of a sentence that are matched against forms."""

_SURE = 0.75
_LONGEST_ALONE = 3
"""Words of a term that is a sentence of its own, or that only a relative clause defines."""

_NOUN = r"(?P<term>[\w\u00c0-\u024f'\u2019\u2013-]+(?:\s[\w\u00c0-\u024f'\u2019\u2013-]+){0,4}?)"
_OPENER = r"(?:in\s[^,.]{2,40}?(?:,|\ssense|\sterms)\s*|what\s+(?=[\w-]+\s(?:is|are)\b))?"
_ASIDE = r"(?P<aside>,[^.?!:]{1,70}?,|,?\s(?:right|okay|yeah|remember|you know|um|uh),?)?"
_IS = r"(?:\s(?:is|are|was|were)\b,?|(?<=\w)['\u2019](?:s|re)\b,?)"
_DESCRIBED = r"(?=(?:[^\s,.;:]+\s){1,5}(?:that|which|who|whose|where|of|for|with|between|from)\s)"
_THATS = (
    r"(?:that's|that is|it's|they're|these are|those are|which is|all it is|meaning|"
    r"(?:it|that)(?:\s(?:just|basically|simply|really|literally))?\smeans)"
)

_HINT = (
    r"(?:i\.e\.,?|ie|that is to say,?|in other words,?|in plain english,?|meaning|basically|literally|essentially|aka|"
    r"short for|which is|so)"
)
"""What leads from a term to what it is where no verb does: ``Enjambment, i.e. ...``."""

_PAUSE = r"(?:(?:so|well|um|uh|okay|right|yeah|i mean|you know|basically|remember|now),?\s)*"

_EVERY = re.compile(r"(?:in|for|given) (?:any|all|every|each)\b", re.IGNORECASE)
_LAW = re.compile(rf"\b(?:{'|'.join(LAWS)})\b")
_ASKS = re.compile(
    r"(?:mean by|meant by|what is|what's|what are|define|call|what)\s(?:an?\s|the\s|this\s)?"
    r"(?P<term>[\w-]+(?:\s[\w-]+){0,3}?)(?:\s(?:is|are|means?)|,\s[\w\s]{2,30})?\?$",
    re.IGNORECASE,
)
_WHATS_THAT = re.compile(
    r"(?:what's\s|what is\s)?(?:an?\s|the\s)?(?P<term>[\w\u00c0-\u024f'-]+(?:\s[\w\u00c0-\u024f'-]+){0,3}?)"
    r"(?:,?\s(?:what's|what is|what are)\s(?:that|it|this|they|those))?\?$",
    re.IGNORECASE,
)
"""``Kinship, what's that?`` and ``A quorum?``"""

_STRONG = frozenset(["that", "which", "who", "whose", "where", "when", "whereby"])
_RELATIVE = _STRONG | frozenset(
    ["of", "for", "between", "by", "without", "with", "how", "than", "from", "to", "made", "whom", "what", "at", "in"]
)
_ABSTRACT = ("ing", "tion", "sion", "ment", "ism", "sis", "ance", "ence", "ness", "ity", "ora", "ia", "age", "ure")
"""How words end that name an activity or state, so that what follows them with ``-ing`` says what it is."""

_NO_NAME = frozenset(
    ["fine", "okay", "ok", "great", "good", "bad", "all", "why", "right", "true", "wrong", "enough", "how", "what",
     "not", "when", "where", "it", "cool"]
)  # fmt: skip
_LEADS_UP = frozenset(["wh", "if", "th", "a ", "an", "so"])
_OURSELVES = frozenset(["i", "we", "my", "i'm", "we're", "i've", "we've", "i'll", "we'll"])
_NOUNS_IN_ING = frozenset(["something", "anything", "everything", "making", "taking", "having", "using"])


class _Form(NamedTuple):
    """A form: its pattern, parts of which it has one at least, and how many words must follow."""

    name: str
    cheap: tuple[str, ...]
    pattern: re.Pattern[str]
    least: int


def _has(text: str, parts: Sequence[str]) -> bool:
    for part in parts:  # noqa: SIM110 - any() over a generator costs more than what it saves here
        if part in text:
            return True
    return False


class Forms:
    """Reads definitions by their form."""

    def __init__(self, words: Vocabulary, terms: Terms) -> None:
        self._terms = terms
        self._vague = frozenset(words.vague)
        self._genus = frozenset(words.genus)
        adverbs, complement, genus = any_of(words.adverbs), any_of(words.complement), any_of(words.genus)
        flags = re.IGNORECASE
        copula = (
            rf"{_OPENER}(?P<article>(?:{any_of(words.articles)})\s)?{_NOUN}{_ASIDE}{_IS}(?:\s(?:{adverbs})\b,?)*"
            rf"\s(?:(?P<first>{complement}|[\w-]+ing)\s|{_DESCRIBED})(?P<rest>.+)$"
        )
        apposition = (
            rf"(?:an?\s|the\s)?{_NOUN}(?:,|\s?[\u2013\u2014-]\s|\s)\s*{_PAUSE}{_THATS}(?:\s(?:{adverbs})\b)*"
            rf"\s(?P<first>{complement})?\s?(?P<rest>.+)$"
        )
        colon = (
            rf"(?:an?\s|the\s)?{_NOUN}(?::|\s[\u2013\u2014-])\s+"
            r"(?:(?:it's|that's|this is|they're|basically|just|simply)\s)*"
            r"(?P<first>an?|the|any|when|how|something|anything|one|whatever|what|where|those|things|people)\s(?P<rest>.+)$"
        )
        aside = (
            rf"(?:an?\s|the\s)?{_NOUN},\s(?:(?:(?:or|that is,?|in other words,?|namely,?)\s)?(?P<first>an?|the)\s"
            rf"(?=(?:[\w-]+\s)?(?:{genus})\s(?:of|by|in|that|where|when|which|at|for|between)\b)"
            r"|(?:so|right|okay|i\.e\.),?\s(?:an?|the|when|how|where)\s(?=(?:\S+\s){1,4}(?:that|which|who|you|of|in|when)\s))"
            r"(?P<rest>.+)$"
        )
        called_if = (
            r"(?:an?|two|the)\s(?:[\w-]+\s){1,3}?(?:is|are)\s(?:called\s|said to be\s)?(?P<term>[\w-]+(?:\s[\w-]+)?)\s"
            r"(?P<first>if|when|whenever|iff|precisely when|exactly when|only if|provided)\s(?P<rest>.+)$"
        )
        to_do = (
            r"to\s(?P<term>[\w-]+)(?:\s[\w-]+){0,3}?\s(?:is|means)(?:\s(?:just|simply|basically))?"
            r"\s(?P<first>to)\s(?P<rest>.+)$"
        )
        repeated = (
            rf"(?:an?\s|the\s)?(?P<term>(?:[\w-]+\s){{1,3}}?(?P<head>[\w-]{{3,}}?)s?)\s(?:is|are)(?:\s(?:{adverbs})\b)*"
            r"\s(?:an?\s|the\s|any\s)?(?P<first>(?P=head))s?\s(?P<rest>.+)$"
        )
        when_aside = (
            rf"(?:an?\s|the\s)?(?P<term>[\w\u00c0-\u024f'-]+(?:\s[\w\u00c0-\u024f'-]+){{0,2}}?)"
            rf"(?:,\s{_PAUSE}(?:{_HINT}\s)?|\s{_HINT}\s)"
            r"(?P<first>when|where|how|how (?:much|many|far|fast|well|often))\s(?P<rest>.+)$"
        )
        got = (
            r"(?:you've got|you have|you've|we have|we've got|you get|we get)\s(?:yourself\s)?(?:an?\s)?"
            r"(?P<term>[\w-]+(?:\s[\w-]+){0,2}?)\s(?P<first>when|whenever|if|where|once)\s(?P<rest>.+)$"
        )
        does_if = (
            r"an?\s(?:[\w-]+\s){1,2}?(?P<term>[\w-]+s)\s(?:\S+\s){0,3}?(?P<first>if|iff|when|whenever)\s"
            r"(?P<rest>(?:for (?:every|any|all|each)|given any|and only if|whenever|you can always|no matter)\b.+)$"
        )
        self._forms = (
            _Form("copula", (" is", " are", " was", " were", "'s ", "'re ", "\u2019"), re.compile(copula, flags), 2),
            _Form("apposition", ("'s ", "re ", " is ", "mean", "\u2019"), re.compile(apposition, flags), 3),
            _Form("colon", (":", " - ", " \u2013 ", " \u2014 "), re.compile(colon, flags), 4),
            _Form("aside", (",", " so the ", " so a "), re.compile(aside, flags), 4),
            _Form("called-if", ("",), re.compile(called_if, flags), 2),
            _Form("repeated", (" is ", " are "), re.compile(repeated, flags), 2),
            _Form("when-aside", (" when ", " where ", " how "), re.compile(when_aside, flags), 4),
            _Form("got-when", ("",), re.compile(got, flags), 5),
            _Form("does-if", ("",), re.compile(does_if, flags), 3),
            _Form("to-do", ("",), re.compile(to_do, flags), 3),
        )
        self._when = re.compile(
            r"(?:(?:when|if|whenever)|(?:the|an?|any|something|anything)\s(?:\S+\s)?(?:when|where|that|which|who|whose))"
            r"\s(?:\S+\s){3,30}?(?:that's|that is|you have|you've got)\s(?:called\s)?"
            r"(?:an?\s|the\s)?(?P<term>[\w-]+(?:\s[\w-]+){0,2})[.!]?$",
            flags,
        )
        self._echo = re.compile(
            r"(?:(?:so|well|and|now|um|uh|okay)[\s,]+)*"
            r"(?:it's|that's|it is|that is|they're|it means|that means|this is|those are)"
            rf"\s(?:(?:{adverbs})\s)*(?:a|an|the|any|how|when|what|where|anything|something|one of)\s(?P<rest>.+)$",
            flags,
        )

        self._says = re.compile(
            r"(?:(?:so|well|and|now|um|uh|okay|just|basically|simply)[\s,]+)*"
            r"(?:(?:it's|that's|it is|that is|they're|those are)\s)?"
            rf"(?:(?:{adverbs})\s)*(?:a|an|the|any|how|when|what|where|anything|something|one of)\s(?P<rest>.+)$",
            flags,
        )

    def defined(self, text: str) -> tuple[str, str, float] | None:
        """Return form, term and confidence of a definition; ``None`` when a sentence has none of the forms."""
        body = self._terms.body(text)[:_READ]
        for form in self._forms:
            match = form.pattern.match(body) if _has(body, form.cheap) else None
            if match is not None and (sure := self._sure(form, match)):
                return form.name, self._terms.clean(match["term"]) or match["term"], sure
        match = self._when.match(body) if "that" in body and body[:2].lower() in _LEADS_UP else None
        words = [] if match is None else match["term"].lower().split()
        named = self._terms.is_term(words) and _NO_NAME.isdisjoint(words)
        if match is not None and named and not _LAW.search(words[-1]):
            return "when", match["term"], _SURE
        return None

    def echoed(self, before: str, text: str) -> str | None:
        """Return the term of a definition over two sentences: ``Sunk cost. That's money already spent.``."""
        if before.endswith("?") and (term := self._asked_for(before, text)) is not None:
            return term
        match = self._echo.match(text[:_READ])
        rest = [] if match is None else match["rest"].lower().split()
        if len(rest) < _LONGEST_ALONE or rest[0] in self._vague:
            return None
        asked = _ASKS.search(before)
        if asked is not None:
            return self._terms.clean(asked["term"])
        term = None if before.endswith(("?", "!")) else self._terms.clean(self._terms.body(before))
        words = [] if term is None else term.lower().split()
        return term if len(words) <= _LONGEST_ALONE and self._terms.is_term(words) else None

    def _asked_for(self, question: str, text: str) -> str | None:
        """Return the term of a question that is hardly more than it, where a sentence says what that is."""
        match = _WHATS_THAT.match(self._terms.body(question))
        says = self._says.match(text[:_READ])
        if match is None or says is None:
            return None
        words, rest = match["term"].lower().split(), says["rest"].lower().split()
        if len(rest) < _LONGEST_ALONE or rest[0] in self._vague or not self._terms.is_term(words[:1]):
            return None
        return (
            match["term"]
            if _ASKS.search(question) or not _RELATIVE.isdisjoint(one.strip(",.;") for one in rest)
            else None
        )

    def _sure(self, form: _Form, match: re.Match[str]) -> float:
        """Return how sure a match is a definition; 0 where it is none."""
        term, rest = match["term"].lower(), match["rest"].lower().split()
        first = (match["first"] or "").lower()
        if len(rest) < form.least or self._says_else(match, term, first, rest):
            return 0.0
        relative = not _RELATIVE.isdisjoint(word.strip(",.;") for word in rest)
        if form.name == "copula":
            return self._copula(match, term.split(), first, rest, relative=relative)
        if form.name == "colon":
            return 0.85 if relative else 0.7
        if form.name == "apposition":
            means = " mean" in match.string[: match.start("rest")]
            return 0.85 if first or means else 0.6 if relative else 0.0
        return _SURE

    def _says_else(self, match: re.Match[str], term: str, first: str, rest: list[str]) -> bool:
        """Say whether a sentence of the form says something else: about us, how good a thing is, what always holds."""
        if not self._terms.is_term(term.split()) or _LAW.search(term):
            return True
        if rest[0] in _OURSELVES and rest[1:2] != ["call"]:
            return True
        if first.endswith("ing") and first not in _NOUNS_IN_ING and not term.endswith(_ABSTRACT):
            return True
        picked = rest[0] == "one" and rest[1] in _RELATIVE  # "the one in the middle"
        if (
            first in {"a", "an", "the"}
            and not picked
            and (rest[0].strip(",.") in self._vague or rest[:2] == ["same", "for"])
        ):
            return True
        return _EVERY.match(match.string) is not None

    def _copula(self, match: re.Match[str], term: list[str], first: str, rest: list[str], *, relative: bool) -> float:
        article = (match["article"] or "").strip().lower()
        said = match.string[match.end("term") : match.start("rest")].lower()
        told = " was " in said or " were " in said
        if told and _STRONG.isdisjoint(rest) and self._genus.isdisjoint(rest[:2]):
            return 0.0
        if article in {"this", "these", "your", "our"}:
            return 0.0
        if not first:
            if len(term) <= _LONGEST_ALONE and article != "the" and not _STRONG.isdisjoint(rest[:6]):
                return _SURE
            several = " are " in said and term[-1].endswith("s") and len(term) < _LONGEST_ALONE and not article
            return 0.65 if several else 0.0
        if article == "the":
            long = len(rest) > _LONGEST_ALONE
            return 0.0 if not long else _SURE if relative else 0.6
        return 0.88 if relative else 0.7

"""The forms in which a sentence defines a term without a phrase that says so: ``A roux is a paste of fat and flour``.

Few: a form stays where sentences that it was not written with are told better with it than by their words alone, which
are weighed as well (weighing.py).
"""

from __future__ import annotations

import re

from agents.profiles.education.terms import Terms, Vocabulary, any_of

_READ = 300
"""Characters of a sentence that are matched against forms."""

_LEAST, _FEWEST = 2, 3
"""Words of what says what a term is: in a copula, and elsewhere."""

_VERBS = (" is", " are", " was", " were", "'s", "'re", "\u2019", "mean")
"""One of these is in every definition by form: far cheaper to look for than the forms."""

_NOUN = r"(?P<term>[\w\u00c0-\u024f'\u2019\u2013-]+(?:\s[\w\u00c0-\u024f'\u2019\u2013-]+){0,4}?)"
_ASIDE = r"(?:,[^.?!:]{1,70}?,|,?\s(?:right|okay|yeah|remember|you know|um|uh),?)?"
_IS = r"(?:\s(?:is|are|was|were)\b,?|(?<=\w)['\u2019](?:s|re)\b,?)"
_DESCRIBED = r"(?=(?:[^\s,.;:]+\s){1,5}(?:that|which|who|whose|where)\s)"
"""``Closures are functions that ...``"""

_THATS = (
    r"(?:that's|that is|it's|they're|these are|those are|which is|all it is|meaning|"
    r"(?:it|that)(?:\s(?:just|basically|simply|really|literally))?\smeans)"
)
_WHATS_THAT = re.compile(
    r"(?:what's\s|what is\s)?(?:an?\s|the\s)?(?P<term>[\w\u00c0-\u024f'-]+(?:\s[\w\u00c0-\u024f'-]+){0,3}?)"
    r"(?:,?\s(?:what's|what is|what are)\s(?:that|it|this|they|those))?\?$",
    re.IGNORECASE,
)
"""``Kinship, what's that?`` and ``A quorum?``"""

_ARTICLES = frozenset(["a", "an", "the"])
_OURS = frozenset(["this", "these", "your", "our"])
_STRONG = frozenset(["that", "which", "who", "whose", "where", "when", "whereby"])
_RELATIVE = _STRONG | frozenset(
    ["of", "for", "between", "by", "without", "with", "how", "than", "from", "to", "made", "whom", "what", "at", "in"]
)


class Forms:
    """Reads definitions by their form."""

    def __init__(self, words: Vocabulary, terms: Terms) -> None:
        self._terms = terms
        self._vague = frozenset(words.vague)
        adverbs, complement = any_of(words.adverbs), any_of(words.complement)
        self._copula = re.compile(
            rf"(?P<article>(?:{any_of(words.articles)})\s)?{_NOUN}{_ASIDE}{_IS}(?:\s(?:{adverbs})\b,?)*"
            rf"\s(?:(?P<first>{complement})\s|{_DESCRIBED})(?P<rest>.+)$",
            re.IGNORECASE,
        )
        self._apposition = re.compile(
            rf"(?:an?\s|the\s)?{_NOUN}(?:,|\s?[\u2013\u2014-]\s|\s)\s*{_THATS}(?:\s(?:{adverbs})\b)*"
            rf"\s(?P<first>{complement})?\s?(?P<rest>.+)$",
            re.IGNORECASE,
        )
        adverb = rf"(?:(?:{adverbs})\s)*"
        what = r"a|an|any|how|when|what|where|anything|something|one of"
        thats = r"(?:it's|that's|it is|that is|they're|those are)\s"
        self._says = re.compile(
            r"(?:(?:so|well|and|now|um|uh|okay|just|basically|simply)[\s,]+)*"
            rf"(?:{thats}{adverb}(?:{what}|the)|{adverb}(?:{what}))\s(?P<rest>.+)$",
            re.IGNORECASE,
        )

    def defined(self, text: str) -> tuple[str, str, float] | None:
        """Return form, term and confidence of a definition; ``None`` when a sentence has none of the forms."""
        body = self._terms.body(text)[:_READ]
        if not any(verb in body for verb in _VERBS):
            return None
        match = self._copula.match(body)
        if match is not None and (sure := self._sure(match)):
            return "copula", self._terms.clean(match["term"]) or match["term"], sure
        match = self._apposition.match(body)
        if match is not None and len(match["rest"].split()) >= _FEWEST and self._says_what(match):
            return "apposition", self._terms.clean(match["term"]) or match["term"], 0.85
        return None

    def answered(self, question: str, text: str) -> str | None:
        """Return the term of a question that is hardly more than it, where a sentence says what that is."""
        match = _WHATS_THAT.match(self._terms.body(question))
        says = None if match is None else self._says.match(text[:_READ])
        if match is None or says is None:
            return None
        first, rest = match["term"].lower().split()[0], says["rest"].lower().split()
        return match["term"] if len(rest) >= _FEWEST and _relative(rest) and self._terms.is_term([first]) else None

    def _says_what(self, match: re.Match[str]) -> bool:
        """Say whether what is told of a term is what it is, and not how good a thing it is."""
        first, next_word = (match["first"] or "").lower(), match["rest"].lower().split()[0].strip(",.")
        valued = first in _ARTICLES and next_word in self._vague
        return not valued and self._terms.is_term(match["term"].lower().split())

    def _sure(self, match: re.Match[str]) -> float:
        """Return how sure a copula defines; 0 where it tells what was once, or of a thing of ours."""
        article, rest = (match["article"] or "").strip().lower(), match["rest"].lower().split()
        said = match.string[match.end("term") : match.start("rest")].lower()
        told = (" was " in said or " were " in said) and _STRONG.isdisjoint(rest)
        if len(rest) < _LEAST or told or article in _OURS or not self._says_what(match):
            return 0.0
        if article == "the":
            if match["first"] is None:
                return 0.0
            return 0.75 if _relative(rest) else 0.6
        return 0.88 if _relative(rest) else 0.7


def _relative(rest: list[str]) -> bool:
    """Say whether one of some words leads to what tells a thing from others of its kind."""
    return not _RELATIVE.isdisjoint([word.strip(",.;") for word in rest])

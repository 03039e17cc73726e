"""Phrases as people write them into YAML, compiled so that a text is only tried against those that it may hold.

A phrase is words with spaces between them. ``a|b`` is one of several words, ``kill*`` every word that begins so (four
letters at least), ``<group>`` one of a group's phrases, ``word?`` may be missing, ``...`` stands for up to five words.
Case and what stands between words are of no account, but a phrase never runs over the end of a sentence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_GAP = r"[^\w.!?;\n]+"
_ANY = rf"(?:[^\W_]+(?:'[^\W_]+)*{_GAP}){{0,5}}?"
_STEM = 4
_CURLY = "\u2019"
_JOINED = re.compile(r"(?<=\w)[-&/](?=\w)")
"""What stands between words without a space: ``v-bucks`` is found as ``V-Bucks`` and ``v bucks``."""
_WHOLE = re.compile(r"[^\W_]+(?:'[^\W_]+)*\*?")

Anchors = frozenset[str]


class PhraseError(ValueError):
    """A phrase cannot be read; the text says which and why."""


class Lowered:
    """A text, ready to be searched: lower case, as long as it was, and the stems of its words."""

    __slots__ = ("stems", "text")

    def __init__(self, text: str) -> None:
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter whose lower case is two: offsets must stay
            lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
        self.text = lowered.replace(_CURLY, "'") if _CURLY in lowered else lowered
        self.stems = {word[:_STEM] for word in _WORD.findall(self.text)}


class Phrase:
    """One phrase, compiled.

    Attributes:
        source: as it was written.
        anchors: stems of which a text has at least one when the phrase is in it.
        others: the same for the other words that must be there.
    """

    __slots__ = ("_pattern", "anchors", "others", "source")

    def __init__(self, source: str, groups: Mapping[str, Iterable[str]]) -> None:
        self.source = source
        pattern, needed = _compiled(source, groups, ())
        if not needed:
            raise PhraseError(f"{source!r}: at least one word must be there always")
        self.anchors, *others = sorted(needed, key=len)
        self.others = tuple(others)
        self._pattern = re.compile(rf"(?<!\w){pattern}(?!\w)")

    def search(self, text: Lowered) -> re.Match[str] | None:
        """Return the first place of the phrase in a text."""
        return self._pattern.search(text.text)

    def finditer(self, text: Lowered) -> Iterator[re.Match[str]]:
        """Yield all places that do not overlap."""
        return self._pattern.finditer(text.text)


class PhraseIndex(Generic[T]):
    """Many phrases, each with what it stands for."""

    def __init__(self) -> None:
        self._by_stem: defaultdict[str, list[int]] = defaultdict(list)
        self._phrases: list[tuple[Phrase, T]] = []

    def add(self, phrase: Phrase, meaning: T) -> None:
        """Add a phrase."""
        for stem in phrase.anchors:
            self._by_stem[stem].append(len(self._phrases))
        self._phrases.append((phrase, meaning))

    def candidates(self, text: Lowered) -> list[tuple[Phrase, T]]:
        """Return the phrases that the text may hold, in the order in which they were added."""
        found: set[int] = set()
        stems, by_stem, phrases = text.stems, self._by_stem, self._phrases
        for stem in stems & by_stem.keys():
            found.update(by_stem[stem])
        chosen = [phrases[place] for place in sorted(found)]
        return [one for one in chosen if not any(map(stems.isdisjoint, one[0].others))]


def _compiled(source: str, groups: Mapping[str, Iterable[str]], inside: tuple[str, ...]) -> tuple[str, list[Anchors]]:
    parts: list[str] = []
    needed: list[Anchors] = []
    words = _JOINED.sub(" ", source).split()
    for place, word in enumerate(words):
        last = place == len(words) - 1
        if word == "...":
            if last or place == 0:
                raise PhraseError(f"{source!r}: ... stands between words")
            parts.append(_ANY)
            continue
        optional = word.endswith("?")
        pattern, anchors = _element(word.removesuffix("?"), source, groups, inside)
        if not optional:
            needed.append(anchors)
        gap = "" if last else _GAP
        parts.append(f"(?:{pattern}{gap})?" if optional else pattern + gap)
    if words and words[-1].endswith("?"):
        raise PhraseError(f"{source!r}: the last word must be there always")
    return "".join(parts), needed


def _element(
    word: str, source: str, groups: Mapping[str, Iterable[str]], inside: tuple[str, ...]
) -> tuple[str, Anchors]:
    patterns: list[str] = []
    anchors: set[str] = set()
    for one in word.split("|"):
        if one.startswith("<") and one.endswith(">"):
            name = one[1:-1]
            if name not in groups or name in inside:
                raise PhraseError(f"{source!r}: no group {name}, or it holds itself")
            compiled = [_compiled(phrase, groups, (*inside, name)) for phrase in groups[name]]
            patterns += [pattern for pattern, _ in compiled]
            anchors.update(*(min(found, key=len) for _, found in compiled))
        else:
            patterns.append(_word(one, source))
            anchors.add(one.rstrip("*")[:_STEM])
    patterns.sort(key=len, reverse=True)
    return f"(?:{'|'.join(patterns)})" if len(patterns) > 1 else patterns[0], frozenset(anchors)


def _word(word: str, source: str) -> str:
    if not _WHOLE.fullmatch(word):
        raise PhraseError(f"{source!r}: {word!r} is no word")
    if not word.endswith("*"):
        return re.escape(word.lower())
    if len(word) <= _STEM:
        raise PhraseError(f"{source!r}: {word!r} needs {_STEM} letters before the *")
    return re.escape(word[:-1].lower()) + r"[^\W_]*(?:'[^\W_]+)*"

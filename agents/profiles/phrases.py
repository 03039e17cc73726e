"""Phrases as people write them into YAML, found in a text in one walk over its words.

A phrase is words with spaces between them. ``a|b`` is one of several words, ``kill*`` every word that begins so (four
letters at least), ``<group>`` one of a group's phrases, ``word?`` may be missing, ``...`` stands for up to five words.
Case and what stands between words are of no account, but a phrase never runs over the end of a sentence.

All phrases together make one automaton over words, so that a text costs what its own words cost, and not what all
phrases cost: an enrichment has some microseconds (``make bench``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.!?;:\n]+")
_WHOLE = re.compile(r"[^\W_]+(?:'[^\W_]+)*\*?")
_JOINED = re.compile(r"(?<=\w)[-&/](?=\w)")
"""What stands between words without a space: ``v-bucks`` is found as ``V-Bucks`` and ``v bucks``."""

_CURLY = "\u2019"
_STEM = 4
_GAP = 5
_REMEMBERED = 50_000
_START = 0
_ENDS = frozenset(".!?;:\n")
_OTHER, _END = "", "."
_NO_WORD: tuple[str, ...] = ()


class PhraseError(ValueError):
    """A phrase cannot be read; the text says which and why."""


class Words:
    """A text as its words, in lower case; the ends of sentences stand among them, and no phrase has them.

    Attributes:
        words: in their order.
    """

    __slots__ = ("_spans", "_text", "words")

    def __init__(self, text: str) -> None:
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter whose lower case is two: offsets must stay
            lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
        self._text = lowered.replace(_CURLY, "'") if _CURLY in lowered else lowered
        self.words: list[str] = _TOKEN.findall(self._text)
        self._spans: list[tuple[int, int]] | None = None

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the character offsets of the words from ``first`` to before ``last``."""
        if self._spans is None:
            self._spans = [match.span() for match in _TOKEN.finditer(self._text)]
        return self._spans[first][0], self._spans[last - 1][1]


class Found(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A phrase in a text: what it means, and its words from ``first`` to before ``last``."""

    meaning: T
    first: int
    last: int


class _State:
    """One state of the automaton: where each next word leads, where one is as well without a word, what is found."""

    __slots__ = ("also", "by_stem", "by_word", "means", "skips")

    def __init__(self, skips: int = 0) -> None:
        self.by_word: dict[str, list[int]] = {}
        self.by_stem: dict[str, list[tuple[str, int]]] = {}
        self.also: list[int] = []
        self.means: list[int] = []
        self.skips = skips


class Phrases(Generic[T]):
    """Phrases with what each of them means.

    Args:
        groups: phrases by the name of their group.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self._groups = {name: list(phrases) for name, phrases in groups.items()}
        self._states = [_State()]
        self._meanings: list[T] = []
        self._shared: dict[tuple[int, str], int] = {}
        self._closed = 0
        self._root = _Node(frozenset(), ())
        self._nodes: dict[frozenset[tuple[int, int]], _Node] = {}
        self._vocabulary: set[str] = set()
        self._beginnings: dict[str, tuple[str, ...]] = {}
        self._kinds: dict[str, str] = {}

    def add(self, source: str, meaning: T) -> None:
        """Add a phrase; all are added before the first search.

        Raises:
            PhraseError: it cannot be read.
        """
        words = source.split()
        if not words or all(word.endswith("?") for word in words):
            raise PhraseError(f"{source!r}: at least one word must be there always")
        end = self._sequence(source, _START, ())
        self._states[end].means.append(len(self._meanings))
        self._meanings.append(meaning)

    # -- building --------------------------------------------------------------------------------------------------

    def _sequence(self, source: str, begin: int, inside: tuple[str, ...]) -> int:
        """Lead from a state over a phrase's words; return the state behind the last."""
        elements = _JOINED.sub(" ", source).lower().split()
        if not elements or "..." in (elements[0], elements[-1]):
            raise PhraseError(f"{source!r}: begin and end with a word")
        state = begin
        for element in elements:
            known = self._shared.get((state, element))
            if known is None:
                known = self._shared[state, element] = self._element(element, source, state, inside)
            state = known
        return state

    def _element(self, element: str, source: str, begin: int, inside: tuple[str, ...]) -> int:
        if element == "...":
            gap = self._new(_GAP)
            self._states[begin].also.append(gap)
            return gap
        target = self._new()
        if element.endswith("?"):
            self._states[begin].also.append(target)
        for word in element.removesuffix("?").split("|"):
            if word.startswith("<") and word.endswith(">"):
                name = word[1:-1]
                if name not in self._groups or name in inside:
                    raise PhraseError(f"{source!r}: no group {name}, or it holds itself")
                for phrase in self._groups[name]:
                    end = self._sequence(phrase, begin, (*inside, name))
                    self._states[end].also.append(target)
            else:
                self._edge(begin, word, source, target)
        return target

    def _edge(self, begin: int, word: str, source: str, target: int) -> None:
        if not _WHOLE.fullmatch(word):
            raise PhraseError(f"{source!r}: {word!r} is no word")
        state = self._states[begin]
        if not word.endswith("*"):
            state.by_word.setdefault(word, []).append(target)
            return
        prefix = word[:-1]
        if len(prefix) < _STEM:
            raise PhraseError(f"{source!r}: {word!r} needs {_STEM} letters before the *")
        state.by_stem.setdefault(prefix[:_STEM], []).append((prefix, target))

    def _new(self, skips: int = 0) -> int:
        self._states.append(_State(skips))
        return len(self._states) - 1

    def _close(self) -> None:
        """Lead every word to all states where one then is, so that the search need not ask."""
        self._closed = len(self._meanings)
        reach = [self._reached(place) for place in range(len(self._states))]
        for state in self._states:
            state.by_word = {word: _all(targets, reach) for word, targets in state.by_word.items()}
            state.by_stem = {
                stem: [(prefix, place) for prefix, target in pairs for place in reach[target]]
                for stem, pairs in state.by_stem.items()
            }
        self._vocabulary = {word for state in self._states for word in state.by_word}
        beginnings: defaultdict[str, set[str]] = defaultdict(set)
        for state in self._states:
            for stem, pairs in state.by_stem.items():
                beginnings[stem].update(prefix for prefix, _ in pairs)
        self._beginnings = {stem: tuple(prefixes) for stem, prefixes in beginnings.items()}
        self._kinds.clear()
        self._forget()

    def _forget(self) -> None:
        """Drop all nodes; they are worked out again as texts need them."""
        self._nodes.clear()
        self._root = _Node(frozenset((place, 0) for place in self._reached(_START)), ())

    def _reached(self, begin: int) -> list[int]:
        """Return the states where one is as well at a state; those alone at which something can come of it."""
        reached = {begin: None}
        stack = [begin]
        while stack:
            for other in self._states[stack.pop()].also:
                if other not in reached:
                    reached[other] = None
                    stack.append(other)
        states = self._states
        return [one for one in reached if states[one].means or states[one].by_word or states[one].by_stem]

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, text: Words) -> list[Found[T]]:
        """Return every phrase at every place where it begins, in the order of the places; the shortest of its ways."""
        if self._closed != len(self._meanings):
            self._close()
        found: list[Found[T]] = []
        kinds_of = self._kinds
        kinds = [kinds_of[word] if word in kinds_of else self._kind(word) for word in text.words]
        kinds.append(_END)  # no phrase goes over it
        root = self._root
        begin = root.after
        for first, kind in enumerate(kinds):
            node = begin[kind] if kind in begin else self._grow(root, kind)
            at = first
            seen: tuple[int, ...] = ()
            while node is not None:
                at += 1
                if node.means:
                    found += [
                        Found(self._meanings[meaning], first, at) for meaning in node.means if meaning not in seen
                    ]
                    seen += node.means
                following = kinds[at]
                node = node.after[following] if following in node.after else self._grow(node, following)
        return found

    def _grow(self, node: _Node, kind: str) -> _Node | None:
        """Return where a word leads from a node; worked out once, since the same ways are gone text after text."""
        items: set[tuple[int, int]] = set()
        for place, skips in node.items if kind != _END else ():
            state = self._states[place]
            if kind != _OTHER:
                items.update((target, self._states[target].skips) for target in _next(state, kind))
            if skips:
                items.add((place, skips - 1))
        node.after[kind] = reached = self._node(frozenset(items))
        return reached

    def _node(self, items: frozenset[tuple[int, int]]) -> _Node | None:
        if not items:
            return None
        node = self._nodes.get(items)
        if node is None:
            if len(self._nodes) > _REMEMBERED:  # texts of all the world: begin anew rather than grow for ever
                self._forget()
            means = sorted({meaning for place, _ in items for meaning in self._states[place].means})
            node = self._nodes[items] = _Node(items, tuple(means))
        return node

    def _kind(self, word: str) -> str:
        """Return a word that some phrase has, as it is; all others are one, and so are the ends of sentences."""
        if len(self._kinds) > _REMEMBERED:
            self._kinds.clear()
        if word[0] in _ENDS:
            kind = _END
        elif word in self._vocabulary or word.startswith(self._beginnings.get(word[:_STEM], _NO_WORD)):
            kind = word
        else:
            kind = _OTHER
        self._kinds[word] = kind
        return kind


class _Node:
    """All states where one may be at once, each with how many words may still be skipped there."""

    __slots__ = ("after", "items", "means")

    def __init__(self, items: frozenset[tuple[int, int]], means: tuple[int, ...]) -> None:
        self.items = items
        self.means = means
        self.after: dict[str, _Node | None] = {}


def _next(state: _State, word: str) -> Sequence[int]:
    by_stem = state.by_stem.get(word[:_STEM]) if state.by_stem else None
    if by_stem is None:
        return state.by_word.get(word, ())
    return [*state.by_word.get(word, ()), *(target for prefix, target in by_stem if word.startswith(prefix))]


def _all(targets: list[int], reach: list[list[int]]) -> list[int]:
    return list(dict.fromkeys(place for target in targets for place in reach[target]))

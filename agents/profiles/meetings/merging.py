"""One item that is found several times, in overlapping highlights or revisions, is one item of the minutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from agents.profiles.meetings.items import item_id, words_of

MOST_EVIDENCE = 20
"""Grounds that a merged item keeps; the earliest when there are more."""

MOST_COMPARED = 1_000
"""Items of a kind that are compared word by word, the surest when there are more: each is with nearly all others."""

_SPOKEN = ("transcript", "metadata")

_ALIKE = 0.6
"""Share of common words from which two items are one."""

_INSIDE = 0.85
_LEAST_WORDS = 3
"""An item is part of another when so much of its words, three at least, stand in the other."""

Pairs = Callable[[Sequence[Mapping[str, Any]]], Iterator[tuple[int, int]]]
"""Finds the places of items that belong together."""


def merged(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge items of one kind that stand on the same spoken words, or whose words and assignee are much the same.

    The order of the items is of no account, and merging what is merged changes nothing: items that are alike, directly
    or over others, become one, told in the words of its earliest spoken mention, the most complete of several.
    """
    kinds: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        kinds[item["kind"]].append(item)
    result = [item for group in kinds.values() for item in _all_of(group)]
    return sorted(result, key=_order)


def _all_of(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge items of a kind until none are alike: what is taken over from one may make it like a third."""
    if len(found) > MOST_COMPARED:
        once = _joined(found, _of_one_ground, _of_same_words)
        found = sorted(once, key=lambda item: (-item["confidence"], _order(item)))[:MOST_COMPARED]
    while True:
        joined = _joined(found, _of_one_ground, _of_like_words)
        if len(joined) == len(found):
            return joined
        found = joined


def _joined(found: Sequence[Mapping[str, Any]], *ways: Pairs) -> list[dict[str, Any]]:
    """Make one item of all that belong together in one of some ways."""
    ordered = sorted(found, key=_order)
    groups = _together(len(ordered), chain.from_iterable(pairs(ordered) for pairs in ways))
    return [_one([ordered[place] for place in places]) for places in groups]


def _best(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """What is spoken comes before what is written about it, and the whole before a part."""
    spoken = any(ground["field"] in _SPOKEN for ground in _grounds(item))
    return (not spoken, item["at_s"], -len(item["text"]), _order(item))


def _order(item: Mapping[str, Any]) -> tuple[Any, ...]:
    plain = ("kind", "assignee", "confidence", "due", "due_text", "priority", "depends_on", "speaker", "evidence")
    return (item["at_s"], item["text"], item["id"], *(str(item[name]) for name in plain))


def _together(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the places that belong together, by union-find."""
    leader = list(range(count))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for one, other in pairs:
        first, second = find(one), find(other)
        leader[max(first, second)] = min(first, second)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(count):
        groups[find(place)].append(place)
    return list(groups.values())


def _of_one_ground(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Yield pairs that stand on the same spoken words."""
    holder: dict[tuple[Any, ...], int] = {}
    for place, item in enumerate(items):
        for ground in _grounds(item):
            if ground["field"] in _SPOKEN:
                key = tuple(ground[name] for name in ("at_s", "field", "start", "end", "text"))
                yield holder.setdefault(key, place), place


def _of_same_words(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Yield pairs of one assignee with the same words."""
    holder: dict[tuple[Any, ...], int] = {}
    for place, item in enumerate(items):
        yield holder.setdefault((item["assignee"], words_of(item["text"])), place), place


def _of_like_words(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Yield pairs of one assignee whose words are much the same; only those with a word in common are compared."""
    words = [words_of(item["text"]) for item in items]
    having: defaultdict[tuple[Any, str], list[int]] = defaultdict(list)
    for place, own in enumerate(words):
        shared: defaultdict[int, int] = defaultdict(int)
        for word in own:
            key = (items[place]["assignee"], word)
            for other in having[key]:
                shared[other] += 1
            having[key].append(place)
        yield from ((other, place) for other, common in shared.items() if _same(common, len(own), len(words[other])))


def _same(common: int, one: int, other: int) -> bool:
    smaller = min(one, other)
    return common >= _ALIKE * (one + other - common) or (smaller >= _LEAST_WORDS and common >= _INSIDE * smaller)


def _one(same: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one item for those that are the same: in the best words, by who is known to do it."""
    first = min(same, key=_best)
    whose = min((item for item in same if item["assignee"] is not None), key=_best, default=first)
    due = next((item for item in (first, *same) if item["due"] is not None), first)
    grounds = {_key(ground): ground for item in same for ground in _grounds(item)}
    return {
        **{name: value for name, value in first.items() if name != "evidence"},
        "id": item_id(first["kind"], first["text"]),
        "assignee": whose["assignee"],
        "assignee_known": whose["assignee_known"],
        "due": due["due"],
        "due_text": due["due_text"] or next((item["due_text"] for item in (first, *same) if item["due_text"]), None),
        "priority": min((item["priority"] for item in same), key=("urgent", "low", "normal").index),
        "depends_on": next((item["depends_on"] for item in (first, *same) if item["depends_on"]), None),
        "confidence": max(item["confidence"] for item in same),
        "evidence": [grounds[key] for key in sorted(grounds)][:MOST_EVIDENCE],
    }


def _grounds(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    evidence = item["evidence"]
    return list(evidence) if isinstance(evidence, list) else [evidence]


def _key(ground: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(ground[name] for name in ("at_s", "field", "start", "end", "text", "rule", "confidence"))

"""One item that is found several times, in overlapping highlights or revisions, is one item of the minutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from agents.profiles.meetings.items import item_id, words_of

MOST_EVIDENCE = 20
"""Grounds that a merged item keeps; the earliest when there are more."""

_ALIKE = 0.6
"""Share of common words from which two items are one."""

_INSIDE = 0.85
_LEAST_WORDS = 3
"""An item is part of another when so much of its words, three at least, stand in the other."""


def merged(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge items of the same kind and assignee whose words are much the same.

    The order of the items is of no account, and merging what is merged changes nothing: items that are alike, directly
    or over others, become one, told in the words of its earliest mention.
    """
    groups: defaultdict[tuple[Any, Any], list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        groups[item["kind"], item["assignee"]].append(item)
    result = []
    for group in groups.values():
        ordered = sorted(group, key=_order)
        words = [words_of(item["text"]) for item in ordered]
        result += [_one([ordered[place] for place in places]) for places in _alike(words)]
    return sorted(result, key=_order)


def _order(item: Mapping[str, Any]) -> tuple[Any, ...]:
    plain = ("kind", "assignee", "confidence", "due", "due_text", "priority", "depends_on", "speaker", "evidence")
    return (item["at_s"], item["text"], item["id"], *(str(item[name]) for name in plain))


def _alike(words: list[frozenset[str]]) -> list[list[int]]:
    """Return the places of items that belong together, by union-find over those with a word in common."""
    leader = list(range(len(words)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    having: defaultdict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(words):
        shared: defaultdict[int, int] = defaultdict(int)
        for word in own:
            for other in having[word]:
                shared[other] += 1
            having[word].append(place)
        for other, common in shared.items():
            if _same(common, len(own), len(words[other])):
                one, two = find(place), find(other)
                leader[max(one, two)] = min(one, two)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(words)):
        groups[find(place)].append(place)
    return list(groups.values())


def _same(common: int, one: int, other: int) -> bool:
    smaller = min(one, other)
    return common >= _ALIKE * (one + other - common) or (smaller >= _LEAST_WORDS and common >= _INSIDE * smaller)


def _one(same: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one item for those that are the same, the earliest first."""
    first = same[0]
    due = next((item for item in same if item["due"] is not None), first)
    grounds = {_key(ground): ground for item in same for ground in _grounds(item)}
    return {
        **{name: value for name, value in first.items() if name != "evidence"},
        "id": item_id(first["kind"], first["text"]),
        "due": due["due"],
        "due_text": due["due_text"] or next((item["due_text"] for item in same if item["due_text"]), None),
        "priority": min((item["priority"] for item in same), key=("urgent", "low", "normal").index),
        "depends_on": next((item["depends_on"] for item in same if item["depends_on"]), None),
        "confidence": max(item["confidence"] for item in same),
        "evidence": [grounds[key] for key in sorted(grounds)][:MOST_EVIDENCE],
    }


def _grounds(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    evidence = item["evidence"]
    return list(evidence) if isinstance(evidence, list) else [evidence]


def _key(ground: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(ground[name] for name in ("at_s", "field", "start", "end", "text", "rule", "confidence"))

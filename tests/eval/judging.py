"""One industry judged: the kinds of each item against its labels, and the finer things beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tests.eval import guide, ours
from tests.eval.labelled import Half, Industry, load
from tests.eval.ours import Found, Mention
from tests.eval.scoring import Judged, Score, scores

GUIDE_KINDS: dict[Industry, tuple[str, ...]] = {
    "gaming": (
        "ace", "clutch", "flick", "headshot", "pentakill", "baron", "steal", "outplay", "victory_royale", "elimination",
        "build",
    ),
    "education": ("definition", "example"),
    "meetings": ("action_item", "decision", "discussion"),
}  # fmt: skip
"""The kinds that the guide itself asks for."""

_GUIDES: dict[Industry, Callable[[Any], set[str]]] = {
    "gaming": guide.match_kinds,
    "education": guide.passage_kinds,
    "meetings": guide.excerpt_kinds,
}


class Detail(msgspec.Struct, frozen=True):
    """How often something beside the kind was right, where it was labelled and its item found."""

    name: str
    right: int
    of: int


class Bin(msgspec.Struct, frozen=True):
    """Findings whose stated confidence lies in a range: how sure they were, and how often they were right."""

    low: float
    count: int
    stated: float
    right: float


class Verdict(msgspec.Struct, frozen=True):
    """How one industry came out: our scores by kind and the guide's, details, calibration, and what was wrong."""

    industry: Industry
    half: Half
    items: int
    ours: list[Score]
    guides: list[Score]
    details: list[Detail]
    calibration: list[Bin]
    mistakes: list[str]


def judge(industry: Industry, half: Half) -> Verdict:
    """Judge one half of one industry's set."""
    items = load(industry, half)
    guides = _GUIDES[industry]
    found = [ours.found(ours.profile_of(industry), item) for item in items]
    truth = [true_kinds(item) for item in items]
    kinds = sorted(frozenset().union(*truth))
    rated = [kind for kind in GUIDE_KINDS[industry] if kind in kinds]
    by_guide = [Judged(true, frozenset(guides(item))) for item, true in zip(items, truth, strict=True)]
    by_us = [Judged(true, one.kinds) for one, true in zip(found, truth, strict=True)]
    return Verdict(
        industry=industry,
        half=half,
        items=len(items),
        ours=[*scores(by_us, kinds), *_of_the_guide(by_us, rated)],
        guides=[*scores(by_guide, rated)[:-1], *_of_the_guide(by_guide, rated)],
        details=_details(industry, items, found),
        calibration=_calibration(found, truth),
        mistakes=[
            f"{item.id}: missed {sorted(true - one.kinds)}, wrong {sorted(one.kinds - true)}"
            for item, one, true in zip(items, found, truth, strict=True)
            if one.kinds != true
        ],
    )


def _of_the_guide(judged: Sequence[Judged], kinds: Sequence[str]) -> list[Score]:
    return [msgspec.structs.replace(scores(judged, kinds)[-1], kind="kinds of the guide")]


def true_kinds(item: Any) -> frozenset[str]:
    """Return the kinds that an item is labelled with."""
    return frozenset(item.kinds if hasattr(item, "kinds") else (label.kind for label in item.labels))


def _details(industry: Industry, items: Sequence[Any], found: Sequence[Found]) -> list[Detail]:
    pairs = list(zip(items, found, strict=True))
    if industry == "gaming":
        named = [(who, one.who) for item, one in pairs for who in (item.player, item.team) if who is not None]
        return [Detail("player or team named", sum(who in names for who, names in named), len(named))]
    met = [
        (label, mention)
        for item, one in pairs
        for label in item.labels
        for mention in one.mentions
        if label.sentence is not None and mention.kind == label.kind and overlaps(label.sentence, mention.text)
    ]
    spans = sum(label.sentence is not None for item in items for label in item.labels)
    details = [Detail("mention found at its place", len({id(label) for label, _ in met}), spans)]
    if industry == "education":
        terms = [(label, mention) for label, mention in met if label.kind == "definition" and label.term]
        return [*details, Detail("term of a definition", sum(_same_term(*one) for one in terms), len(terms))]
    actions = [(label, mention) for label, mention in met if label.kind == "action_item"]
    for name in ("assignee", "due"):
        right = sum(getattr(label, name) == mention.about.get(name) for label, mention in actions)
        details.append(Detail(f"{name} of an action (or none, rightly)", right, len(actions)))
    return details


def overlaps(one: str, other: str) -> bool:
    """Say whether two spans of words are about the same clause: one holds the other, or half of its words."""
    one, other = one.lower(), other.lower()
    words, others = set(one.split()), set(other.split())
    return one in other or other in one or 2 * len(words & others) >= min(len(words), len(others))


def _same_term(label: Any, mention: Mention) -> bool:
    term = str(mention.about.get("term") or "").lower()
    wanted = label.term.lower()
    return bool(term) and (term in wanted or wanted in term)


def _calibration(found: Sequence[Found], truth: Sequence[frozenset[str]]) -> list[Bin]:
    stated = [
        (mention.confidence, mention.kind in true)
        for one, true in zip(found, truth, strict=True)
        for mention in one.mentions
    ]
    bins = []
    for low in (0.0, 0.5, 0.6, 0.7, 0.8, 0.9):
        high = 1.01 if low == 0.9 else low + 0.1 if low else 0.5
        inside = [(sure, right) for sure, right in stated if low <= sure < high]
        if inside:
            count = len(inside)
            bins.append(Bin(low, count, sum(s for s, _ in inside) / count, sum(r for _, r in inside) / count))
    return bins

"""Precision, recall and F1 of a kind, with confidence intervals from resampling whole items."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

import msgspec

RESAMPLES = 1_000


class Judged(msgspec.Struct, frozen=True):
    """One item: the kinds that are in it, and those that were found."""

    true: frozenset[str]
    found: frozenset[str]


class Score(msgspec.Struct, frozen=True):
    """How a kind was found.

    Attributes:
        kind: the kind, or ``all kinds`` for all decisions taken together.
        items: in how many items it is.
        precision: 0 to 1; 1 when nothing was found.
        recall: 0 to 1; 1 when there was nothing to find.
        f1: their harmonic mean.
        low: and ``high``: the middle 95 % of F1 over resampled sets.
    """

    kind: str
    items: int
    precision: float
    recall: float
    f1: float
    low: float
    high: float


def scores(judged: Sequence[Judged], kinds: Collection[str], seed: int = 1) -> list[Score]:
    """Return the score of each kind, and of all together."""
    luck = Random(seed)
    draws = [[luck.randrange(len(judged)) for _ in judged] for _ in range(RESAMPLES)]
    return [_score(kind, judged, {kind}, draws) for kind in kinds] + [_score("all kinds", judged, set(kinds), draws)]


def _score(name: str, judged: Sequence[Judged], kinds: set[str], draws: list[list[int]]) -> Score:
    counts = [
        (len(one.true & one.found & kinds), len((one.found - one.true) & kinds), len((one.true - one.found) & kinds))
        for one in judged
    ]
    precision, recall, f1 = _rates(counts, range(len(counts)))
    resampled = sorted(_rates(counts, draw)[2] for draw in draws)
    low, high = resampled[int(0.025 * RESAMPLES)], resampled[int(0.975 * RESAMPLES) - 1]
    return Score(name, sum(bool(one.true & kinds) for one in judged), precision, recall, f1, low, high)


def _rates(counts: Sequence[tuple[int, int, int]], chosen: Sequence[int]) -> tuple[float, float, float]:
    right = sum(counts[place][0] for place in chosen)
    wrong = sum(counts[place][1] for place in chosen)
    missed = sum(counts[place][2] for place in chosen)
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    total = 2 * right + wrong + missed
    return precision, recall, 2 * right / total if total else 1.0

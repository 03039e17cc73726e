"""From a rule's weight to a confidence: how often such findings are right in texts that no rule was written with."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agents.profiles.data import Share

_TILT = 0.4
"""How far a finding's weight moves its confidence from its kind's: exponent of the ratio of their odds."""

_EDGE = 0.02
"""A share this close to 0 or 1 counts as this close: its odds stay finite."""


_REMEMBERED = 10_000
"""Weights whose confidence is kept; there are as many as rules, and their products."""


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind, as ``python -m tests.eval.calibrate`` measures it.

    Attributes:
        found: how many findings.
        right: which share of them was right, drawn to that of all kinds where there are few.
        weight: what their rules weighed, by mean.
    """

    found: int
    right: Share
    weight: Share


class Calibration:
    """Confidences of one profile. A kind that nobody measured (a customer's own) states what its rules weigh."""

    def __init__(self, measured: Mapping[str, Measured]) -> None:
        self._measured = measured
        self._known: dict[tuple[str, float], float] = {}

    def confidence(self, kind: str, weight: float) -> float:
        """Return how often a finding is right, 0 to 1: as its kind, more or less so as it weighs more or less."""
        known = self._known.get((kind, weight))
        return known if known is not None else self._work_out(kind, weight)

    def _work_out(self, kind: str, weight: float) -> float:
        measured = self._measured.get(kind)
        if measured is None:
            return weight
        odds = _odds(measured.right) * (_odds(weight) / _odds(measured.weight)) ** _TILT
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        sure: float = round(odds / (1 + odds), 3)
        self._known[kind, weight] = sure
        return sure


def _odds(share: float) -> float:
    share = min(max(share, _EDGE), 1 - _EDGE)
    return share / (1 - share)

"""How likely a sentence without any marker defines, states, stresses or shows something: by the words it is made of.

People say most things without a phrase that a rule could name. Their words still tell, each a little: weights of
logistic functions, fitted to the labelled development sets by ``python -m tests.eval.weigh --write``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import NewType

import msgspec

KINDS = ("definition", "theorem", "emphasis", "example")
"""Kinds that are weighed, in the order of the weights."""

STATED = KINDS[:3]
"""Kinds that a sentence's own words tell; an example is one by what stands around it as well."""

LEAST = (0.4, 0.4, 0.4, 0.35)
"""From which likelihood on a sentence counts as one of a kind. Chosen on the development sets."""

Total = NewType("Total", int)
"""The weights of a sentence for all kinds, added up in one number."""

_LENGTHS = (6, 10, 16, 24)
_RARE = (0.1, 0.2, 0.35)
_RANKS = 2
_UNKNOWN = "*"
_BITS = 24
_HALF = 1 << (_BITS - 1)
_MASK = (1 << _BITS) - 1
_SCALE = 100
_ENOUGH = [_SCALE * math.log(least / (1 - least)) for least in LEAST]


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``weights.json``: for each feature a weight for each of ``KINDS``, of two decimals.

    Attributes:
        base: of any sentence.
        features: a word in lower case; ``^`` and the first word or two; ``#`` and a quality; ``<``, ``<<`` and ``>``
            and what the sentence before, two before or behind does.
    """

    base: tuple[float, float, float, float]
    features: dict[str, tuple[float, float, float, float]]


class Weighing:
    """Weighs sentences.

    Attributes:
        base: what any sentence weighs.
    """

    def __init__(self, weights: Weights) -> None:
        # four sums cost four times one: so the weights of a feature are one number, each in some bits of its own
        self.base = Total(_packed(weights.base) + _packed([_HALF / _SCALE] * len(KINDS)))
        self._table = {name: _packed(row) for name, row in weights.features.items()}
        self._words = frozenset(name for name in weights.features if name[0].isalnum())

    def itself(self, words: Sequence[str], place: int, count: int) -> Total:
        """Return what a sentence weighs by itself; see :func:`itself`."""
        return self.beside(self.base, itself(words, place, count, self._words))

    def beside(self, total: Total, features: Iterable[str]) -> Total:
        """Return a total with the weights of more features."""
        table = self._table
        return Total(total + sum([table[name] for name in features if name in table]))


def likelihood(total: Total, kind: int) -> float:
    """Return how likely a sentence is of one of ``KINDS``, 0 to 1."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, _weight(total, kind) / _SCALE))))


def _weight(total: int, kind: int) -> int:
    return (total >> (_BITS * kind) & _MASK) - _HALF


def stated(total: Total) -> list[str]:
    """Return what a sentence does by its own words: of a law and a definition the likelier."""
    found = [kind for place, kind in enumerate(STATED) if _weight(total, place) > _ENOUGH[place]]
    if found[:2] == ["definition", "theorem"]:
        found.remove("theorem" if _weight(total, 0) >= _weight(total, 1) else "definition")
    return found


def itself(words: Sequence[str], place: int, count: int, known: frozenset[str]) -> list[str]:
    """Return the features that a sentence has of itself.

    Args:
        words: in lower case, marks among them.
        place: of the sentence among ``count``.
        count: see there.
        known: words that have weights.
    """
    if not words:
        return []
    distinct = set(words)
    found = known & distinct
    first, second = [word if word in found else _UNKNOWN for word in (words[0], words[min(1, len(words) - 1)])]
    rare = 1 - len(found) / len(distinct)
    return [
        *found,
        f"^{first}",
        f"^{first} {second}",
        f"#length{bisect_right(_LENGTHS, len(words))}",
        f"#rare{bisect_right(_RARE, rare)}",
        f"#place{place}" if place < _RANKS else "#later",
        "#last" if place == count - 1 else "#before",
    ]


def around(kinds: Sequence[Iterable[str]], room: Sequence[bool], place: int) -> list[str]:
    """Return the features that a sentence has by what stands around it.

    Args:
        kinds: that each sentence is of.
        room: whether each is about the room and the day.
        place: of the sentence.
    """
    found = []
    for step, sign in ((-1, "<"), (-2, "<<"), (1, ">")):
        other = place + step
        if 0 <= other < len(kinds):
            found += [sign + kind for kind in kinds[other]] or [sign + "nothing"]
            if room[other]:
                found.append(sign + "room")
    if True in room:
        found.append("#room")
    if any("definition" in one or "theorem" in one for one in kinds):
        found.append("#stated")
    return found


def _packed(weights: Sequence[float]) -> int:
    return sum(round(weight * _SCALE) << (_BITS * place) for place, weight in enumerate(weights))


def shipped(package: str) -> Weights:
    """Read the weights that ship beside a profile's code; ``package`` is its dotted name."""
    return msgspec.json.decode((files(package) / "weights.json").read_bytes(), type=Weights)

"""``python -m tests.eval.weigh [--write]``: the weights of ``agents/profiles/education/weights.json``.

Logistic regression with ridge penalty on the development sets. What a sentence states is fitted first, on its words;
then examples, beside what the first fit says of sentences that it did not see. Without ``--write`` only says whether
the file would change.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from agents.profiles.education import weighing
from agents.profiles.education.points import Read
from agents.profiles.education.profile import Education
from agents.profiles.education.sentences import sentences_of
from agents.profiles.education.weighing import STATED, Weighing, Weights, around, itself, stated
from agents.profiles.transcript import Segment
from tests.eval.labelled import Passage, load

Floats = npt.NDArray[np.float64]

Column = tuple[float, dict[str, float]]
"""One kind: what any sentence weighs, and the weight of each feature."""

FILE = Path(weighing.__file__).with_name("weights.json")
FREQUENT, SEEN = 4, 3
"""Sentences that a word is in, and that a feature is of, to have weights."""

PENALTY = 0.5
"""Inverse strength of the penalty, as scikit-learn's ``C``."""

FOLDS = 4
_SHARED = 4
_STEPS = 12


class Row(NamedTuple):
    """A sentence: what rules read, its features, and the kinds of its labels."""

    read: Read
    features: list[str]
    labels: frozenset[str]


def fitted(passages: Sequence[Passage]) -> Weights:
    """Return weights from labelled passages."""
    finder = Education().finder
    read = [
        finder.read(sentences_of([Segment(one.start, one.end, one.text, one.speaker) for one in passage.segments]))
        for passage in passages
    ]
    counts = Counter(word for group in read for one in group for word in set(one.words.words) if word[0].isalnum())
    vocabulary = frozenset(word for word, count in counts.items() if count >= FREQUENT)
    rows = [
        [
            Row(one, itself(one.words.words, place, len(group), vocabulary), _labels(one, passage))
            for place, one in enumerate(group)
        ]
        for group, passage in zip(read, passages, strict=True)
    ]
    first = _fit_stated(rows)
    beside: list[list[tuple[str, ...]]] = [[] for _ in rows]
    for fold in range(FOLDS):
        others = Weighing(_fit_stated([group for place, group in enumerate(rows) if place % FOLDS != fold]))
        for place in range(fold, len(rows), FOLDS):
            beside[place] = [_kinds(row, others) for row in rows[place]]
    shown = [
        ([*row.features, *around(kinds, [one.read.housekeeping for one in group], place)], "example" in row.labels)
        for group, kinds in zip(rows, beside, strict=True)
        for place, row in enumerate(group)
        if _taught(row) and not set(kinds[place]) - {"example"}
    ]
    base, weights = _logistic([features for features, _ in shown], [label for _, label in shown])
    columns: list[Column] = [
        (first.base[place], {name: row[place] for name, row in first.features.items()}) for place in range(len(STATED))
    ]
    columns.append((base, weights))
    names = sorted(vocabulary.union(*(of_kind for _, of_kind in columns)))
    return _table(columns, names)


def _table(columns: Sequence[Column], names: Sequence[str]) -> Weights:
    features = {name: [round(weights.get(name, 0.0), 2) for _, weights in columns] for name in names}
    return msgspec.convert({"base": [round(base, 2) for base, _ in columns], "features": features}, Weights)


def _fit_stated(rows: Sequence[Sequence[Row]]) -> Weights:
    taught = [row for group in rows for row in group if _taught(row)]
    features = [row.features for row in taught]
    columns = [_logistic(features, [kind in row.labels for row in taught]) for kind in STATED]
    return _table([*columns, (0.0, {})], sorted(set().union(*features)))


def _taught(row: Row) -> bool:
    return not row.read.housekeeping and "question" not in row.read.kinds


def _kinds(row: Row, weighed: Weighing) -> tuple[str, ...]:
    """Return the kinds of a sentence as a profile with some weights would find them."""
    if not row.read.bare:
        return tuple(row.read.kinds)
    return tuple(stated(weighed.beside(weighed.base, row.features)))


def _labels(read: Read, passage: Passage) -> frozenset[str]:
    text, part = read.sentence.text.lower(), read.sentence.part.lower()
    words = set(text.split())
    kinds = set()
    for label in passage.labels:
        wanted = label.sentence.lower()
        shared, of = len(words.intersection(wanted.split())), len(set(wanted.split()))
        if wanted in text or part in wanted or text.strip(" .!?") in wanted or (shared >= _SHARED and 2 * shared >= of):
            kinds.add(label.kind)
    return frozenset(kinds)


def _logistic(features: Sequence[list[str]], labels: Sequence[bool]) -> Column:
    """Return base and weights by Newton's method; the base is not penalised."""
    counts = Counter(name for one in features for name in one)
    names = sorted(name for name, count in counts.items() if count >= SEEN)
    places = {name: place for place, name in enumerate(names)}
    matrix: Floats = np.zeros((len(features), len(names) + 1))
    matrix[:, -1] = 1
    for row, one in enumerate(features):
        matrix[row, [places[name] for name in one if name in places]] = 1
    wanted = np.asarray(labels, dtype=np.float64)
    ridge = np.full(len(names) + 1, 1 / PENALTY)
    ridge[-1] = 1e-6
    weights: Floats = np.zeros(len(names) + 1)
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (likely - wanted) + ridge * weights
        curve = (matrix.T * (likely * (1 - likely))) @ matrix + np.diag(ridge)
        weights = weights - np.linalg.solve(curve, slope)
    return float(weights[-1]), {name: float(weights[place]) for name, place in places.items()}


def encoded(weights: Weights) -> bytes:
    """Return weights as the file has them: a feature a line."""
    lines = [f"  {msgspec.json.encode(n).decode()}: {list(w)}" for n, w in weights.features.items()]
    text = ",\n".join(lines)
    return f'{{"base": {list(weights.base)}, "features": {{\n{text}\n}}}}\n'.encode()


def main() -> None:
    """Fit, and compare or write."""
    value = encoded(fitted(load("education", "dev")))
    if "--write" in sys.argv:
        FILE.write_bytes(value)
    print("written" if "--write" in sys.argv else "unchanged" if FILE.read_bytes() == value else "would change")


if __name__ == "__main__":
    main()

"""``python -m tests.eval.calibrate``: the confidence of each rule for lectures, from the sets that it was tuned on.

Prints the lines of ``measured`` in ``agents/profiles/education/points.yaml``. A finding is right where its item has a
label of its kind. Laplace's rule of succession keeps one lucky finding from counting as certain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.eval import ours
from tests.eval.labelled import load

HIGHEST = 0.95
AUTHORS = ("e-a-", "e-c-")
"""How the ids of those sets begin; those of authors that no rule was tuned on stay a check."""


def measured(findings: Iterable[tuple[str, bool]]) -> dict[str, float]:
    """Return the confidence of each rule that found something, given its name and whether it was right each time."""
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for rule, is_right in findings:
        found[rule] += 1
        right[rule] += is_right
    return {name: min(HIGHEST, round((right[name] + 1) / (found[name] + 2), 2)) for name in sorted(found)}


def _findings() -> Iterable[tuple[str, bool]]:
    for item in load("education", "dev"):
        if not item.id.startswith(AUTHORS):
            continue
        kinds = {label.kind for label in item.labels}
        yield from ((mention.rule, mention.kind in kinds) for mention in ours.passage(item).mentions)


def _bare(rule: str) -> str:
    return rule.removeprefix("education.").split("@", 1)[0]


def main() -> None:
    """Print the lines."""
    figures = measured((_bare(rule), is_right) for rule, is_right in _findings())
    for name, sure in figures.items():
        print(f"  {name}: {sure}")


if __name__ == "__main__":
    main()

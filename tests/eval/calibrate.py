"""``python -m tests.eval.calibrate``: how often findings are right, by kind, in sets that no rule was written with.

The figures are ``calibration.yaml`` of each profile; ``--write`` puts them there. A finding is right where its item has
a label of its kind; a player where it is the one labelled; a key phrase, in passages with a term, where one or a topic
shares a word with it. A kind with few findings is drawn to all kinds, as if some more findings were like those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
import yaml

from agents.profiles.calibration import Measured
from tests.eval import ours
from tests.eval.judging import true_kinds
from tests.eval.labelled import INDUSTRIES, Industry, Match, Passage, load

_DRAWN = 4
"""Findings of all kinds that count with those of one."""

_SHORT = 3
"""Letters of a word that says nothing about what is spoken of."""

_PHRASES = 5
"""Key phrases of a passage that are looked at, the best ones."""

_HEAD = "# How often findings are right, by kind, where no rule was written with the texts: tests/eval/calibrate.py.\n"


class Finding(NamedTuple):
    """One thing that was found: its kind, what its rule weighs, and whether it is right."""

    kind: str
    weight: float
    right: bool


def measured(findings: list[Finding]) -> dict[str, Measured]:
    """Return the figures of each kind."""
    everywhere = fmean(one.right for one in findings)
    by_kind: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_kind[one.kind].append(one)
    return {
        kind: Measured(
            found=len(of_kind),
            right=round((sum(one.right for one in of_kind) + _DRAWN * everywhere) / (len(of_kind) + _DRAWN), 3),
            weight=round(fmean(one.weight for one in of_kind), 3),
        )
        for kind, of_kind in sorted(by_kind.items())
    }


def of_industry(industry: Industry) -> dict[str, Measured]:
    """Return the figures of one industry: of its items, and of names and key phrases apart."""
    items = load(industry, "calibration")
    figures = measured([one for item in items for one in _findings(industry, item)])
    beside = [one for item in items for one in _beside(item)]
    return figures | (measured(beside) if beside else {})


def _findings(industry: Industry, item: Any) -> Iterator[Finding]:
    kinds = true_kinds(item)
    mentions = ours.found(ours.unmeasured(industry), item).mentions
    yield from (Finding(one.kind, one.confidence, one.kind in kinds) for one in mentions)


def _beside(item: Any) -> Iterator[Finding]:
    if isinstance(item, Match):
        player = (item.player or "").lower()
        yield from (Finding("player", 0.5, name.lower() == player) for name in ours.players(item))
    elif isinstance(item, Passage) and any(label.term for label in item.labels):
        spoken = _words(" ".join([*item.topics, *(label.term for label in item.labels if label.term)]))
        for phrase in ours.key_phrases(item)[:_PHRASES]:
            yield Finding("key_phrase", 0.5, not spoken.isdisjoint(_words(phrase)))


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in text.lower().split() if len(word) > _SHORT}


def path_of(industry: Industry) -> Path:
    """Return where a profile's figures are kept."""
    return Path(__file__).parents[2] / "agents" / "profiles" / industry / "calibration.yaml"


def text_of(industry: Industry) -> str:
    """Return what is to stand there."""
    figures = msgspec.to_builtins(of_industry(industry))
    return _HEAD + yaml.safe_dump({"calibration": figures}, default_flow_style=None, sort_keys=False, width=120)


def main(
    industry: Annotated[list[str] | None, typer.Option(help="gaming, education or meetings; again for more.")] = None,
    *,
    write: Annotated[bool, typer.Option(help="Write the profiles' files.")] = False,
) -> None:
    """Print the figures."""
    for name in industry or INDUSTRIES:
        one = msgspec.convert(name, Industry)
        text = text_of(one)
        print(text)
        if write:
            path_of(one).write_text(text, "utf-8")


if __name__ == "__main__":
    typer.run(main)

"""``python -m tests.eval``: precision, recall and F1 of every kind, beside those of the guide's own patterns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tests.eval.judging import Verdict, judge
from tests.eval.labelled import INDUSTRIES, Half, Industry
from tests.eval.scoring import Score


def main(
    half: Annotated[str, typer.Option(help="dev or heldout.")] = "heldout",
    industry: Annotated[list[str] | None, typer.Option(help="gaming, education or meetings; again for more.")] = None,
    json_file: Annotated[Path | None, typer.Option(help="Where the figures go, as JSON.")] = None,
    *,
    mistakes: Annotated[bool, typer.Option(help="List what was wrong; of the dev half only.")] = False,
) -> None:
    """Judge the profiles on their labelled sets.

    Example: python -m tests.eval --half dev --industry meetings --mistakes
    """
    console = Console(width=130) if not sys.stdout.isatty() else Console()
    chosen: Half = msgspec.convert(half, Half)
    verdicts = [judge(msgspec.convert(name, Industry), chosen) for name in industry or INDUSTRIES]
    for verdict in verdicts:
        _show(verdict, console)
        if mistakes and chosen == "dev":
            console.print(*verdict.mistakes, sep="\n", style="dim")
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        figures: dict[str, Any] = {one.industry: msgspec.structs.replace(one, mistakes=[]) for one in verdicts}
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode({"half": half, "industries": figures})))


def _show(verdict: Verdict, console: Console) -> None:
    guides = {score.kind: score for score in verdict.guides}
    table = Table(
        title=f"{verdict.industry}: {verdict.items} labelled items, {verdict.half} half", title_justify="left"
    )
    for column in ("kind", "items", "precision", "recall", "F1", "95 %", "guide's precision", "recall", "F1"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for score in verdict.ours:
        table.add_row(*_ours(score), *_guides(guides.get(score.kind)))
    console.print(table)
    console.print("  items: those with a label of the kind; one may have several kinds, or none")
    for detail in verdict.details:
        console.print(f"  {detail.name}: {detail.right} of {detail.of}")
    for one in verdict.calibration:
        console.print(
            f"  confidence from {one.low:.1f}: {one.count} found, stated {one.stated:.2f}, right {one.right:.2f}"
        )
    console.print()


def _ours(score: Score) -> tuple[str, ...]:
    rates = (score.precision, score.recall, score.f1)
    return (score.kind, str(score.items), *(f"{rate:.3f}" for rate in rates), f"{score.low:.2f}-{score.high:.2f}")


def _guides(score: Score | None) -> tuple[str, ...]:
    return ("", "", "") if score is None else tuple(f"{r:.3f}" for r in (score.precision, score.recall, score.f1))


if __name__ == "__main__":
    typer.run(main)

"""Figures of all runs as one JSON document and one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def merged(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of one statement over its seeds: counts add up, times take the greatest, texts are listed."""
    total: dict[str, Any] = {"pass": bool(runs) and all(run["pass"] for run in runs)}
    for run in runs:
        for name, value in run.items():
            if name == "pass":
                continue
            if isinstance(value, bool):
                total[name] = total.get(name, True) and value
            elif isinstance(value, int):
                total[name] = total.get(name, 0) + value
            elif isinstance(value, float):
                total[name] = max(total.get(name, 0.0), value)
            elif isinstance(value, list):
                total.setdefault(name, []).extend(value)
            elif isinstance(value, dict):
                total.setdefault(name, {}).update(value)
            else:
                total[name] = value
    return total


def table_of(results: Mapping[str, Mapping[str, Any]], says: Mapping[str, str]) -> Table:
    """Return the table for people."""
    table = Table(title="chaos", show_lines=False)
    for column in ("", "holds", "statement", "rounds", "made", "missing", "doubled", "out of order", "time"):
        table.add_column(column, overflow="fold")
    for name, figures in results.items():
        holds = "[green]yes[/]" if figures["pass"] else "[red]NO[/]"
        counts = [_text(figures.get(key)) for key in ("rounds", "made", "missing", "duplicate", "out_of_order")]
        table.add_row(name, holds, says[name], *counts, f"{figures.get('took_s', 0):.0f} s")
    return table


def _text(value: Any) -> str:
    return "" if value is None else f"{value:,}"

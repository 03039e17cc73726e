"""``python -m tests.chaos``: run the statements, write their figures, say how to repeat what failed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.report import merged, table_of
from tests.chaos.run import Figures, Run
from tests.chaos.statements import STATEMENTS

FOLDER = Path("build/chaos")
console = Console(soft_wrap=True, highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return 1 when a statement does not hold."""
    given = _parser().parse_args(arguments)
    names = [name.strip().upper() for name in given.only.split(",") if name.strip()] or list(STATEMENTS)
    if unknown := [name for name in names if name not in STATEMENTS]:
        console.print(f"no statement {', '.join(unknown)}; there are {', '.join(STATEMENTS)}")
        return 2
    seeds = [given.seed] if given.seed is not None else list(range(1, given.seeds + 1))
    minutes = sum(STATEMENTS[name].minutes for name in names) * len(seeds) / 5
    console.print(f"chaos: {', '.join(names)}; seeds {', '.join(map(str, seeds))}; about {max(1, round(minutes))} min")
    started = time.monotonic()
    results, failed = asyncio.run(_run_all(names, seeds, given.rounds))
    _write(given.json_file, results)
    console.print(table_of(results, {name: entry.says for name, entry in STATEMENTS.items()}))
    console.print(f"{(time.monotonic() - started) / 60:.1f} min, figures in {given.json_file}")
    for name, seed, rounds in failed:
        again = f".venv/bin/python -m tests.chaos --only {name} --seed {seed} --rounds {rounds}"
        console.print(f"[red]{name} does not hold with seed {seed}[/]: {again}; logs in {_folder(name, seed)}")
    return 1 if failed else 0


async def _run_all(
    names: Sequence[str], seeds: Sequence[int], rounds: int | None
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, int, int]]]:
    results: dict[str, dict[str, Any]] = {}
    failed: list[tuple[str, int, int]] = []
    for name in names:
        runs: list[Figures] = []
        for place, seed in enumerate(seeds):
            times = rounds if rounds is not None else STATEMENTS[name].rounds_of(place, len(seeds))
            if not times:
                continue
            figures = await _run_one(name, seed, times)
            runs.append(figures)
            if not figures["pass"]:
                failed.append((name, seed, times))
        results[name] = {**merged(runs), "seeds": list(seeds[: len(runs)])}
    return results, failed


async def _run_one(name: str, seed: int, rounds: int) -> Figures:
    """Run one statement with one seed on a broker of its own."""
    console.print(f"[bold]{name}[/] seed {seed}, {rounds} rounds: {STATEMENTS[name].says}")
    started = time.monotonic()

    def say(text: str) -> None:
        console.print(f"  [dim]{time.monotonic() - started:6.1f} s  {text}[/]")

    async with EmbeddedKafka() as kafka:
        run = Run(name, seed, rounds, kafka, _folder(name, seed), say=say)
        try:
            figures = await STATEMENTS[name].run(run)
        except Exception as error:  # noqa: BLE001 - one statement that breaks must not hide the others
            console.print_exception()
            figures = {"pass": False, "rounds": rounds, "problems": [f"seed {seed}: {error!r}"]}
    figures["took_s"] = round(time.monotonic() - started, 1)
    console.print(f"  {'[green]holds[/]' if figures['pass'] else '[red]DOES NOT HOLD[/]'} {json.dumps(figures)}")
    return figures


def _folder(name: str, seed: int) -> Path:
    return FOLDER / f"{name}-{seed}"


def _write(file: Path, results: dict[str, dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="The exactly-once promise under faults.")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="this one seed only, to repeat a run")
    parser.add_argument("--only", default="", help="statements, separated by commas (default: all)")
    parser.add_argument("--rounds", type=int, default=None, help="how often the fault strikes (default: the table's)")
    parser.add_argument("--json-file", type=Path, default=Path("build/chaos.json"), help="where the figures go")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.chaos``: run the statements, write their figures, say how to repeat what failed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.report import merged, table_of
from tests.chaos.run import Figures, Run
from tests.chaos.statements import STATEMENTS

FOLDER = Path("build/chaos")
console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)


class Asked(NamedTuple):
    """One run: a statement, a seed, and how often its fault strikes."""

    name: str
    seed: int
    rounds: int

    @property
    def folder(self) -> Path:
        """Where its logs go."""
        return FOLDER / f"{self.name}-{self.seed}"

    @property
    def command(self) -> str:
        """How to repeat it."""
        return f".venv/bin/python -m tests.chaos --only {self.name} --seed {self.seed} --rounds {self.rounds}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return 1 when a statement does not hold."""
    given = _parser().parse_args(arguments)
    names = [name.strip().upper() for name in given.only.split(",") if name.strip()] or list(STATEMENTS)
    if unknown := [name for name in names if name not in STATEMENTS]:
        console.print(f"no statement {', '.join(unknown)}; there are {', '.join(STATEMENTS)}")
        return 2
    seeds = [given.seed] if given.seed is not None else list(range(1, given.seeds + 1))
    minutes = sum(STATEMENTS[name].minutes_of(len(seeds)) for name in names) / given.at_once
    console.print(f"chaos: {', '.join(names)}; seeds {', '.join(map(str, seeds))}; about {minutes:.0f} min")
    started = time.monotonic()
    results, failed = asyncio.run(_run_all(names, seeds, given.rounds, given.at_once))
    _write(given.json_file, results)
    console.print(table_of(results, {name: entry.says for name, entry in STATEMENTS.items()}))
    console.print(f"{(time.monotonic() - started) / 60:.1f} min, figures in {given.json_file}")
    for run in failed:
        console.print(f"[red]{run.name} does not hold with seed {run.seed}[/]: {run.command}; logs in {run.folder}")
    return 1 if failed else 0


async def _run_all(
    names: Sequence[str], seeds: Sequence[int], rounds: int | None, at_once: int
) -> tuple[dict[str, dict[str, Any]], list[Asked]]:
    """Run everything, so many runs at a time; return the figures by statement, and the runs that failed."""
    gate = asyncio.Semaphore(at_once)
    asked = [
        Asked(name, seed, times)
        for name in names
        for place, seed in enumerate(seeds)
        if (times := STATEMENTS[name].rounds_of(place, len(seeds)) if rounds is None else rounds)
    ]
    figures = await asyncio.gather(*(_run_one(run, gate) for run in asked))
    results: dict[str, dict[str, Any]] = {}
    for name in names:
        mine = [(run, found) for run, found in zip(asked, figures, strict=True) if run.name == name]
        results[name] = {**merged([found for _, found in mine]), "seeds": [run.seed for run, _ in mine]}
    return results, [run for run, found in zip(asked, figures, strict=True) if not found["pass"]]


async def _run_one(asked: Asked, gate: asyncio.Semaphore) -> Figures:
    """Run one statement with one seed on a broker of its own."""
    async with gate:
        started = time.monotonic()

        def say(text: str) -> None:
            console.print(f"{asked.name}-{asked.seed} [dim]{time.monotonic() - started:6.1f} s  {text}[/]")

        say(f"{asked.rounds} rounds: {STATEMENTS[asked.name].says}")
        try:
            async with EmbeddedKafka() as kafka:
                run = Run(asked.name, asked.seed, asked.rounds, kafka, asked.folder, say=say)
                figures = await STATEMENTS[asked.name].run(run)
        except Exception as error:  # noqa: BLE001 - one statement that breaks must not hide the others
            console.print_exception()
            figures = {"pass": False, "rounds": asked.rounds, "problems": [f"seed {asked.seed}: {error!r}"]}
        figures["took_s"] = round(time.monotonic() - started, 1)
        say(f"{'holds' if figures['pass'] else 'DOES NOT HOLD'} {json.dumps(figures)}")
        return figures


def _write(file: Path, results: dict[str, dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="The exactly-once promise under faults.")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="this one seed only, to repeat a run")
    parser.add_argument("--only", default="", help="statements, separated by commas (default: all)")
    parser.add_argument("--rounds", type=int, default=None, help="how often the fault strikes (default: the table's)")
    parser.add_argument("--at-once", type=int, default=2, help="runs at the same time (default: %(default)s)")
    parser.add_argument("--json-file", type=Path, default=Path("build/chaos.json"), help="where the figures go")
    return parser


if __name__ == "__main__":
    sys.exit(main())

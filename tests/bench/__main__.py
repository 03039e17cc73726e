"""``python -m tests.bench``: run the benchmarks, print tables, write the figures. ``--help`` lists the options."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.kafka.embedded import EmbeddedKafka
from tests.bench import environment, latency, profiles, report, restore, throughput
from tests.bench.figures import throughput as throughput_figures
from tests.bench.lineup import CHECKOUT, QUIX, QUIX_PYTHON, SYSTEMS, System
from tests.bench.plan import SECTIONS, Plan

_BROKER = {
    "log.segment.delete.delay.ms": "1000",  # what a run leaves behind is gone before the next fills the disk
    "group.initial.rebalance.delay.ms": "0",
}


_ALL_SYSTEMS = ",".join(system.name for system in SYSTEMS)


def main(
    *,
    json_file: Annotated[Path, typer.Option(help="Where the figures are written.")] = Path("build/bench.json"),
    only: Annotated[str, typer.Option(help=f"Some of {','.join(SECTIONS)}.")] = ",".join(SECTIONS),
    systems: Annotated[str, typer.Option(help="Systems to compare.")] = _ALL_SYSTEMS,
    records: Annotated[int, typer.Option(help="Observations of one throughput run.")] = 100_000,
    rounds: Annotated[int, typer.Option(help="Rounds; figures are medians.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="A small run, to see that all works.")] = False,
) -> None:
    """Measure; exit code 1 when something that must be reached is not."""
    console = Console(highlight=False)
    plan = Plan.of(only=only, systems=systems, records=records, rounds=rounds, quick=quick)
    figures = asyncio.run(_measure(plan, _Progress(console), _quix(plan, console)))
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    report.show(console, figures)
    console.print(f"written to {json_file}")
    missed = list(report.short_of(figures))
    for line in missed:
        console.print(f"[red]not reached:[/] {line}")
    raise typer.Exit(1 if missed else 0)


class _Progress:
    """Says what is being done, with the time since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.0f} s[/]  {text}")


def _quix(plan: Plan, console: Console) -> Path | None:
    """Make Quix's environment when it takes part."""
    if "throughput" not in plan.sections or not any(system.name == QUIX for system in plan.systems):
        return None
    console.print("Quix Streams: making its environment in build/quix-venv, unless it is there ...")
    subprocess.run([sys.executable, str(CHECKOUT / "scripts" / "quix_environment.py")], check=True)
    return QUIX_PYTHON


async def _measure(plan: Plan, tell: _Progress, quix: Path | None) -> dict[str, Any]:
    figures: dict[str, Any] = {"environment": environment.describe(quix)}
    tell("starting the embedded broker")
    async with EmbeddedKafka(properties=_BROKER) as kafka:
        servers = kafka.bootstrap_servers
        if "throughput" in plan.sections:
            figures["throughput"] = await _throughput(servers, plan, plan.systems, tell)
        startup = await restore.startup(servers, rounds=plan.rounds, tell=tell) if plan.needs_startup else None
        if startup and "startup" in plan.sections:
            figures["startup"] = startup
        if startup and "restore" in plan.sections:
            figures["restore"] = await restore.restore(
                servers, requests=plan.requests, highlights_each=10, empty_s=startup["ready_s"], tell=tell
            )
        if startup and "memory" in plan.sections:
            figures["memory"] = await restore.memory(
                servers, streams=plan.streams, empty_mb=startup["rss_mb"], tell=tell
            )
        if "profiles" in plan.sections:
            figures["profiles"] = await profiles.measure(servers, plan.records, rounds=plan.rounds, tell=tell)
        if "latency" in plan.sections:
            figures["latency"] = await latency.measure(
                servers, rate=500, seconds=plan.latency_s, requests=1_000, tell=tell
            )
    figures["environment"]["load_after"] = environment.load()
    tell("done")
    return figures


async def _throughput(servers: str, plan: Plan, systems: tuple[System, ...], tell: _Progress) -> dict[str, Any]:
    measured = []
    for repeats in (False, True):
        tell(f"throughput: {plan.records:,} observations, {'half of them repeats' if repeats else 'all of them news'}")
        race = throughput.race(plan.records, 1_000, repeats=repeats)
        runs = await throughput.measure(servers, race, rounds=plan.rounds, systems=systems, tell=tell)
        measured.append(throughput_figures(runs))
    news, repeated = measured
    return {**news, "repeated_50": repeated}


if __name__ == "__main__":
    typer.run(main)

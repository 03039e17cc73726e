"""``highlights simulate``: the TL;DR Highlight API as a program on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import LAST_PORT, ScenarioOption, SeedOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    port: Annotated[int, typer.Option(min=0, max=LAST_PORT, help="Port; 0 takes a free one.")] = 8600,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    scenario: ScenarioOption = "demo",
    seed: SeedOption = 1,
    truth_log: Annotated[Path | None, typer.Option(help="File to append what really happened to, JSON lines.")] = None,
) -> None:
    """Run the simulated API: every endpoint, compressed time, limits and faults on demand.

    Any API key will do. When it listens, one JSON line with its base URL goes to stdout.

    [b]Example[/b]

    $ highlights simulate --port 8600 --scenario limited

    $ export TLDR_API_BASE_URL=http://127.0.0.1:8600/v1 TLDR_API_KEY=any
    """
    from pipeline.simulator.command import main

    arguments = ["--host", host, "--port", str(port), "--scenario", scenario, "--seed", str(seed)]
    if truth_log is not None:
        arguments += ["--truth-log", str(truth_log)]
    raise typer.Exit(main(arguments))

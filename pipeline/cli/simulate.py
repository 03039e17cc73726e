"""``highlights simulate``: the TL;DR Highlight API as a program on this machine."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import LAST_PORT, ScenarioOption, SeedOption
from pipeline.cli.errors import CommandError
from pipeline.cli.running import run_async
from pipeline.worker.exit_codes import ExitCode


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
    from pipeline.simulator.command import say_ready
    from pipeline.simulator.scenario_file import load_scenario
    from pipeline.simulator.server import AddressInUseError, serve

    async def run() -> None:
        stop = asyncio.Event()
        serving = asyncio.create_task(
            serve(load_scenario(scenario), host, port, seed, truth_log, on_ready=say_ready, stop=stop)
        )
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            logging.getLogger("uvicorn.error").disabled = True  # told twice, it would log its own end as an error
            stop.set()
            await serving  # requests under way get a moment to finish
            raise

    try:
        run_async(run())
    except AddressInUseError as error:
        raise CommandError(ExitCode.SETTINGS, str(error), "name another port: --port PORT") from error
    except OSError as error:
        problem = f"--truth-log {truth_log}: {error.strerror}"
        raise CommandError(ExitCode.SETTINGS, problem, "name another file: --truth-log FILE") from error

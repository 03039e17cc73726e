"""``highlights demo``: the whole pipeline in a minute, one worker killed on the way, and the account at the end."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import ScenarioOption, SeedOption, WorkersOption, cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async
from pipeline.worker.exit_codes import ExitCode


class DemoProfile(StrEnum):
    """Which industry is shown."""

    GAMING = "gaming"
    EDUCATION = "education"
    MEETING = "meeting"
    MEETINGS = "meetings"
    ALL = "all"


_PROFILES: dict[DemoProfile, str | None] = {
    DemoProfile.GAMING: "gaming",
    DemoProfile.EDUCATION: "education",
    DemoProfile.MEETING: "meetings",
    DemoProfile.MEETINGS: "meetings",
    DemoProfile.ALL: None,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(  # noqa: PLR0913 - each option is an argument
    ctx: typer.Context,
    *,
    workers: WorkersOption = 2,
    requests: Annotated[
        Path | None, typer.Option("--requests", help="Requests, one JSON object a line; 20 examples by default.")
    ] = None,
    profile: Annotated[
        DemoProfile, typer.Option("--profile", help="Only the requests of one industry.")
    ] = DemoProfile.ALL,
    kill: Annotated[
        bool, typer.Option("--kill/--no-kill", help="Kill -9 one worker on the way, and restart it.")
    ] = True,
    seed: SeedOption = 1,
    scenario: ScenarioOption = "demo",
    json_file: Annotated[Path, typer.Option("--json-file", help="Where the figures go.")] = Path("build/demo.json"),
    timeout: Annotated[float, typer.Option("--timeout", min=10.0, help="Seconds after which it gives up.")] = 180.0,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """See everything once: a real Kafka, the simulated API, workers, 20 requests, a kill -9, and the account.

    The broker is embedded, unless KAFKA_BOOTSTRAP_SERVERS names a cluster; there the demo makes topics under a prefix
    of its own and removes them. Exit code 0 means: nothing missing, nothing twice, nothing out of order. At the end it
    shows the document of one stream of each industry; all their forms are written beside the figures.

    [b]Examples[/b]

    $ highlights demo

    $ highlights demo --profile meeting

    $ highlights demo --workers 3 --seed 7 --output json
    """
    from pipeline.cli.demo.run import DemoOptions, run_demo

    context = cli_context(ctx)
    options = DemoOptions(
        workers=workers,
        requests=requests,
        profile=_PROFILES[profile],
        kill=kill,
        seed=seed,
        scenario=scenario,
        json_file=json_file,
        timeout_s=timeout,
    )
    with quiet("aiokafka", "kafka"):
        settings = context.settings()
        desk = context.make_domain(settings, lambda *_: None).desk
        ok = run_async(run_demo(options, settings, desk, Output(output)))
    raise typer.Exit(int(ExitCode.OK if ok else ExitCode.FAILED))

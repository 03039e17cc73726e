"""``highlights dev``: everything on this machine, kept running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import LAST_PORT, ScenarioOption, SeedOption, WorkersOption, cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dev)


def dev(  # noqa: PLR0913 - each option is an argument
    ctx: typer.Context,
    *,
    workers: WorkersOption = 2,
    persist: Annotated[
        Path | None, typer.Option("--persist", help="Keep Kafka's data and all logs here, over restarts.")
    ] = None,
    kill_every: Annotated[
        float | None,
        typer.Option("--kill-every", min=1.0, help="Kill -9 a worker every so many seconds, and restart it."),
    ] = None,
    scenario: ScenarioOption = "demo",
    seed: SeedOption = 1,
    kafka_port: Annotated[
        int | None,
        typer.Option("--kafka-port", min=0, max=LAST_PORT, help="Port of the embedded Kafka; a free one by default."),
    ] = None,
    api_port: Annotated[
        int, typer.Option("--api-port", min=0, max=LAST_PORT, help="Port of the simulated API; 0 takes a free one.")
    ] = 0,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Keep a whole stack running until Ctrl-C: Kafka, the simulated API, workers. Prints what to paste elsewhere.

    Highlights are shown as they are published. A worker that ends is started again. The broker is embedded, unless
    KAFKA_BOOTSTRAP_SERVERS names a cluster; there dev has topics of its own (dev.requests and so on, after
    TLDR_TOPIC_PREFIX) and a group of its own. They stay for the next time; your topics are not touched.

    --persist keeps Kafka's data, but not the simulated API's: requests under way at Ctrl-C end as failed about two
    minutes after the next start.

    What a stream shows follows metadata.type and the URL; where they say nothing, such as https://youtu.be/abc, the
    profile of the request: education brings a lecture, meetings a meeting, gaming with --metadata game=valorant a
    match, each the same every time. All else is drawn, in other scenarios than demo everything.

    [b]Examples[/b]

    $ highlights dev

    $ highlights dev --workers 3 --kill-every 20 --persist ./dev-data
    """
    from pipeline.cli.dev_run import DevOptions, run_dev
    from pipeline.cli.places import check_folder, check_scenario

    settings = cli_context(ctx).settings()
    check_scenario(scenario)
    if persist is not None:
        check_folder(persist, "--persist")
    options = DevOptions(
        workers=workers,
        persist=persist,
        kill_every_s=kill_every,
        scenario=scenario,
        seed=seed,
        kafka_port=kafka_port,
        api_port=api_port,
    )
    with quiet("aiokafka"):
        run_async(run_dev(options, settings, Output(output)))

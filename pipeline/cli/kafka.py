"""``highlights kafka``: the embedded Kafka's own affairs."""

from __future__ import annotations

import typer

from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import run_async


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The embedded Apache Kafka.", no_args_is_help=True)
    group.command()(prefetch)
    app.add_typer(group, name="kafka")


def prefetch(output: OutputOption = OutputMode.TEXT) -> None:
    """Download and verify the embedded Kafka now, so that later starts need no network.

    [b]Example[/b]

    $ highlights kafka prefetch
    """
    from pipeline.kafka.prefetch import download_bar
    from pipeline.kafka.prefetch import prefetch as fetch

    out = Output(output)
    with download_bar(out.notes) as progress:
        distribution = run_async(fetch(progress))
    out.line(f"Apache Kafka {distribution.version} is ready in {distribution.folder}")
    out.line(f"Java {distribution.java.version}: {distribution.java.executable}")
    out.record({"version": distribution.version, "folder": distribution.folder, "java": distribution.java.executable})

"""``highlights worker``: one worker process, as production runs it."""

from __future__ import annotations

import structlog
import typer

from pipeline.cli.context import cli_context


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(ctx: typer.Context) -> None:
    """Run one worker until SIGTERM or Ctrl-C, then drain and leave the group.

    Settings come from the environment and the config file; start as many as there are partitions at most.
    Health is at /livez, /readyz and /metrics on TLDR_HEALTH_PORT.

    [b]Example[/b]

    $ KAFKA_BOOTSTRAP_SERVERS=broker:9092 TLDR_API_KEY=... highlights worker
    """
    from pipeline.telemetry import logs
    from pipeline.worker.worker import run

    context = cli_context(ctx)
    settings = context.settings()
    logs.configure(settings)
    if settings.api.key is None:
        structlog.get_logger(__name__).warning("api_key_unset", fix="set TLDR_API_KEY; the API refuses calls without")
    raise typer.Exit(int(run(settings, context.make_domain)))

"""``highlights config``: the settings in force, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pipeline.cli.context import cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The settings in force.", no_args_is_help=True)
    group.command()(show)
    group.command()(check)
    app.add_typer(group, name="config")


def show(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """Show every setting: value, where it comes from, its variable, what it is for. Secrets show as set or unset.

    [b]Example[/b]

    $ highlights config show

    $ highlights --config staging.toml config show --output json
    """
    rows = cli_context(ctx).settings().describe()
    columns = ["key", "value", "source", "variable", "meaning"]
    Output(output).table(columns, [(row.key, row.value, row.source, row.env, row.doc) for row in rows])


def check(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """Check the settings; all problems at once, each with its key and the fix. Exit code 2 when there are any.

    [b]Example[/b]

    $ highlights config check
    """
    from pipeline.settings import SettingsError

    out = Output(output)
    context = cli_context(ctx)
    try:
        settings = context.settings()
        context.make_domain(settings, lambda *_: None)  # what the decisions read: a customer's data, plugins
    except SettingsError as error:
        for problem in error.problems:
            out.record(problem._asdict())
        if not out.json:
            raise
        raise typer.Exit(int(ExitCode.SETTINGS)) from error
    missing = unset_for_workers(settings)
    out.line("what is set is fine, but not all that a worker needs is set" if missing else "the settings are fine")
    for name in missing:
        out.line(f"note: {name} is not set; a worker needs it (demo and dev do not)")
    out.record({"ok": not missing, "unset": missing})


def unset_for_workers(settings: Settings) -> list[str]:
    """Return the variables that are not set and without which a worker gets nowhere."""
    needed = {"KAFKA_BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers, "TLDR_API_KEY": settings.api.key}
    return [name for name, value in needed.items() if not value]

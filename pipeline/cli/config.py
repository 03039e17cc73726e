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
    """Check the settings; all problems at once, each with its key and the fix. Exit code 2: no worker starts so.

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
    out.line("what is set is fine; not all that a worker needs is set" if missing else "the settings are fine")
    for name, without in missing.items():
        out.line(f"note: {name} is not set; without it {without} (demo and dev do not need it)")
    starts = bool(settings.kafka.bootstrap_servers)
    out.record({"ok": starts, "unset": list(missing)})
    if not starts:
        raise typer.Exit(int(ExitCode.SETTINGS))


def unset_for_workers(settings: Settings) -> dict[str, str]:
    """Return the variables that are not set and without which a worker gets nowhere, with what it does instead."""
    needed = [
        ("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers, "a worker does not start"),
        ("TLDR_API_KEY", settings.api.key, "the API refuses what a worker asks"),
    ]
    return {name: without for name, value, without in needed if not value}

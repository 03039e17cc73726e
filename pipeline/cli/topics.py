"""``highlights topics``: the cluster's topics against the catalogue."""

from __future__ import annotations

from typing import Any

import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async
from pipeline.worker.exit_codes import ExitCode


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The cluster's topics against the catalogue.", no_args_is_help=True)
    group.command()(plan)
    group.command()(apply)
    app.add_typer(group, name="topics")


def plan(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """Say what differs between catalogue and cluster. Changes nothing; exit code 4 when something differs.

    [b]Example[/b]

    $ highlights topics plan
    """
    out = Output(output)
    planned = run_with_plan(cli_context(ctx), apply_it=False)
    _show(out, planned)
    raise typer.Exit(int(ExitCode.OK if planned.is_done else ExitCode.TOPICS))


def apply(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """Make the topics what the catalogue says. Never changes a partition count and never re-keys a topic.

    [b]Example[/b]

    $ highlights topics plan && highlights topics apply
    """
    out = Output(output)
    planned = run_with_plan(cli_context(ctx), apply_it=True)
    _show(out, planned)
    if not planned.is_done:
        out.line("done")


def run_with_plan(context: CliContext, *, apply_it: bool) -> Any:
    """Make a plan, carry it out if asked to, and return it.

    Raises:
        CommandError: the cluster is away.
        TopicsRefused, TopicsNotReady, TopicAdminError: its topics do not fit, or it refuses.
    """
    from pipeline.cli.kafka_access import reach
    from pipeline.kafka import topics
    from pipeline.stack.topics import layout_of
    from schemas.catalogue import load

    settings = context.settings()

    async def run() -> topics.Plan:
        connection = await reach(settings, said=said)
        planned = await topics.plan(connection, load(), layout_of(settings.topics))
        if apply_it:
            await topics.apply(connection, planned)
        return planned

    with quiet("aiokafka") as said:
        return run_async(run())


def _show(out: Output, planned: Any) -> None:
    for line in planned.lines():
        out.line(line)
    kinds = {"create": [t.name for t in planned.create], "change": [str(c) for c in planned.change]}
    refused = [str(refusal) for refusal in planned.refusals]
    out.record({**kinds, "refused": refused, "notes": list(planned.notes), "done": planned.is_done})

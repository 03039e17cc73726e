"""``highlights watch``: highlights as they are published."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import typer

from pipeline.cli.context import cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(watch)


def watch(
    ctx: typer.Context,
    *,
    request: Annotated[str | None, typer.Option("--request", "-r", help="Only this request id.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Only this tenant.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="First everything that is there.")] = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Show highlights as they are published, committed ones only, until Ctrl-C.

    [b]Examples[/b]

    $ highlights watch --tenant northwind-esports

    $ highlights watch --from-beginning --output json | jq .title
    """
    from pipeline.cli.kafka_access import reach
    from pipeline.cli.show import highlight_line
    from pipeline.cli.silence import Silence
    from pipeline.stack.reader import open_reader
    from schemas.records import Highlight

    settings, out = cli_context(ctx).settings(), Output(output)
    decoder, silence = msgspec.json.Decoder(Highlight), Silence(out.note)

    async def run() -> None:
        connection = await reach(settings, ["highlights"], said=said)
        start: Literal["earliest", "latest"] = "earliest" if from_beginning else "latest"
        if not out.json:
            out.note("waiting for highlights; Ctrl-C ends it")
        async with open_reader(connection, ["highlights"], prefix=settings.topics.prefix, start=start) as reader:
            async for records in reader.follow():
                silence.note(reader.unheard_s)
                for record in records:
                    highlight = decoder.decode(record.value)
                    if request in {None, highlight.request_id} and tenant in {None, highlight.tenant}:
                        out.record(msgspec.to_builtins(highlight))
                        if not out.json:
                            out.console.print(highlight_line(highlight), soft_wrap=True)

    with quiet("aiokafka") as said:
        run_async(run())

"""The command line, put together. Commands are imported when the program starts, what they use when they run."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from pipeline import __version__
from pipeline.cli import (
    config,
    demo,
    dev,
    dlq,
    doctor,
    export,
    kafka,
    profiles,
    replay,
    simulate,
    streams,
    submit,
    topics,
    tournaments,
    watch,
    worker,
)
from pipeline.cli.context import CliContext, DomainFactory, cli_context
from pipeline.cli.errors import explain, print_error
from pipeline.cli.running import Interrupted
from pipeline.worker.exit_codes import ExitCode

EPILOG = """[b]Exit codes[/b]

0 done · 1 the work is done and the answer is no (a lost highlight, a doctor's finding) · 2 settings or arguments ·
3 Kafka away or refusing · 4 topics missing or unfit · 5 fenced by another group · 6 no progress · 7 drain deadline ·
70 a fault of ours · 130 Ctrl-C · 143 SIGTERM

[b]Start here[/b]

$ highlights demo        see everything once, in a minute

$ highlights dev         keep it running, and play

$ highlights doctor      find out what is wrong, and the way out
"""


def build_app() -> typer.Typer:
    """Build the command line."""
    app = typer.Typer(
        name="highlights",
        help="Stream requests in, enriched highlights out: each exactly once and in order.",
        epilog=EPILOG,
        rich_markup_mode="rich",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for module in (
        demo,
        dev,
        submit,
        watch,
        streams,
        export,
        tournaments,
        profiles,
        replay,
        dlq,
        worker,
        topics,
        config,
        doctor,
        simulate,
        kafka,
    ):
        module.register(app)
    return app


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer calls it like this
    if value:
        typer.echo(f"highlights {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    *,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings; or set TLDR_CONFIG.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    cli_context(ctx).config_file = config


def run(make_domain: DomainFactory) -> NoReturn:
    """Run the command line with the process's arguments, and leave with its exit code."""
    code = call(make_domain, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: another Ctrl-C would only put a traceback under it
    sys.exit(code)


def call(make_domain: DomainFactory, arguments: list[str]) -> int:
    """Run the command line with these arguments; return the exit code.

    Args:
        make_domain: builds the decisions that workers run.
        arguments: without the program's name.
    """
    console = Console(stderr=True, highlight=False)
    try:
        build_app()(arguments, prog_name="highlights", obj=CliContext(make_domain))
    except SystemExit as left:
        if left.code == int(ExitCode.SETTINGS) and "--config" in arguments[1:]:
            console.print("--config goes before the command: highlights --config FILE config check", style="dim")
        if left.code == int(ExitCode.INTERRUPTED):  # typer met Ctrl-C before anything ran
            return _interrupted(console)
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except (Interrupted, KeyboardInterrupt) as interrupted:
        return _interrupted(console, *map(str, interrupted.args))
    except Exception as error:  # noqa: BLE001 - the outermost frame: what is left is a fault of ours, and said to be one
        return _report(error, console)
    return ExitCode.OK


def _interrupted(console: Console, *goes_on: str) -> int:
    console.print("; ".join(["interrupted", *goes_on]), style="dim", markup=False, soft_wrap=True)
    return ExitCode.INTERRUPTED


def _nobody_reads(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_nobody_reads, error.exceptions))
    return isinstance(error, BrokenPipeError)


def _report(error: Exception, console: Console) -> int:
    if _nobody_reads(error):  # `highlights watch | head`
        sys.stdout = None  # nothing to flush at exit
        return ExitCode.OK
    explained = explain(error)
    if explained is not None:
        print_error(explained, console)
        return int(explained.exit_code)
    console.print("[bold red]this is a fault of ours[/], please report it with what follows:")
    console.print("".join(traceback.format_exception(error)), markup=False, soft_wrap=True)
    return ExitCode.BUG

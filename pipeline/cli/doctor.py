"""``highlights doctor``: what is wrong, why, and the way out."""

from __future__ import annotations

import typer

from pipeline.cli.context import cli_context
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async
from pipeline.worker.exit_codes import ExitCode

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "bold red"), "skipped": ("-", "dim")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """Check this machine, the settings, Kafka, its topics and the API. Changes nothing; exit code 1 if a check fails.

    Each finding comes with its cause and the command that helps.

    [b]Example[/b]

    $ highlights doctor
    """
    from pipeline.cli.checks import run_checks

    out = Output(output)
    with quiet("aiokafka", "httpx") as said:
        findings = run_async(run_checks(cli_context(ctx), said))
    for finding in findings:
        mark, style = _MARKS[finding.result]
        if not out.json:
            out.console.print(f"[{style}]{mark}[/] ", end="")
        out.line(f"{finding.check:<12}{finding.found}")
        if finding.result in {"warning", "failed"}:
            for fix in finding.fixes:
                out.line(f"  fix: {fix}")
        out.record(finding._asdict())
    failed = sum(finding.result == "failed" for finding in findings)
    out.line("")
    out.line(
        f"{failed} of {len(findings)} checks failed" if failed else "all is well", style="red" if failed else "green"
    )
    raise typer.Exit(int(ExitCode.FAILED if failed else ExitCode.OK))

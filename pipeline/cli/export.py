"""``highlights export``: a settled request's document in a form that people and players read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.context import cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.domain import ProfileInfo
    from schemas.records import Summary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    ctx: typer.Context,
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    form: Annotated[str | None, typer.Option("--format", "-f", help="Which form; without it, those there are.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder for the files; without it, one file is printed.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Take the document of a settled request out of Kafka: minutes, chapters, captions, a report.

    [b]Examples[/b]

    $ highlights export board-2026-11

    $ highlights export board-2026-11 --format minutes-md

    $ highlights export cell-biology-03 --format clips-vtt --to captions/
    """
    from pipeline.cli.demo.documents import latest_of
    from pipeline.cli.profiles import desk_of
    from pipeline.cli.streams import read_request

    out = Output(output)
    context = cli_context(ctx)
    stream, summary, highlights = read_request(context, request_id)
    if summary is None:
        problem = f"{request_id} is {stream.state}: its document is made when it is settled"
        raise CommandError(ExitCode.FAILED, problem, f"highlights streams show {request_id}")
    desk = desk_of(context)
    info = desk.find(summary.profile)
    if info is None or not info.exports:
        problem = f"the profile {summary.profile} has no forms here"
        raise CommandError(ExitCode.FAILED, problem, f"highlights streams show {request_id} --output json")
    if form is None:
        _list(out, info, summary)
        return
    try:
        files = desk.export(form, summary, latest_of(highlights))
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), f"highlights export {request_id}") from error
    if not files:
        problem = f"{form} holds nothing for {request_id}"
        raise CommandError(ExitCode.FAILED, problem, "captions need a request with a transcript: docs/profiles.md")
    if to is not None:
        write_files(to, files, force=force)
        out.note(f"{len(files)} file{'' if len(files) == 1 else 's'} in {to}")
    for name, text in files.items():
        out.record({"file": name, "text": text} if to is None else {"file": str(to / Path(name).name)})
    if to is None and not out.json:
        _print(out, form, files)


def _list(out: Output, info: ProfileInfo, summary: Summary) -> None:
    rows = [(form, about) for form, about in info.exports.items()]
    out.table(["format", f"what it is ({summary.profile}, revision {summary.revision})"], rows)


def _print(out: Output, form: str, files: Mapping[str, str]) -> None:
    if len(files) != 1:
        problem = f"{form} is {len(files)} files"
        raise CommandError(ExitCode.SETTINGS, problem, "name a folder: --to FOLDER")
    for line in next(iter(files.values())).splitlines():
        out.line(line)


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write files into a folder, whatever their names say; each is whole or not there.

    Raises:
        CommandError: one is there already, and ``force`` is not set; or the folder cannot be written to.
    """
    targets = {folder / Path(name).name: text for name, text in files.items()}
    there = [path for path in targets if path.exists()]
    if there and not force:
        raise CommandError(ExitCode.SETTINGS, f"{there[0]} is there already", "name another folder, or --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in targets.items():
            half = path.with_name(path.name + ".part")
            half.write_text(text, "utf-8")
            half.replace(path)
    except OSError as error:
        problem = f"cannot write to {folder}: {error.strerror}"
        raise CommandError(ExitCode.FAILED, problem, "name another folder: --to FOLDER") from error

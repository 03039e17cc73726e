"""``highlights export``: a settled request's document in a form that people and players read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.context import cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.domain import ProfileDesk, ProfileInfo
    from schemas.records import Highlight, Stream, Summary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


FormOption = Annotated[
    str | None, typer.Option("--format", "-f", help="Which form; without it and --to, those there are.")
]
ToOption = Annotated[
    Path | None,
    typer.Option(
        "--to", help="Folder for the files, of all forms unless one is named; without it, one file is printed."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]


def export(
    ctx: typer.Context,
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    form: FormOption = None,
    to: ToOption = None,
    *,
    force: ForceOption = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Take the document of a settled request out of Kafka: minutes, chapters, captions, a report.

    With --to and no --format all forms are written. Tournaments: highlights tournaments export.

    [b]Examples[/b]

    $ highlights export board-2026-11

    $ highlights export board-2026-11 --format minutes-md

    $ highlights export cell-biology-03 --format clips-vtt --to captions/

    $ highlights export cell-biology-03 --to cell-biology/
    """
    from pipeline.cli.demo.documents import latest_of
    from pipeline.cli.profiles import desk_of
    from pipeline.cli.streams import read_request

    out = Output(output)
    check_target(to)
    context = cli_context(ctx)
    stream, summary, highlights = read_request(context, request_id)
    if summary is None:
        raise _no_document(stream)
    desk = desk_of(context)
    info = _profile(desk, summary)
    if form is None and to is None:
        list_forms(out, info.exports, f"{summary.profile}, revision {summary.revision}")
        return
    files: dict[str, str] = {}
    for one in info.exports if form is None else (form,):
        made = _rendered(desk, one, summary, latest_of(highlights))
        if not made and form is None:
            out.note(f"{one} holds nothing for {request_id}")
        files.update(made)
    if not files:
        problem = f"{form or 'each form'} holds nothing for {request_id}"
        fix = "tasks need action items, and captions a request with a transcript: docs/profiles.md"
        raise CommandError(ExitCode.FAILED, problem, fix)
    deliver(out, form or "all forms", files, to, force=force)


def _rendered(desk: ProfileDesk, form: str, summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    try:
        return desk.export(form, summary, highlights)
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), f"highlights export {summary.request_id}") from error
    except ValueError as error:
        see = f"highlights streams show {summary.request_id} --output json"
        raise CommandError(ExitCode.FAILED, str(error), f"the document as it is: {see}") from error


def _no_document(stream: Stream) -> CommandError:
    see = f"highlights streams show {stream.request_id}"
    if stream.state == "rejected":
        return CommandError(
            ExitCode.FAILED, f"{stream.request_id} was rejected: {stream.reason}; it has no document", see
        )
    problem = f"{stream.request_id} is {stream.state}: its document is made when it is settled"
    return CommandError(ExitCode.FAILED, problem, f"wait until it is, and look with: {see}")


def _profile(desk: ProfileDesk, summary: Summary) -> ProfileInfo:
    info = desk.find(summary.profile)
    if info is None:
        problem = f"{summary.request_id} was enriched by {summary.profile}, which is not installed here"
        raise CommandError(
            ExitCode.SETTINGS, problem, "set TLDR_PROFILE_PLUGINS as the workers have it", "highlights profiles ls"
        )
    if not info.exports:
        problem = f"the profile {summary.profile} has no forms"
        raise CommandError(ExitCode.FAILED, problem, f"highlights streams show {summary.request_id} --output json")
    return info


def list_forms(out: Output, exports: Mapping[str, str], of: str) -> None:
    """Say which forms there are, and of what."""
    out.table(["format", f"what it is ({of})"], list(exports.items()))


def deliver(out: Output, form: str, files: Mapping[str, str], to: Path | None, *, force: bool) -> None:
    """Write files into a folder and say where they are; without a folder, print the one there is.

    Raises:
        CommandError: see :func:`write_files`; or there are several files and no folder.
    """
    if to is not None:
        for path in write_files(to, files, force=force):
            out.record({"file": str(path)})
            out.line(str(path))
        return
    for name, text in files.items():
        out.record({"file": name, "text": text})
    if not out.json:
        _print(out, form, files)


def _print(out: Output, form: str, files: Mapping[str, str]) -> None:
    if len(files) != 1:
        problem = f"{form} is {len(files)} files"
        raise CommandError(ExitCode.SETTINGS, problem, "name a folder: --to FOLDER")
    text = next(iter(files.values()))
    if out.console.is_terminal:
        for line in text.splitlines():
            out.line(line)
    else:  # byte for byte: a calendar's line ends are part of its format
        out.console.file.flush()
        typer.echo(text.encode(), nl=False)


def check_target(folder: Path | None) -> None:
    """Refuse a folder that cannot be one, before anything is read for it; it is not made yet.

    Raises:
        CommandError: it is a file, or below one.
    """
    places = () if folder is None else (folder, *folder.parents)
    blocked = next((place for place in places if place.exists() and not place.is_dir()), None)
    if blocked is not None:
        problem = f"--to needs a folder, and {blocked} is a file"
        raise CommandError(ExitCode.SETTINGS, problem, "name another folder: --to FOLDER")


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write files into a folder, whatever their names say; each is whole or not there. Return where they are.

    Raises:
        CommandError: one is there already, and ``force`` is not set; a name is none, or two files have the same; or the
            folder is a file, or cannot be written to. Nothing is written but in the last case.
    """
    check_target(folder)
    targets: dict[Path, str] = {}
    for name, text in files.items():
        target = folder / _file_name(name)
        if target in targets:
            raise CommandError(ExitCode.FAILED, f"two files would be {target}", "take another format")
        targets[target] = text
    there = [path for path in targets if os.path.lexists(path)]
    if there and not force:
        raise CommandError(ExitCode.SETTINGS, f"{there[0]} is there already", "name another folder, or --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in targets.items():
            _write_whole(path, text)
    except OSError as error:
        problem = f"cannot write to {folder}: {error.strerror}"
        raise CommandError(ExitCode.FAILED, problem, "name another folder: --to FOLDER") from error
    return list(targets)


def _file_name(name: str) -> str:
    """Return the last part of a name from a profile or from what the API said, by the rules of any system."""
    last = PureWindowsPath(name).name
    if not last.strip(". ") or not last.isprintable():
        raise CommandError(ExitCode.FAILED, f"{name!r} is no name for a file", "take another format")
    return last


def _write_whole(path: Path, text: str) -> None:
    half = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        # "x": what somebody else put there, such as a link out of the folder, is not followed
        with half.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)

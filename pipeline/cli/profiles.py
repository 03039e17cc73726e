"""``highlights profiles``: which rules there are, what they hold, and what they make of recorded highlights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.words import misspelt, number_of, unknown_fields
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.domain import ProfileDesk, ProfileTrial
    from schemas.records import Highlight, Request


_NAMED = 10
"""So many lines that cannot be read are named; of a file that is none of ours there would be no end."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Rules that enrich highlights, by domain.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("show")(show)
    group.command("test")(try_out)
    app.add_typer(group, name="profiles")


def desk_of(context: CliContext) -> ProfileDesk:
    """Return the profiles that a worker with these settings runs."""
    desk: ProfileDesk = context.make_domain(context.settings(), lambda *_: None).desk
    return desk


def ls(ctx: typer.Context, output: OutputOption = OutputMode.TEXT) -> None:
    """List the profiles that requests may name.

    [b]Example[/b]

    $ highlights profiles ls
    """
    rows = [
        (info.name, info.label, ", ".join(info.exports) or "-", info.about)
        for info in desk_of(cli_context(ctx)).profiles()
    ]
    Output(output).table(["profile", "version", "exports", "what it is"], rows)


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A profile, with a version after @ if it matters.")],
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Show a profile: options for the API, kinds, rules with their confidence, the data behind them.

    [b]Example[/b]

    $ highlights profiles show gaming
    """
    out = Output(output)
    try:
        described = msgspec.to_builtins(desk_of(cli_context(ctx)).describe(name))
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), "highlights profiles ls") from error
    out.record(described)
    for line in as_yaml(out, described):
        out.line(line)


def try_out(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines of highlights; - for standard input.")],
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", help="Which rules; without it, those that the request names.")
    ] = None,
    request: Annotated[
        Path | None, typer.Option("--request", "-r", help="JSON file of the request: its metadata is what rules read.")
    ] = None,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Try a profile on recorded highlights: what is added to each, and the document at the end. Nothing is stored.

    A line is a record of the highlights topic, as watch --output json prints it, a highlight in the API's words, or a
    page of those. In the API's words it is like {"id": "h1", "title": "Nyx aces", "timestamp": 402.5, "duration": 30}.
    What cannot be read is named with its line, ten at most, and the rest is tried all the same; the exit code is 1.
    A file without any highlight is bad input: exit code 2.
    Fields that no highlight has, such as a misspelt time, are told once each, with the nearest that there is.
    --request may name a part of a request: {"profile": "gaming", "metadata": {"players": ["Nyx"]}}.
    A transcript that the request only links is not fetched: put its text into metadata.transcript.

    [b]Examples[/b]

    $ highlights profiles test highlights.jsonl --profile gaming

    $ highlights streams show board-2026-11 --output json | highlights profiles test - --request board.json
    """
    from pipeline.cli.recorded import read_recorded
    from schemas.records import Highlight

    out = Output(output)
    asked = _request(request, out)
    desk = desk_of(cli_context(ctx))
    trial = _trial(desk, profile or asked.profile, asked, request)
    warn_of_metadata(desk, profile or asked.profile, asked, out)
    tried, unread, told = 0, 0, set[str]()
    for place, found, doubts in read_recorded(file):
        for doubt in doubts:
            if doubt not in told:
                out.note(f"{place}: {doubt}")
        told.update(doubts)
        if isinstance(found, str):
            unread += 1
            if unread <= _NAMED:
                out.note(f"{place}: {found}")
        else:
            tried += 1
            _show_one(out, trial.again(found) if isinstance(found, Highlight) else trial.see(found))
    if unread > _NAMED:
        out.note(f"... and {unread - _NAMED} more")
    if not (tried or unread):
        fix = "give one JSON object a line: highlights profiles test --help"
        raise CommandError(ExitCode.SETTINGS, f"no highlight is in {file}", fix)
    if tried:
        _show_document(out, trial)
    if unread:
        problem = f"{number_of(unread, 'highlight')} of {file} cannot be read, named above"
        raise CommandError(ExitCode.FAILED, problem, "mend these, or leave them out")


def warn_of_metadata(desk: ProfileDesk, profile: str, asked: Request, out: Output) -> None:
    """Tell of each key of a request's metadata that is nearly one that the profile reads; others are the user's."""
    info = desk.find(profile)
    if info is None:
        return
    for name, meant in misspelt(asked.metadata, info.metadata).items():
        out.note(f"metadata.{name} is not read by {info.label}: did you mean {meant}?")


def _trial(desk: ProfileDesk, profile: str, asked: Request, file: Path | None) -> ProfileTrial:
    try:
        return desk.trial(profile, asked)
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), "highlights profiles ls") from error
    except ValueError as error:
        fix = "give the request's metadata: --request FILE" if file is None else f"mend it in {file}"
        raise CommandError(ExitCode.SETTINGS, str(error), fix) from error


def _show_document(out: Output, trial: ProfileTrial) -> None:
    document = msgspec.to_builtins(trial.document())
    out.record({"document": document, "profile": trial.label})
    out.line("")
    out.line(f"document of {trial.label}")
    for line in as_yaml(out, document):
        out.line(f"  {line}")


def as_yaml(out: Output, value: Any) -> list[str]:
    """Return a JSON value as lines that people read; none in JSON mode, where nobody does."""
    import yaml

    if out.json:
        return []
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)).splitlines()


def _show_one(out: Output, record: Highlight) -> None:
    enrichment: dict[str, Any] = msgspec.to_builtins(record.enrichment)
    out.record({"highlight_id": record.highlight_id, "tags": record.tags, "enrichment": enrichment})
    out.line(f"{record.highlight_id}  {record.title}")
    out.line(f"  tags: {', '.join(record.tags) or '-'}")
    for name, value in enrichment.items():
        out.line(f"  {name}: {msgspec.json.encode(value).decode()[:400]}")


def _request(path: Path | None, out: Output) -> Request:
    """Read a request, or a part of one: what it does not say is made up."""
    from schemas.records import RecordError, Request, decode

    given: dict[str, Any] = {"request_id": "trial", "tenant": "trial", "source_url": "https://example.com/video.mp4"}
    try:
        if path is not None:
            part = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
            for doubt in unknown_fields(part, Request.__struct_fields__):
                out.note(f"{path}: {doubt}")
            given |= part
        return decode(msgspec.json.Decoder(Request), msgspec.json.encode(given))
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
        raise CommandError(ExitCode.SETTINGS, problem, "name another file") from error
    except (RecordError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(ExitCode.SETTINGS, f"{path}: {error}", "see docs/records.md, requests") from error

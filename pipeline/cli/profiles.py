"""``highlights profiles``: which rules there are, what they hold, and what they make of recorded highlights."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.domain import ProfileDesk
    from schemas.records import Highlight, ObservedHighlight, Request


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
    import yaml

    out = Output(output)
    try:
        described = msgspec.to_builtins(desk_of(cli_context(ctx)).describe(name))
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), "highlights profiles ls") from error
    out.record(described)
    for line in yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=110).splitlines():
        out.line(line)


def try_out(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines of highlights; - for standard input.")],
    profile: Annotated[str, typer.Option("--profile", "-p", help="Which rules.")] = "general",
    request: Annotated[
        Path | None, typer.Option("--request", "-r", help="JSON file of the request: its metadata is what rules read.")
    ] = None,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Try a profile on recorded highlights: what is added to each, and the document at the end. Nothing is stored.

    A line is a record of the highlights topic, as watch --output json prints it, a highlight in the API's words, or a
    page of those. In the API's words it is like {"id": "h1", "title": "Nyx aces", "timestamp": 402.5, "duration": 30}.
    A transcript that the request links is not fetched. Exit code 1 when lines cannot be read; the others are tried all
    the same.

    [b]Examples[/b]

    $ highlights profiles test highlights.jsonl --profile gaming

    $ highlights watch --output json | highlights profiles test - --profile meetings --request board.json
    """
    from schemas.records import ObservedHighlight

    out = Output(output)
    desk = desk_of(cli_context(ctx))
    asked = _request(request)
    try:
        trial = desk.trial(profile, asked)
    except LookupError as error:
        raise CommandError(ExitCode.SETTINGS, str(error.args[0]), "highlights profiles ls") from error
    except ValueError as error:
        raise CommandError(ExitCode.SETTINGS, str(error), f"mend it in {request}") from error
    problems = []
    for number, found in _highlights(file):
        if isinstance(found, str):
            problems.append(f"line {number}: {found}")
            continue
        record = trial.see(found) if isinstance(found, ObservedHighlight) else trial.again(found)
        _show_one(out, record)
    document = msgspec.to_builtins(trial.document())
    out.record({"document": document, "profile": trial.label})
    if not out.json:
        import yaml

        out.line(f"\ndocument of {trial.label}".strip())
        for line in yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110).splitlines():
            out.line(f"  {line}")
    if problems:
        raise CommandError(ExitCode.FAILED, "; ".join(problems[:20]), f"mend these lines of {file}")


def _show_one(out: Output, record: Highlight) -> None:
    enrichment: dict[str, Any] = msgspec.to_builtins(record.enrichment)
    out.record({"highlight_id": record.highlight_id, "tags": record.tags, "enrichment": enrichment})
    out.line(f"{record.highlight_id}  {record.title}")
    out.line(f"  tags: {', '.join(record.tags) or '-'}")
    for name, value in enrichment.items():
        out.line(f"  {name}: {msgspec.json.encode(value).decode()[:400]}")


def _request(path: Path | None) -> Request:
    from schemas.records import RecordError, Request, decode

    if path is None:
        return Request(request_id="trial", tenant="trial", source_url="https://example.com/video.mp4")
    try:
        return decode(msgspec.json.Decoder(Request), path.read_bytes())
    except OSError as error:
        raise CommandError(
            ExitCode.SETTINGS, f"{path} cannot be read: {error.strerror}", "name another file"
        ) from error
    except RecordError as error:
        raise CommandError(ExitCode.SETTINGS, f"{path}: {error.reason}", "see docs/records.md, requests") from error


def _highlights(file: Path) -> Iterator[tuple[int, Highlight | ObservedHighlight | str]]:
    """Yield what stands on each line, with its number; a text says why a line cannot be read."""
    from schemas.records import Highlight, ObservedHighlight

    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            given = msgspec.json.decode(line)
            shown = given.get("highlights") if isinstance(given, dict) else None
            if isinstance(shown, list):
                for one in shown:
                    yield number, msgspec.convert(one, ObservedHighlight)
            elif isinstance(given, dict) and "highlight_id" in given:
                yield number, msgspec.convert(given, Highlight)
            elif isinstance(given, dict) and given.get("record") in {"stream", "summary"}:
                continue  # of `streams show --output json`
            else:
                yield number, msgspec.convert(given, ObservedHighlight)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            yield number, f"no highlight: {error}"


def _lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise CommandError(
            ExitCode.SETTINGS, f"{file} cannot be read: {error.strerror}", "name another file"
        ) from error

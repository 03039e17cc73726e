"""What people read in the end: the document of one stream of each profile, and all its forms as files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from rich.markdown import Markdown
from rich.panel import Panel

from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output
from pipeline.cli.words import number_of
from pipeline.domain import ProfileDesk
from pipeline.stack.published import Published
from pipeline.worker.exit_codes import ExitCode
from schemas.records import Highlight, Request, Summary, Tournament

_SHOWN_LINES = 32
_LEADERS = 5

_WRITTEN = ".written-by-demo"
"""File in the folder of documents that lists what a demo wrote there, so that the next takes away that and no more."""


def show_documents(
    out: Output, desk: ProfileDesk, requests: Sequence[Request], published: Published, folder: Path
) -> None:
    """Show the document of one request of each profile, and write all its forms.

    Args:
        out: where it is shown.
        desk: renders.
        requests: those of the demo; of each profile the first that is written out (``metadata.script``) is shown.
        published: what was on the topics.
        folder: where the files go, a folder for each request; what cannot be written is told, and no failure.
    """
    for request in _one_of_each_profile(requests):
        summary = published.summaries.get(request.request_id)
        info = None if summary is None else desk.find(summary.profile)
        if summary is None or info is None or not info.exports:
            continue
        latest = latest_of(place.record for place in published.highlights.get(request.request_id, []))
        files: dict[str, str] = {}
        for place, form in enumerate(info.exports):
            rendered = desk.export(form, summary, latest)
            if place == 0:
                _show(out, request, summary, next(iter(rendered.values()), ""))
            files.update(rendered)
        _write(out, folder, request.request_id, files)
    for tournament in published.tournaments.values():
        _show_tournament(out, tournament)


def check_documents(folder: Path, requests: Sequence[Request]) -> None:
    """Make sure that the documents of these requests take the place of nobody's files but a former demo's.

    Raises:
        CommandError: something else lies where they go.
    """
    written = set(_written(folder))
    for request in _one_of_each_profile(requests):
        for path in sorted((folder / request.request_id).glob("*")):
            if path not in written:
                problem = f"{path} is there, and no demo wrote it: the documents go into that folder"
                fix = "move it away, or name another place: --json-file FOLDER/demo.json"
                raise CommandError(ExitCode.SETTINGS, problem, fix)


def forget_former(folder: Path) -> None:
    """Take away the documents that a former demo wrote: beside those of this one they would look like its own."""
    with suppress(OSError):
        for path in _written(folder):
            path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                path.parent.rmdir()
        (folder / _WRITTEN).unlink()


def _written(folder: Path) -> list[Path]:
    """Return the files that a former demo wrote: files of folders in this one, whatever else the list may say."""
    try:
        lines = (folder / _WRITTEN).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    named = (line.split("/") for line in lines)
    return [folder.joinpath(*parts) for parts in named if len(parts) == 2 and not {"", ".", ".."} & set(parts)]


def latest_of(records: Iterable[Highlight]) -> list[Highlight]:
    """Return the latest revision of each highlight, in the order of their time in the stream."""
    latest: dict[str, Highlight] = {}
    for record in records:
        known = latest.get(record.highlight_id)
        if known is None or record.revision > known.revision:
            latest[record.highlight_id] = record
    return sorted(latest.values(), key=lambda highlight: (highlight.start_s, highlight.highlight_id))


def _one_of_each_profile(requests: Sequence[Request]) -> list[Request]:
    chosen: dict[str, Request] = {}
    for request in sorted(requests, key=lambda request: "script" not in request.metadata):
        chosen.setdefault(request.profile.partition("@")[0], request)
    return [chosen[profile] for profile in sorted(chosen)]


def _show_tournament(out: Output, tournament: Tournament) -> None:
    totals = tournament.totals
    out.record({"event": "tournament", **msgspec.to_builtins(tournament)})
    out.line("")
    state = "final" if tournament.final else f"{totals.running} of its streams running"
    out.line(f"--- {tournament.name or tournament.tournament_id}: {state}")
    told = f"{totals.highlights} highlights of {totals.streams} streams are {totals.moments} moments"
    out.line(f"{told}; {totals.notified} notifications, {totals.suppressed} held back")
    for place, standing in enumerate(tournament.players[:_LEADERS], start=1):
        team = f" ({standing.team})" if standing.team else ""
        out.line(f"{place}. {standing.name}{team}: {standing.moments} moments, {standing.score:.2f}")


def _show(out: Output, request: Request, summary: Summary, text: str) -> None:
    if out.json:
        out.record({"event": "document", "request_id": request.request_id, "document": summary.document})
        return
    lines = text.splitlines()
    more = len(lines) - _SHOWN_LINES
    shown = "\n".join(lines[:_SHOWN_LINES])
    if out.console.is_terminal:
        title = f"{request.request_id}: {summary.profile}"
        out.console.print(Panel(Markdown(shown), title=title, subtitle=f"{more} more lines" if more > 0 else None))
    else:
        out.line("")
        out.line(f"--- {request.request_id}: {summary.profile}")
        for line in lines[:_SHOWN_LINES]:
            out.line(line)


def _write(out: Output, documents: Path, request_id: str, files: dict[str, str]) -> None:
    folder = documents / request_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        texts = {folder / Path(name).name: text for name, text in files.items()}
        for path in [path for path in texts if os.path.lexists(path)]:  # put there since the demo began
            out.note(f"{path} is there, and no demo wrote it: it stays as it is")
            del texts[path]
        with (documents / _WRITTEN).open("a", encoding="utf-8") as listed:
            listed.writelines(f"{request_id}/{path.name}\n" for path in texts)
        for path, text in texts.items():
            path.write_text(text, "utf-8")
    except OSError as error:
        out.note(f"the documents cannot be written to {folder}: {error.strerror}")
        return
    out.note(f"    the document as {number_of(len(texts), 'file')}: {folder}")

"""``python -m tests.docs.pictures``: are the pictures of the documents current? ``--write`` makes them so.

They show what the profiles make of the written streams of the demo, without Kafka: the same rules, the same exports.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markdown import Markdown

from agents.composition import build_domain
from pipeline.domain import ProfileDesk
from pipeline.settings import Settings
from pipeline.simulator.scripts import find_script
from pipeline.stack.requests import example_requests, with_transcripts
from schemas.records import Counts, ObservedHighlight, Request, Summary
from tests.docs.markdown import ROOT

FOLDER = "docs/pictures"

SHOWN = {
    "gaming": ("spring-cup-final", "report-md"),
    "education": ("cell-biology-03", "notes-md"),
    "meetings": ("board-2026-11", "minutes-md"),
}
"""Which request's document is shown of each profile, and in which form."""

_WIDTH, _LINES = 104, 46
_AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def pictures() -> dict[str, str]:
    """Return the pictures as SVG, by file name."""
    desk = build_domain(Settings()).desk
    requests = {request.request_id: request for request in with_transcripts(example_requests())}
    return {
        f"{profile}.svg": _drawn(profile, requests[request_id], document(desk, requests[request_id], form))
        for profile, (request_id, form) in SHOWN.items()
    }


def document(desk: ProfileDesk, request: Request, form: str) -> str:
    """Return the document of a request whose stream is written down, in a form."""
    script = find_script(request.metadata["script"])
    if script is None:
        raise LookupError(request.metadata["script"])
    trial = desk.trial(request.profile, request)
    records = [
        trial.see(
            ObservedHighlight(
                id=f"hl_{place}",
                title=moment.title,
                description=moment.description,
                timestamp=moment.start_s,
                duration=moment.duration_s,
                confidence_score=moment.confidence,
            )
        )
        for place, moment in enumerate(script.moments)
    ]
    summary = Summary(
        request_id=request.request_id,
        tenant=request.tenant,
        revision=1,
        outcome="completed",
        count=len(records),
        last_seq=len(records),
        counts=Counts(by_poll=len(records)),
        ids_sha256="",
        processed_s=script.duration_s,
        profile=trial.label,
        source_url=request.source_url,
        accepted_at=_AT,
        settled_at=_AT,
        document=msgspec.to_builtins(trial.document()),
    )
    return next(iter(desk.export(form, summary, records).values()))


def _drawn(name: str, request: Request, text: str) -> str:
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Markdown("\n".join(text.splitlines()[:_LINES])))
    return console.export_svg(title=f"{request.request_id}: {request.profile}", unique_id=f"tldr-{name}")


def outdated(root: Path = ROOT) -> dict[Path, str]:
    """Return the pictures that are not current, with what they should be."""
    drawn = {root / FOLDER / name: svg for name, svg in pictures().items()}
    return {path: svg for path, svg in drawn.items() if not path.is_file() or path.read_text("utf-8") != svg}


def main(arguments: list[str]) -> int:
    """Check, or write with ``--write``. Returns 1 when something is not current and was not written."""
    stale = outdated()
    for path, svg in stale.items():
        if "--write" in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(svg, "utf-8")
        print(path.relative_to(ROOT), file=sys.stderr)
    return int(bool(stale) and "--write" not in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The report of a match as Markdown, and its moments as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from types import MappingProxyType

from agents.profiles.profile import Export
from schemas.records.highlight import Highlight
from schemas.records.summary import Summary

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clock(seconds: float) -> str:
    """Return seconds as ``h:mm:ss``, or ``m:ss`` within the first hour."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def report_markdown(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The report for people: the best moments with links, who stood out, what happened how often."""
    document = summary.document
    links = {highlight.highlight_id: highlight.moment_url or highlight.clip_url for highlight in highlights}
    lines = [f"# {_plain(document.get('game', 'match'))}: {summary.count} highlights", ""]
    lines += [f"Source: {summary.source_url}", "", "## Top moments", ""]
    for place, moment in enumerate(document.get("top_moments", []), start=1):
        url = links.get(moment["highlight_id"])
        title = f"[{_plain(moment['title'])}]({url})" if url else _plain(moment["title"])
        kinds = ", ".join(moment["kinds"]) or "moment"
        lines.append(f"{place}. {clock(moment['start_s'])} {title} ({kinds}, hype {moment['hype']:.2f})")
    for who in ("players", "teams"):
        rows = document.get(who, [])
        if rows:
            lines += ["", f"## {who.capitalize()}", "", "| name | moments | hype |", "| --- | --- | --- |"]
            lines += [f"| {_plain(row['name'])} | {row['moments']} | {row['hype']:.2f} |" for row in rows[:10]]
    lines += ["", "## What happened", "", "| kind | moments |", "| --- | --- |"]
    lines += [f"| {kind} | {count} |" for kind, count in document.get("kinds", {}).items()]
    return {"report.md": "\n".join(lines) + "\n"}


def moments_csv(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The timeline as a table; a cell that a spreadsheet would run as a formula is quoted."""
    clips = {highlight.highlight_id: highlight.clip_url or "" for highlight in highlights}
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["start_s", "end_s", "title", "kinds", "hype", "players", "teams", "highlight_id", "clip_url"])
    for moment in summary.document.get("timeline", []):
        cells = [moment["title"], *(" ".join(moment[name]) for name in ("kinds", "players", "teams"))]
        title, kinds, players, teams = ("'" + cell if cell.startswith(_FORMULA) else cell for cell in cells)
        place = (moment["start_s"], moment["end_s"])
        highlight_id = moment["highlight_id"]
        table.writerow(
            [*place, title, kinds, moment["hype"], players, teams, highlight_id, clips.get(highlight_id, "")]
        )
    return {"moments.csv": out.getvalue()}


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in " ".join(text.split()))


EXPORTS = MappingProxyType(
    {
        "report-md": Export("The report of a match as Markdown.", report_markdown),
        "moments-csv": Export("All moments of a match as a table.", moments_csv),
    }
)

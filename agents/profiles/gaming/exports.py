"""The report of a match as Markdown, and its moments as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from types import MappingProxyType
from typing import Any

from agents.profiles.profile import Export
from agents.profiles.writing import cell, clock, markdown
from schemas.records.highlight import Highlight
from schemas.records.summary import Summary


def report_markdown(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The report for people: the best moments with links, who stood out, what happened how often."""
    document = summary.document
    links = {highlight.highlight_id: highlight.moment_url or highlight.clip_url for highlight in highlights}
    heading, *others = _names(document)
    lines = [f"# {heading}: {summary.count} highlight{'s' * (summary.count != 1)}", ""]
    lines += [" · ".join(others), ""] if others else []
    lines += [f"Source: {summary.source_url}", "", "## Top moments", ""]
    for place, moment in enumerate(document.get("top_moments", []), start=1):
        url = links.get(moment["highlight_id"])
        title = f"[{markdown(moment['title'])}]({url})" if url else markdown(moment["title"])
        kinds = ", ".join(moment["kinds"]) or "moment"
        lines.append(f"{place}. {clock(moment['start_s'])} {title} ({kinds}, hype {moment['hype']:.2f})")
    for who in ("players", "teams"):
        rows = document.get(who, [])
        if rows:
            lines += ["", f"## {who.capitalize()}", "", "| name | moments | hype |", "| --- | --- | --- |"]
            lines += [f"| {markdown(row['name'])} | {row['moments']} | {row['hype']:.2f} |" for row in rows[:10]]
    lines += ["", "## What happened", "", "| kind | moments |", "| --- | --- |"]
    lines += [f"| {kind} | {count} |" for kind, count in document.get("kinds", {}).items()]
    return {"report.md": "\n".join(lines) + "\n"}


def _names(document: Mapping[str, Any]) -> list[str]:
    """Return what a match is called, the most telling first: its title, the tournament, who plays, the game."""
    match = document.get("match", {})
    teams = match.get("teams", [])
    playing = (" vs " if len(teams) == 2 else ", ").join(teams)
    names = [match.get("title"), match.get("tournament"), playing, document.get("game_title")]
    return [markdown(name) for name in names if name] or ["Match"]


def moments_csv(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The timeline as a table; a cell that a spreadsheet would run as a formula is quoted."""
    clips = {highlight.highlight_id: highlight.clip_url or "" for highlight in highlights}
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["start_s", "end_s", "title", "kinds", "hype", "players", "teams", "highlight_id", "clip_url"])
    for moment in summary.document.get("timeline", []):
        cells = [moment["title"], *(" ".join(moment[name]) for name in ("kinds", "players", "teams"))]
        title, kinds, players, teams = map(cell, cells)
        place = (moment["start_s"], moment["end_s"])
        highlight_id = moment["highlight_id"]
        table.writerow(
            [*place, title, kinds, moment["hype"], players, teams, highlight_id, clips.get(highlight_id, "")]
        )
    return {"moments.csv": out.getvalue()}


EXPORTS = MappingProxyType(
    {
        "report-md": Export("The report of a match as Markdown.", report_markdown),
        "moments-csv": Export("All moments of a match as a table.", moments_csv),
    }
)

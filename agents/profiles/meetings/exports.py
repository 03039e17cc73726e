"""Minutes as Markdown and as a page; action items as calendar tasks and as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Todo
from jinja2 import Environment, Template

from agents.profiles.meetings.minutes import due_moment
from agents.profiles.profile import Export
from agents.profiles.writing import cell, clock, markdown, without_transcript
from schemas.records.highlight import Highlight
from schemas.records.summary import Summary

_PRIORITY = {"urgent": 1, "normal": 5, "low": 9}
"""Priorities of RFC 5545, 3.8.1.9."""


_SOUGHT = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "account": "account numbers",
    "secret": "secrets",
    "url query": "queries of URLs",
}
"""What a record names in a word, as people write it."""


def minutes_markdown(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """The minutes for people."""
    document = summary.document
    about = document.get("meeting", {})
    lines = [f"# {markdown(about.get('title') or 'Minutes')}", ""]
    if about.get("date"):
        lines += [" ".join(map(markdown, held(about))).strip(), ""]
    if document.get("attendees"):
        lines += [f"Attendees: {markdown(', '.join(document['attendees']))}", ""]
    if counts := counted(document):
        lines += [counts, ""]
    for section, title in (("decisions", "Decisions"), ("open_questions", "Open questions")):
        lines += [f"## {title}", "", *(_said(item) for item in document.get(section, [])), ""]
        if section == "decisions":
            lines += ["## Action items", "", *(_task(item) for item in document.get("actions", [])), ""]
    lines += ["## Topics", "", *(_topic(topic) for topic in document.get("topics", [])), ""]
    lines += [_privacy_line(document.get("privacy", {})), *without_transcript(document)]
    return {"minutes.md": "\n".join(lines) + "\n"}


def held(about: Mapping[str, Any]) -> tuple[str, str]:
    """Return when a meeting was, as people write it, and its time zone; the day alone where nobody said the time."""
    at = datetime.fromisoformat(about["date"])
    day = f"{at.day} {at:%B} {at.year}"
    return (day, "") if about.get("day_only") else (f"{day}, {at:%H:%M}", f"({about.get('timezone') or 'UTC'})")


def counted(document: Mapping[str, Any]) -> str:
    """Return what the minutes hold, in a line; empty when they do not say."""
    summary = document.get("summary")
    if not summary:
        return ""
    said = [
        _many(summary["decisions"], "decision"),
        _many(summary["actions"], "action item"),
        _many(summary["open_questions"], "open question"),
    ]
    nobody = summary["actions_without_assignee"]
    return f"{', '.join(said)}{f'; {nobody} of the actions without an owner' if nobody else ''}."


def _many(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def minutes_html(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The minutes as one page that needs nothing else."""
    links = {highlight.highlight_id: highlight.moment_url for highlight in highlights}
    document = summary.document
    page = _page().render(
        document=document,
        about=document.get("meeting", {}),
        held=held,
        counts=counted(document),
        links=links,
        privacy=" ".join([_privacy_line(document.get("privacy", {})), *without_transcript(document)]),
        clock=clock,
    )
    return {"minutes.html": page}


def actions_ics(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """The action items as tasks; their ids stay over revisions, so that a calendar updates them.

    No file without a task: a calendar needs a component (RFC 5545, 3.6).
    """
    document = summary.document
    if not document.get("actions"):
        return {}
    calendar = Calendar()
    calendar.add("prodid", "-//TLDR Highlight pipeline//meetings//EN")
    calendar.add("version", "2.0")
    zone = ZoneInfo(document.get("meeting", {}).get("timezone") or "UTC")
    for item in document["actions"]:
        task = Todo()
        task.add("uid", f"{item['id']}.{summary.request_id}@tldr-highlight")
        task.add("dtstamp", summary.settled_at)
        task.add("sequence", summary.revision)
        task.add("summary", item["text"])
        due = due_moment(item["due"], zone)
        if due is not None:
            task.add("due", due)
        task.add("priority", _PRIORITY.get(item["priority"], 5))
        task.add("status", "NEEDS-ACTION")
        if item["assignee"]:
            task.add("contact", item["assignee"])
        task.add("description", f"Said at {clock(item['at_s'])}.")
        calendar.add_component(task)
    return {"actions.ics": calendar.to_ical().decode("utf-8")}


def actions_csv(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """The action items as a table; a cell that a spreadsheet would run as a formula is quoted."""
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["id", "text", "assignee", "due", "due_text", "priority", "depends_on", "at_s", "confidence"])
    for item in summary.document.get("actions", []):
        texts = [item[name] or "" for name in ("id", "text", "assignee", "due", "due_text", "priority", "depends_on")]
        table.writerow([*map(cell, texts), item["at_s"], item["confidence"]])
    return {"actions.csv": out.getvalue()}


def _said(item: Mapping[str, Any]) -> str:
    who = f"{markdown(item['speaker'])}, " if item.get("speaker") else ""
    return f"- {markdown(item['text'])} ({who}{clock(item['at_s'])})"


def _task(item: Mapping[str, Any]) -> str:
    who = markdown(item["assignee"]) if item["assignee"] else "nobody named"
    due = f", due {item['due']}" if item["due"] else f", {markdown(item['due_text'])}" if item["due_text"] else ""
    urgent = f", {item['priority']}" if item["priority"] != "normal" else ""
    return f"- [ ] {markdown(item['text'])} ({who}{due}{urgent}; {clock(item['at_s'])})"


def _topic(topic: Mapping[str, Any]) -> str:
    if topic["start_s"] is None:
        return f"- {markdown(topic['topic'])} (not spoken of)"
    return f"- {clock(topic['start_s'])}-{clock(topic['end_s'])} {markdown(topic['topic'])}"


def _privacy_line(privacy: Mapping[str, Any]) -> str:
    sought = [_SOUGHT.get(kind, kind) for kind in privacy.get("anonymised") or []]
    return f"Replaced where found: {', '.join(sought)}." if sought else "Nothing is replaced."


@cache
def _page() -> Template:
    """Return the page's template, read when the first page is made."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((files(__package__) / "minutes.html").read_text("utf-8"))


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "minutes-md": Export("The minutes as Markdown.", minutes_markdown),
        "minutes-html": Export("The minutes as one page.", minutes_html),
        "actions-ics": Export("The action items as tasks for a calendar.", actions_ics),
        "actions-csv": Export("The action items as a table.", actions_csv),
    }
)

"""How records look to people, the same in every command."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from pipeline.cli.output import printable
from schemas.records import Highlight

STATE_STYLES = {
    "sent": "dim",
    "accepted": "dim",
    "scheduled": "dim",
    "queued": "yellow",
    "submitting": "yellow",
    "in_doubt": "bold yellow",
    "processing": "cyan",
    "settling": "magenta",
    "settled": "green",
    "completed": "green",
    "cancelled": "dark_orange",
    "failed": "red",
    "rejected": "red",
}
"""A colour for each state of a request and each outcome."""


def position(seconds: float) -> str:
    """Return a place in a stream, as a player shows it: ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def highlight_line(highlight: Highlight) -> Text:
    """Return one highlight as one line: where, how sure, what, whose."""
    return Text.assemble(
        (f"{position(highlight.start_s)}  ", "dim"),
        (f"{highlight.confidence:4.0%}  ", "green" if highlight.confidence >= 0.9 else ""),
        (printable(highlight.title), "bold"),
        (f"  {highlight.request_id} #{highlight.seq}", "dim"),
        ("  corrected" if highlight.revision > 1 else "", "magenta"),
    )


def moment(at: datetime | None) -> str:
    """Return a time of day in UTC, or a dash."""
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")

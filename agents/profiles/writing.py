"""What every document writes alike: times as people read them, text that stays text in Markdown and in spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKUP = frozenset("\\`*_[]<>|#")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def clock(seconds: float) -> str:
    """Return seconds as ``h:mm:ss``, or ``m:ss`` within the first hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in " ".join(text.split()))


def cell(text: str) -> str:
    """Return text for a cell of a table; what a spreadsheet would run as a formula is quoted."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def without_transcript(document: Mapping[str, Any]) -> list[str]:
    """Return why a stream's transcript was not read, or not all of it, as a paragraph; nothing where all was."""
    told = document.get("transcript") or {}
    if problem := told.get("problem"):
        return ["", f"Made without the transcript: {markdown(str(problem))}."]
    return ["", f"The transcript is {markdown(str(cut))}."] if (cut := told.get("cut")) else []

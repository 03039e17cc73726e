"""The end of a log, as an error shows it."""

from __future__ import annotations

from collections import deque
from pathlib import Path

NO_SPACE = "No space left"
"""How the system says that a disk is full, in each program's log."""

TAIL_LINES = 15
_LOOK_BACK_LINES = 200
"""A program that cannot write has much to say after the line that matters."""

_LONGEST_LINE = 500
"""A line with a traceback in it fills a screen; the file has it whole."""


def tail_of(file: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log, before them the one that says that the disk is full; empty when there is none."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            ended = list(deque((line.rstrip("\n") for line in stream), maxlen=max(lines, _LOOK_BACK_LINES)))
    except OSError:
        return ""
    told = next((line for line in reversed(ended) if NO_SPACE in line), None)
    shown = ended[-lines:] if told is None else [told, *(line for line in ended[-lines:] if line != told)]
    return "\n".join(_cut(line) for line in shown)


def _cut(line: str) -> str:
    begin = max(0, line.find(NO_SPACE) + len(NO_SPACE) - _LONGEST_LINE)
    return line[begin : begin + _LONGEST_LINE]

"""The end of a program, as an error tells it: how it ended, and the last lines of its log."""

from __future__ import annotations

import shutil
from collections import deque
from pathlib import Path

NO_SPACE = "No space left"
"""How the system says that a disk is full, in each program's log."""

TAIL_LINES = 15
_LOOK_BACK_LINES = 200
"""A program that cannot write has much to say after the line that matters."""

_LONGEST_LINE = 500
"""A line with a traceback in it fills a screen; the file has it whole."""


_FULL_BYTES = 64 * 1024


def how_it_ended(code: int, log_file: Path) -> str:
    """Return ``ended with exit code 1``, and that the disk is full where its log, or the disk itself, says so."""
    if NO_SPACE in tail_of(log_file) or _is_full(log_file.parent):
        return f"ended: {NO_SPACE} on device (exit code {code})"
    return f"ended with exit code {code}"


def _is_full(folder: Path) -> bool:
    """Look at the disk itself: the line that would say so may have found no room in the log."""
    return folder.exists() and shutil.disk_usage(folder).free < _FULL_BYTES


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

"""What can go wrong while the stack is put up, always with the place to look next."""

from __future__ import annotations

from collections import deque
from pathlib import Path

TAIL_LINES = 15
LONGEST_LINE = 500
"""A line with a traceback in it fills a screen; the file has it whole."""


class StackError(Exception):
    """A part of the stack did not come up, or ended by itself.

    Attributes:
        reason: one sentence on what happened.
        log_file: where that part's whole output is.
        last_lines: the end of that output, possibly empty.
    """

    def __init__(self, reason: str, log_file: Path | None = None) -> None:
        self.reason = reason
        self.log_file = log_file
        self.last_lines = tail_of(log_file) if log_file else ""
        super().__init__(reason)


def tail_of(file: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log; empty when there is none."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return "\n".join(line.rstrip("\n")[:LONGEST_LINE] for line in deque(stream, maxlen=lines))
    except OSError:
        return ""

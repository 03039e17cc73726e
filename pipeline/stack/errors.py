"""What can go wrong while the stack is put up, always with the place to look next."""

from __future__ import annotations

from pathlib import Path

from pipeline.kafka.log_end import tail_of


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

"""Keeps an outage from flooding the log: what is said again and again is said a few times, then summed up.

A Kafka client without a broker logs a hundred lines a second that all mean the same (``Unable connect to node ...``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

BURST = 3
"""Lines of one kind that pass within a window."""

WINDOW_S = 30.0

_MOST_KINDS = 1_000
"""Kinds that are remembered at once; a library that puts values into its texts would make ever new ones."""

_LIBRARIES = ("aiokafka", "faust", "mode", "asyncio", "httpx", "httpcore", "uvicorn")


class RepeatFilter(logging.Filter):
    """Lets ``BURST`` lines of one kind pass in each window; the next one to pass says how many were left out.

    A kind is a logger and a message before its values are filled in. Concerned are warnings of ours, and what
    libraries say from warnings on. What is below a warning, and our own errors, always pass.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line passes (called by logging for each)."""
        library = record.name.partition(".")[0] in _LIBRARIES
        if record.levelno < logging.WARNING or (record.levelno > logging.WARNING and not library):
            return True
        text = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
        kind = self._kind((record.name, str(text)))
        left_out = kind.passes(self._clock())
        if left_out is None:
            return False
        if left_out:
            self._say(record, left_out)
        return True

    def _kind(self, key: tuple[str, str]) -> _Kind:
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            kind = self._kinds[key] = _Kind(self._clock())
        return kind

    @staticmethod
    def _say(record: logging.LogRecord, left_out: int) -> None:
        if isinstance(record.msg, dict):
            record.msg = {**record.msg, "left_out": left_out}
        else:
            record.left_out = left_out  # becomes a field of the line


class _Kind:
    """How often a kind was said in the present window."""

    __slots__ = ("_left_out", "_passed", "_since")

    def __init__(self, now: float) -> None:
        self._since = now
        self._passed = 0
        self._left_out = 0

    def passes(self, now: float) -> int | None:
        """Count a line; return how many were left out before it, ``None`` when it is left out itself."""
        if now - self._since > WINDOW_S:
            self._since, self._passed = now, 0
        if self._passed >= BURST:
            self._left_out += 1
            return None
        self._passed += 1
        left_out, self._left_out = self._left_out, 0
        return left_out

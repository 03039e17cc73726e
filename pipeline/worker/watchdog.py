"""A thread that ends a process which makes no progress: an event loop that hangs cannot end itself."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable

import structlog

from pipeline.worker.exit_codes import ExitCode

_LOG_WITHIN_S = 1.0
"""A loop that hangs in a write to a full pipe holds the log's lock: the process ends without a last line then."""

_LATE_BEATS = 3
"""A pulse that misses so many beats may be a loop that hangs, which makes every check look stalled."""

log = structlog.get_logger(__name__)


class Watchdog:
    """Watches a loop's pulse and a list of checks; at the end, that the process really ends.

    Args:
        timeout: seconds without progress after which the process is ended.
        checks: each gives a reason when something has made no progress for ``timeout`` seconds, else ``None``.
        end: ends the process; must not return. The default skips all clean-up: nothing half-done is acknowledged.
        clock: monotonic seconds, which go on while the process is frozen.
    """

    def __init__(
        self,
        timeout: float,
        checks: list[Callable[[float], str | None]],
        *,
        end: Callable[[int], None] = os._exit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._checks = checks
        self._end = end
        self._clock = clock
        self._interval = min(1.0, timeout / 10)
        self._pulse_at = clock()
        self._looked_at = clock()
        self._excused_until = 0.0
        self._last: tuple[float, int] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching; call from inside the loop to be watched."""
        self._pulse_at = self._looked_at = self._clock()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def leave_within(self, seconds: float, code: int) -> None:
        """Stop looking for stalls; from now on the process has so many seconds to leave by itself with a code.

        Faust's threads are no daemons, and a client that waits for a broker may not let go: without this a process
        that is done could stay for ever.
        """
        self._last = self._clock() + seconds, code

    async def pulse(self) -> None:
        """Beat until cancelled."""
        while True:
            self._pulse_at = self._clock()
            await asyncio.sleep(self._interval)

    def stalled(self) -> str | None:
        """Why the process makes no progress, or ``None``."""
        silent = self._clock() - self._pulse_at
        if silent > self._timeout:
            return f"the event loop did not turn for {self._timeout:g} s"
        if self._clock() < self._excused_until or silent > self._interval * _LATE_BEATS:
            return None
        return next((reason for check in self._checks if (reason := check(self._timeout)) is not None), None)

    def look(self) -> None:
        """Look once, and end the process if it has to be ended. The thread does this all the time."""
        now = self._clock()
        frozen, self._looked_at = now - self._looked_at > self._interval * 5, now
        if self._last is not None:
            if now > self._last[0]:
                self._end(self._last[1])
            return
        if frozen:  # the whole process, this thread too: everything gets its time anew
            self._pulse_at, self._excused_until = now, now + self._timeout
        reason = self.stalled()
        if reason is not None:
            try:
                _say(lambda: log.critical("worker_stalled", reason=reason, exit_code=int(ExitCode.STALLED)))
            finally:
                self._end(ExitCode.STALLED)

    def _watch(self) -> None:
        while True:
            time.sleep(self._interval)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a watchdog that dies of what it sees guards nothing
                with contextlib.suppress(RuntimeError):  # no thread can be started: nor of what it cannot say
                    _say(functools.partial(log.error, "watchdog_check_failed", exc_info=error))


def _say(write: Callable[[], object]) -> None:
    """Log from another thread, and wait for it only so long."""
    saying = threading.Thread(target=write, name="watchdog-log", daemon=True)
    saying.start()
    saying.join(_LOG_WITHIN_S)

"""A thread that ends a process which makes no progress: an event loop that hangs cannot end itself."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

import structlog

from pipeline.worker.exit_codes import ExitCode

log = structlog.get_logger(__name__)


class Watchdog:
    """Watches a loop's pulse and a list of checks.

    Args:
        timeout: seconds without progress after which the process is ended.
        checks: each gives a reason when something has made no progress for ``timeout`` seconds, else ``None``.
        end: ends the process; must not return. The default skips all clean-up: nothing half-done is acknowledged.
    """

    def __init__(
        self,
        timeout: float,
        checks: list[Callable[[float], str | None]],
        *,
        end: Callable[[int], None] = os._exit,
    ) -> None:
        self._timeout = timeout
        self._checks = checks
        self._end = end
        self._pulse_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching; call from inside the loop to be watched."""
        self._pulse_at = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    async def pulse(self) -> None:
        """Beat until cancelled."""
        while True:
            self._pulse_at = time.monotonic()
            await asyncio.sleep(min(1.0, self._timeout / 10))

    def stalled(self) -> str | None:
        """Why the process makes no progress, or ``None``."""
        if time.monotonic() - self._pulse_at > self._timeout:
            return f"the event loop did not turn for {self._timeout:g} s"
        return next((reason for check in self._checks if (reason := check(self._timeout)) is not None), None)

    def _watch(self) -> None:
        interval = min(1.0, self._timeout / 10)
        ticked_at = time.monotonic()
        while not self._stopped.wait(interval):
            now = time.monotonic()
            if now - ticked_at > interval * 5:  # the whole process was frozen: let the loop turn first
                self._pulse_at = now
            ticked_at = now
            reason = self.stalled()
            if reason is not None:
                log.critical("worker_stalled", reason=reason, exit_code=int(ExitCode.STALLED))
                self._end(ExitCode.STALLED)

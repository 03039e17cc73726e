"""The pause that one answer asks of all calls: 429 with ``Retry-After``, or a key that is refused."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.effects.calls import Failed, Result

CREDENTIALS_PAUSE_S = 5.0
"""How long nothing is called after the API refused our key; then a few calls try again."""

LONGEST_PAUSE_S = 3_600.0


class Gate:
    """Open, or closed until a time. Shared by all calls of a worker."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opens_at = 0.0

    def closed_for(self) -> float:
        """Seconds until calls may go on; 0 when they may."""
        return max(0.0, self._opens_at - self._clock())

    def note(self, result: Result) -> None:
        """Close for as long as a result asks for."""
        if not isinstance(result, Failed):
            return
        if result.fault == "throttled" and result.retry_after:
            pause = min(result.retry_after, LONGEST_PAUSE_S)
        elif result.fault == "credentials":
            pause = max(CREDENTIALS_PAUSE_S, min(result.retry_after or 0.0, LONGEST_PAUSE_S))
        else:
            return
        self._opens_at = max(self._opens_at, self._clock() + pause)

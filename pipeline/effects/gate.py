"""The pause that an answer asks of all calls of the API: 429 with ``Retry-After``, or a key that is refused."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.effects.calls import Failed, Result

CREDENTIALS_PAUSE_S = 5.0
"""How long nothing is called after the API refused our key; then a few calls try again."""

LONGEST_PAUSE_S = 3_600.0


FORBIDDEN_IN_A_ROW = 3
"""So many different requests that are not allowed (403, ...), and no success between them, speak against the key."""


class Gate:
    """Open, or closed until a time. Shared by all calls of a worker.

    What closes it: a 429 that says for how long (by ``Retry-After``, or by a window that is used up), a 401, or
    :data:`FORBIDDEN_IN_A_ROW`. One request that is not allowed holds up no other: it waits by itself.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opens_at = 0.0
        self._forbidden: set[str] = set()

    def closed_for(self) -> float:
        """Seconds until calls may go on; 0 when they may."""
        return max(0.0, self._opens_at - self._clock())

    def note(self, request_id: str, result: Result) -> None:
        """Close for as long as the result of a request's call asks for."""
        if not isinstance(result, Failed):
            self._forbidden.clear()
            return
        if result.fault == "throttled" and result.retry_after:
            pause = min(result.retry_after, LONGEST_PAUSE_S)
        elif result.fault == "credentials" and (result.key_refused or self._is_common(request_id)):
            pause = max(CREDENTIALS_PAUSE_S, min(result.retry_after or 0.0, LONGEST_PAUSE_S))
        else:
            return
        self._opens_at = max(self._opens_at, self._clock() + pause)

    def _is_common(self, request_id: str) -> bool:
        """Whether the refusals of late are no single request's."""
        if len(self._forbidden) < FORBIDDEN_IN_A_ROW:
            self._forbidden.add(request_id)
        return len(self._forbidden) >= FORBIDDEN_IN_A_ROW

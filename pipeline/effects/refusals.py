"""Which requests' results the broker refuses: found one result a transaction, then held back so that others go on."""

from __future__ import annotations

from collections.abc import Callable

CAREFUL_S = 60.0
"""For so long after a refusal each result of the partition gets a transaction of its own."""

TRIES = 3
"""A refusal may be another record's fault. After so many in a row for one request, it is its own."""

_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 300.0


class Refusals:
    """Of one partition, over its ledgers: what was refused, in memory only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._careful_until = 0.0
        self._counts: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    @property
    def careful(self) -> bool:
        """Whether results are to be applied one a transaction."""
        return bool(self._counts) or self._clock() < self._careful_until

    def happened(self) -> None:
        """A transaction of the partition was refused; nobody knows whose record it was."""
        self._careful_until = self._clock() + CAREFUL_S

    def refused(self, request_id: str) -> float:
        """A transaction with one request's result was refused. Returns for how many seconds the request is held."""
        self.happened()
        count = self._counts[request_id] = self._counts.get(request_id, 0) + 1
        if count < TRIES:
            return 0.0
        pause = float(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(count - TRIES, 10)))
        self._not_before[request_id] = self._clock() + pause
        return pause

    def accepted(self, request_id: str) -> None:
        """A request's result is in Kafka."""
        self._counts.pop(request_id, None)
        self._not_before.pop(request_id, None)

    def held_for(self, request_id: str) -> float:
        """Seconds until a request may be tried again."""
        return max(0.0, self._not_before.get(request_id, 0.0) - self._clock())

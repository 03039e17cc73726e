"""The request budget of an API key: so many requests an hour, told in headers on every answer."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from pipeline.simulator.answers import ApiError, Headers

UNLIMITED = 1_000_000_000
"""What the headers say for a plan without limit."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The budget after a request: `reset_at` in unix seconds is when the next requests are free."""

    limit: int | None
    remaining: int
    reset_at: float
    allowed: bool = True

    def headers(self) -> Headers:
        """Return the X-RateLimit-* headers."""
        limit = UNLIMITED if self.limit is None else self.limit
        return rate_headers(str(limit), str(self.remaining), str(math.ceil(self.reset_at)))

    def refusal(self, now: float) -> ApiError:
        """Return the 429 for a request that is not allowed."""
        wait = max(1, math.ceil(self.reset_at - now))
        return ApiError(
            429,
            "rate_limit_exceeded",
            "too many requests in this hour",
            {"limit": self.limit, "retry_after": wait},
            ((b"retry-after", str(wait).encode()),),
        )


def rate_headers(limit: str, remaining: str, reset: str) -> Headers:
    """Return the three headers with whatever they are to say."""
    return (
        (b"x-ratelimit-limit", limit.encode()),
        (b"x-ratelimit-remaining", remaining.encode()),
        (b"x-ratelimit-reset", reset.encode()),
    )


@dataclass(slots=True)
class _Used:
    since: float = -math.inf
    count: int = 0
    times: deque[float] = field(default_factory=deque)


class HourlyBudget:
    """Counts requests by key, in windows of `hour_seconds` real seconds.

    A fixed window starts with the first request after the last window ended; a sliding one looks back
    from each request. Refused requests are not counted.
    """

    def __init__(self, hour_seconds: float, window: Literal["fixed", "sliding"]) -> None:
        self._hour = hour_seconds
        self._sliding = window == "sliding"
        self._used: dict[str, _Used] = {}

    def take(self, key: str, limit: int | None, now: float) -> Rate:
        """Count a request, if the budget allows it."""
        return self._look(key, limit, now, count=True)

    def peek(self, key: str, limit: int | None, now: float) -> Rate:
        """Return the budget without counting a request."""
        return self._look(key, limit, now, count=False)

    def _look(self, key: str, limit: int | None, now: float, *, count: bool) -> Rate:
        if limit is None:
            return Rate(None, UNLIMITED, now + self._hour)
        used = self._used.setdefault(key, _Used())
        self._expire(used, now)
        allowed = used.count < limit
        if count and allowed:
            if used.count == 0:
                used.since = now
            used.count += 1
            if self._sliding:
                used.times.append(now)
        oldest = used.times[0] if used.times else used.since
        reset_at = (oldest if used.count else now) + self._hour
        return Rate(limit, limit - used.count, reset_at, allowed)

    def _expire(self, used: _Used, now: float) -> None:
        if self._sliding:
            while used.times and used.times[0] <= now - self._hour:
                used.times.popleft()
            used.count = len(used.times)
        elif now >= used.since + self._hour:
            used.count = 0

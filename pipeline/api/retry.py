"""The one retry layer of the API client: full jitter, bounded in attempts and total time, honours the server's delay.

Our own loop, because the libraries at hand fix what must be a port here: stamina takes neither a clock nor a source
of randomness, and tenacity reads `time.monotonic` by itself. What is left is a dozen lines.
"""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol, TypeVar

import msgspec

from pipeline.api.errors import ApiError, HttpError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]


class Clock(Protocol):
    """Two readings of time; the standard module `time` is one such clock."""

    def time(self) -> float:
        """Unix seconds: what goes on the wire."""

    def monotonic(self) -> float:
        """Seconds that never run backwards: how long something took."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often and how long a call is tried.

    Attributes:
        attempts: at most so many, the first one counted.
        base_s: the first pause is drawn from 0 to this; each later range is twice as wide.
        cap_s: no range is wider.
        total_s: no new attempt starts, and none goes on, later than this after the call began.
    """

    attempts: int = 4
    base_s: float = 0.25
    cap_s: float = 10.0
    total_s: float = 60.0


async def call_with_retries(
    attempt: Callable[[float], Awaitable[T]],
    *,
    may_retry: Callable[[ApiError], bool],
    policy: RetryPolicy,
    clock: Clock,
    sleep: Sleep,
    random: Random,
) -> T:
    """Return the first success of `attempt`, which is given the seconds left for it.

    Raises:
        ApiError: the last error, with `attempts` set, once it may not be retried, the attempts are used up, or the
            next pause would not end in time. A long `Retry-After` therefore reaches the caller at once.
    """
    started = clock.monotonic()
    number = 1
    while True:
        left = policy.total_s - (clock.monotonic() - started)
        try:
            return await attempt(left)
        except ApiError as error:
            error.attempts = number
            pause = _pause(error, number=number, policy=policy, random=random)
            late = clock.monotonic() - started + pause >= policy.total_s
            if late or number >= policy.attempts or not may_retry(error):
                raise
        await sleep(pause)
        number += 1


def _pause(error: ApiError, *, number: int, policy: RetryPolicy, random: Random) -> float:
    widest = min(policy.cap_s, policy.base_s * 2.0 ** (number - 1))
    asked = error.retry_after if isinstance(error, HttpError) else None
    # jitter comes on top of what the server asked for, or a whole fleet would be back in the same second
    return (asked or 0.0) + random.uniform(0.0, widest)

"""Time as a port: everything in the simulator asks a clock that is passed in."""

import time
from collections.abc import Awaitable, Callable

Clock = Callable[[], float]
"""Returns unix seconds; never goes back."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


def system_clock() -> Clock:
    """Build a clock that shows unix seconds and never goes back.

    The wall clock is read once; what passes since is monotonic, so a clock step of the machine
    cannot make a highlight disappear again.
    """
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time set, in unix seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("time does not go back")
        self.now += seconds

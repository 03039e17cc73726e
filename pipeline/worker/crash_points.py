"""Chaos testing: a named place where the process kills itself, set by ``TLDR_CRASH_POINT=name[:n]`` (the n-th pass).

The places stand before and after every durable step; ``tests/chaos`` walks through all of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

CRASH_POINTS = (
    "before_intent",
    "after_intent",
    "before_post",
    "after_post",
    "before_read",
    "after_read",
    "before_commit",
    "after_commit",
    "before_offsets",
    "after_offsets",
    "before_open",
    "after_open",
    "before_close",
    "after_close",
)


def crash_points(setting: str | None) -> Callable[[str], None]:
    """Make the hook that the machinery calls at each place; without a setting it does nothing.

    Args:
        setting: ``name`` or ``name:n``.

    Raises:
        ValueError: no place has that name.
    """
    if not setting:
        return lambda _name: None
    name, _, nth = setting.partition(":")
    if name not in CRASH_POINTS:
        raise ValueError(f"no crash point {name!r}; there are {', '.join(CRASH_POINTS)}")
    left = int(nth or 1)

    def reach(place: str) -> None:
        nonlocal left
        if place == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach

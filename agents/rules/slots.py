"""Concurrent streams of the plan: once it is full, one submission at a time finds out whether a slot is free again.

A memory of this process, not a promise: after a restart the first refusal teaches it anew.
"""

from __future__ import annotations

from random import Random

from agents.policy import Policy

_QUEUE_STEP = 10
"""Waiting requests for which the pause of each grows by its first length, so that a long queue does not spin."""


class Slots:
    """What a worker knows about free slots, over all its partitions."""

    def __init__(self, policy: Policy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self._full = False
        self._next_try = 0.0

    def wait(self, now: float, queued: int) -> float:
        """Return 0 when a submission may be tried, which takes the turn; else seconds to wait before asking again.

        Args:
            now: unix seconds.
            queued: requests that wait in the same partition.
        """
        if not self._full:
            return 0.0
        if now >= self._next_try:
            self._next_try = now + self._policy.slot_retry_s
            return 0.0
        return self._policy.slot_retry_s * max(1.0, queued / _QUEUE_STEP) * self._random.uniform(0.5, 1.0)

    def refused(self, now: float) -> None:
        """The API said that all slots are in use."""
        self._full = True
        self._next_try = now + self._policy.slot_retry_s

    def taken(self, now: float) -> None:
        """A submission was accepted: the next one may find out at once whether there is another slot."""
        self._next_try = now

    def freed(self, now: float) -> None:
        """A stream of ours has ended: its slot is free."""
        self._next_try = now

"""When to call again: intervals that follow what a stream yields, and pauses after failures. Times are seconds."""

from __future__ import annotations

from random import Random

from agents.ledger_records import RequestState
from agents.policy import Policy
from pipeline.effects.calls import Failed

_CALMER, _DENSER = 1.5, 0.5
_RELUCTANT = 1.05
_TAIL_SHARE = 0.5
"""Of the time a stream will still take, the share after which it is looked at again."""


def jittered(seconds: float, policy: Policy, random: Random) -> float:
    """Return a delay that differs by the policy's share, so that a fleet does not fall into step."""
    return seconds * random.uniform(1 - policy.jitter, 1 + policy.jitter)


def next_interval(request: RequestState, brought: int, policy: Policy) -> float:
    """Return the next poll interval of a stream, before jitter.

    Args:
        request: ``interval`` is the last one; 0 before the first.
        brought: highlights that the last poll published.
        policy: the bounds.
    """
    if request.interval <= 0:
        return policy.poll_min_s
    # half as long when something came, half as long again when not: settles where a poll brings one highlight or two
    interval = request.interval * (_DENSER if brought > 1 else 1.0 if brought else _CALMER)
    return min(max(interval, policy.poll_min_s), policy.poll_max_s)


def near_the_end(before: RequestState, after: RequestState, interval: float, policy: Policy) -> float:
    """Return the interval, shortened when the stream's progress says that it will end within it."""
    seconds = after.status_at - before.status_at
    speed = (after.processed_s - before.processed_s) / seconds if seconds > 0 and before.status_at > 0 else 0.0
    if speed <= 0 or after.total_s is None:
        return interval
    left = max(0.0, after.total_s - after.processed_s) / speed
    if left > interval:
        return min(interval, max(policy.poll_min_s, left * _TAIL_SHARE))
    return max(policy.poll_min_s, left)


def backoff(failures: int, policy: Policy, random: Random, *, asked: float | None = None) -> float:
    """Return the pause after so many failures in a row; never shorter than the server asked for."""
    widest = min(policy.backoff_max_s, policy.backoff_min_s * 2.0 ** min(failures - 1, 30))
    return (asked or 0.0) + widest * random.uniform(0.5, 1.0)


def refused_pause(failures: int, failed: Failed, policy: Policy, random: Random) -> float:
    """Return the pause after ``credentials``, so many failures in a row.

    A key that is refused is tried again and again: the gate lets few calls out. Where only the request is not allowed,
    pauses grow, but so slowly that after a minute the next try is still less than ten seconds away: the cause may be
    the key all the same, and a new one has to be noticed.
    """
    shortest = policy.credentials_retry_s
    growth = 1.0 if failed.key_refused else _RELUCTANT ** min(failures - 1, 200)
    longest = max(shortest, policy.backoff_max_s)
    return jittered(max(min(longest, shortest * growth), failed.retry_after or 0.0), policy, random)

"""Holds notifications to the moments that were told: each once, those that are due, and no more than the budget has."""

from __future__ import annotations

from collections.abc import Sequence

from agents.policy import Policy
from schemas.records import Moment, Notification

_ROUNDING = 1e-3
"""Tokens by which two sums may differ: published times have microseconds."""


def judge_notices(
    moments: Sequence[Moment], notifications: Sequence[Notification], policy: Policy
) -> tuple[int, list[str]]:
    """Walk through the decisions of a tournament, each of which a revision of a moment shows.

    Args:
        moments: all records of its moments, in order.
        notifications: all that were sent, in order.
        policy: threshold and token bucket.

    Returns:
        How many moments were not notified of since there were too many, and what is wrong.
    """
    bucket = _Bucket(policy)
    decided: set[tuple[str, str]] = set()
    problems: list[str] = []
    sent = {(notice.moment_id, notice.moment_revision): notice for notice in notifications}
    if len({notice.moment_id for notice in notifications}) != len(notifications):
        problems.append("two notifications of one moment")
    for moment in moments:
        notice = sent.pop((moment.moment_id, moment.revision), None)
        members = {(view.request_id, view.highlight_id) for view in moment.points_of_view}
        is_decided = not decided.isdisjoint(members)
        due = not moment.withdrawn and not is_decided and moment.score >= policy.notify_above
        problems += _judge_one(bucket, moment, notice, due=due)
        if due or is_decided:
            decided |= members  # a highlight takes it along to whatever moment it belongs to later
    problems += [f"a notification of moment {name} revision {n}, which was never told" for name, n in sent]
    return bucket.suppressed, problems


class _Bucket:
    """The budget, as the times of decisions leave it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.tokens = float(policy.notify_burst)
        self.at = 0.0
        self.suppressed = 0

    def fill(self, now: float) -> None:
        """Let time pass."""
        waited = max(0.0, now - self.at)
        self.tokens = min(self._policy.notify_burst, self.tokens + waited * self._policy.notify_per_s)
        self.at = max(now, self.at)


def _judge_one(bucket: _Bucket, moment: Moment, notice: Notification | None, *, due: bool) -> list[str]:
    """Compare one decision with the budget at its time."""
    name = f"moment {moment.moment_id} revision {moment.revision}"
    if not due:
        return [] if notice is None else [f"{name} was notified, and was not to be"]
    bucket.fill(moment.published_at.timestamp())
    if notice is None:
        bucket.suppressed += 1
        return [f"{name} was not notified, with {bucket.tokens:.3f} tokens"] if bucket.tokens >= 1 + _ROUNDING else []
    problems = []
    if bucket.tokens < 1 - _ROUNDING:
        problems.append(f"{name} was notified, with {bucket.tokens:.3f} tokens")
    bucket.tokens -= 1.0
    clip = next((view.clip_url for view in moment.points_of_view if view.clip_url), None)
    if _shown(notice) != _shown(moment) or (notice.clip_url, notice.suppressed) != (clip, bucket.suppressed):
        problems.append(f"{name} was notified with another content")
    return problems


def _shown(record: Moment | Notification) -> list[object]:
    """What a notification repeats of its moment."""
    return [getattr(record, name) for name in _REPEATED]


_REPEATED = sorted(set(Moment.__struct_fields__) & set(Notification.__struct_fields__) - {"schema_version"})

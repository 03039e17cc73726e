"""The retry layer: full jitter, bounded in attempts and in time."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.errors import Ambiguous, ApiError, RateLimited, Told
from pipeline.api.retry import RetryPolicy, call_with_retries
from tests.unit.api.support import UNHURRIED, FakeClock

POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 8),
    base_s=st.floats(0.01, 2.0),
    cap_s=st.floats(0.01, 5.0),
    total_s=st.floats(0.1, 30.0),
)


def reset() -> ApiError:
    """Return an error that may be retried."""
    return Ambiguous("reset", method="GET", route="/streams/{id}")


async def run(
    clock: FakeClock, policy: RetryPolicy, error: ApiError, *, takes_s: float = 0.0, seed: int = 1
) -> list[float]:
    """Run a call that always fails; return the seconds that were left at each attempt."""
    left: list[float] = []

    async def attempt(left_s: float) -> None:
        left.append(left_s)
        clock.now += takes_s
        raise error

    with pytest.raises(type(error)):
        await call_with_retries(
            attempt,
            may_retry=lambda failed: failed.retryable,
            policy=policy,
            clock=clock,
            sleep=clock.sleep,
            random=Random(seed),
        )
    return left


@UNHURRIED
@given(policy=POLICIES, takes_s=st.floats(0.0, 3.0), seed=st.integers(0, 99))
async def test_bounds_hold_for_any_policy(policy: RetryPolicy, takes_s: float, seed: int) -> None:
    """Never more attempts than allowed, no pause beyond its range, and every attempt starts in time."""
    clock = FakeClock()
    left = await run(clock, policy, reset(), takes_s=takes_s, seed=seed)
    assert 1 <= len(left) <= policy.attempts
    assert all(seconds > 0 for seconds in left)
    for number, pause in enumerate(clock.slept):
        assert 0 <= pause <= min(policy.cap_s, policy.base_s * 2**number)


async def test_pauses_are_drawn_from_the_whole_range() -> None:
    """Full jitter: pauses differ between clients, and come close to both ends of the range."""
    pauses: list[float] = []
    for seed in range(200):
        clock = FakeClock()
        await run(clock, RetryPolicy(attempts=2, base_s=1.0), reset(), seed=seed)
        pauses += clock.slept
    assert min(pauses) < 0.05
    assert max(pauses) > 0.95


async def test_attempts_are_told_what_time_is_left() -> None:
    """Each attempt gets the rest of the total, so that a slow one cannot overrun it."""
    left = await run(FakeClock(), RetryPolicy(attempts=3, base_s=0.0, total_s=10.0), reset(), takes_s=4.0)
    assert left == [10.0, 6.0, 2.0]


async def test_fleet_does_not_come_back_in_the_same_second() -> None:
    """After one `Retry-After`, two clients return at different moments, neither of them early."""
    told = RateLimited(method="GET", route="/usage", status=429, headers={}, told=Told(), retry_after=5.0)
    pauses: set[float] = set()
    for seed in (1, 2):
        clock = FakeClock()
        await run(clock, RetryPolicy(attempts=2), told, seed=seed)
        pauses.update(clock.slept)
    assert len(pauses) == 2
    assert min(pauses) >= 5.0

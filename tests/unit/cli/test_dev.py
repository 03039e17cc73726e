"""What ``highlights dev`` decides while it keeps a stack up."""

from __future__ import annotations

import pytest

from pipeline.cli.dev_run import Lives


@pytest.mark.parametrize(
    ("lives_s", "killed", "hopeless"), [(1.0, False, True), (20.0, False, False), (1.0, True, False)]
)
def test_only_a_worker_that_cannot_live_is_given_up(*, lives_s: float, killed: bool, hopeless: bool) -> None:
    """Quick ends of its own are counted; the kills of --kill-every are not, however soon they come."""
    now = 0.0
    lives = Lives(lambda: now)
    given_up = []
    for _ in range(5):
        lives.started(1)
        now += lives_s
        if killed:
            lives.killed(1)
        given_up.append(lives.is_hopeless(1))
    assert any(given_up) is hopeless


def test_a_kill_of_ours_excuses_one_end() -> None:
    """A worker that we killed once and that then ends by itself again and again is given up all the same."""
    lives = Lives(lambda: 0.0)
    lives.started(1)
    lives.killed(1)
    assert [lives.is_hopeless(1) for _ in range(4)] == [False, False, False, True]

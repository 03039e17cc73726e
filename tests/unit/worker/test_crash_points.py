"""Crash points: named, counted, and off unless asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.worker.crash_points import CRASH_POINTS, crash_points


@pytest.mark.parametrize("setting", [None, ""])
def test_without_a_setting_every_place_is_passed(setting: str | None) -> None:
    """Production passes them all."""
    reach = crash_points(setting)
    for place in CRASH_POINTS:
        reach(place)


def test_a_name_that_is_no_place_is_refused() -> None:
    """A misspelt one would let a chaos test pass without a crash."""
    with pytest.raises(ValueError, match="no crash point 'before_lunch'; there are before_intent"):
        crash_points("before_lunch")


@pytest.mark.parametrize(("setting", "passes"), [("after_post", 1), ("after_post:3", 3)])
def test_the_process_dies_at_the_nth_pass(setting: str, passes: int) -> None:
    """By SIGKILL, so that no handler and no clean-up runs."""
    program = (
        "import sys; from pipeline.worker.crash_points import crash_points\n"
        f"reach = crash_points({setting!r})\n"
        "for n in range(1, 10):\n"
        "    reach('before_post'); sys.stdout.write(str(n)); sys.stdout.flush(); reach('after_post')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert done.returncode == -9
    assert done.stdout.decode() == "".join(map(str, range(1, passes + 1)))

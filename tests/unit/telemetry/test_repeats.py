"""What is said again and again is said a few times, then summed up; what matters is never left out."""

from __future__ import annotations

import logging

import pytest

from pipeline.telemetry.repeats import BURST, WINDOW_S, RepeatFilter


class Log:
    """A filter, its clock, and what passed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.filter = RepeatFilter(clock=lambda: self.now)
        self.passed: list[logging.LogRecord] = []

    def say(self, message: str, *values: object, name: str = "aiokafka.client", level: int = logging.ERROR) -> bool:
        """Log a line; return whether it passed."""
        record = logging.LogRecord(name, level, __file__, 1, message, values, None)
        passed = self.filter.filter(record)
        if passed:
            self.passed.append(record)
        return passed


@pytest.fixture
def log() -> Log:
    """A fresh one."""
    return Log()


def test_a_hundred_lines_that_mean_the_same_become_a_few(log: Log) -> None:
    """Whatever values stand in them; the next one after the window says how many were left out."""
    said = [log.say("Unable connect to node with id %s: %s", n, "refused") for n in range(100)]
    assert said.count(True) == BURST
    log.now = WINDOW_S + 1
    assert log.say("Unable connect to node with id %s: %s", 1, "refused")
    assert vars(log.passed[-1])["left_out"] == 100 - BURST


def test_lines_of_different_kinds_do_not_push_each_other_out(log: Log) -> None:
    """A flood of one does not hide the first of another."""
    for _ in range(100):
        log.say("Unable connect")
    assert log.say("Marking the coordinator dead (node %s)", 1, level=logging.WARNING)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("aiokafka.client", logging.INFO),
        ("pipeline.worker.worker", logging.INFO),
        ("pipeline.worker.worker", logging.ERROR),
        ("pipeline.worker.watchdog", logging.CRITICAL),
    ],
)
def test_our_errors_and_everything_below_a_warning_always_pass(log: Log, name: str, level: int) -> None:
    """They are rare, or asked for by the log level."""
    assert all(log.say("the same again", name=name, level=level) for _ in range(100))


def test_our_warnings_are_summed_up_by_their_event(log: Log) -> None:
    """With the API away each call fails: a few lines and a count say so. A structlog event arrives as a mapping."""
    records = [
        logging.LogRecord(
            "pipeline.effects.runner", logging.WARNING, __file__, 1, {"event": "call_failed", "n": n}, (), None
        )
        for n in range(10)
    ]
    assert [log.filter.filter(record) for record in records].count(True) == BURST


def test_memory_is_bounded(log: Log) -> None:
    """A library that puts values into its texts cannot fill ours."""
    for n in range(5_000):
        log.say(f"request {n} failed")
    assert len(log.filter._kinds) <= 1_000

"""The watchdog, on a clock of the test's own: when it ends a process, and when it must not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from pipeline.worker.exit_codes import ExitCode
from pipeline.worker.watchdog import Watchdog

TIMEOUT_S = 10.0


class Room:
    """A watchdog, its clock, and the exit code it ended the process with."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reason: str | None = None
        self.ended: list[int] = []
        self.dog = Watchdog(TIMEOUT_S, [lambda _timeout: self.reason], end=self.ended.append, clock=lambda: self.now)

    def pass_time(self, seconds: float, *, beating: bool = True) -> None:
        """Let time pass in the watchdog's own steps."""
        until = self.now + seconds
        while self.now < until and not self.ended:
            self.now += 1.0
            if beating:
                self.dog._pulse_at = self.now
            self.dog.look()


@pytest.fixture
def room() -> Room:
    """A watchdog that has just begun."""
    return Room()


def test_a_process_that_moves_is_left_alone(room: Room) -> None:
    """However long it runs."""
    room.pass_time(TIMEOUT_S * 20)
    assert room.ended == []


def test_a_loop_that_stands_still_is_ended_after_the_timeout(room: Room) -> None:
    """With the code for a stall, not sooner and not much later."""
    room.pass_time(TIMEOUT_S, beating=False)
    assert room.ended == []
    room.pass_time(2.0, beating=False)
    assert room.ended == [ExitCode.STALLED]


def test_a_check_that_gives_a_reason_ends_the_process(room: Room) -> None:
    """The loop may turn and still nothing moves."""
    room.reason = "a batch was not applied"
    room.pass_time(1.0)
    assert room.ended == [ExitCode.STALLED]


def test_a_loop_that_hangs_is_blamed_for_what_it_holds_up(room: Room) -> None:
    """Its checks look stalled a moment before its pulse does; the reason given is the loop all the same."""
    room.pass_time(TIMEOUT_S / 2, beating=False)
    room.reason = "nothing was fetched"
    reasons = [room.dog.stalled()]
    while not room.ended:
        room.pass_time(1.0, beating=False)
        reasons.append(room.dog.stalled())
    assert {reason for reason in reasons if reason} == {f"the event loop did not turn for {TIMEOUT_S:g} s"}


def test_a_process_that_was_frozen_gets_a_whole_timeout_anew(room: Room) -> None:
    """After SIGCONT everything looks late, the checks too; what is really stuck is found a timeout later."""
    room.now += TIMEOUT_S * 10
    room.reason = "nothing was fetched"
    room.dog.look()
    assert room.dog.stalled() is None
    room.pass_time(TIMEOUT_S - 1)
    assert room.ended == []
    room.pass_time(2.0)
    assert room.ended == [ExitCode.STALLED]


def test_a_process_that_does_not_leave_in_time_is_ended_with_its_code(room: Room) -> None:
    """Once it leaves, a stall is none any more; what holds it up cannot hold it for ever."""
    room.dog.leave_within(5.0, ExitCode.DRAIN)
    room.reason = "nothing was fetched"
    room.pass_time(5.0, beating=False)
    assert room.ended == []
    room.pass_time(1.0, beating=False)
    assert room.ended == [ExitCode.DRAIN]


class Stuck(logging.Handler):
    """A handler whose stream takes nothing, as a pipe that nobody reads; whoever writes holds the handler's lock."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = threading.Event()

    def emit(self, _record: logging.LogRecord) -> None:
        """Wait for a reader."""
        self.unread.wait()


@pytest.fixture
def stuck_log() -> Iterator[None]:
    """The log goes through a handler that blocks, and another thread hangs in it already."""
    handler, before = Stuck(), structlog.get_config()
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addHandler(handler)
    hanging = threading.Thread(target=logging.getLogger().error, args=("nobody reads this",), daemon=True)
    hanging.start()
    yield
    logging.getLogger().removeHandler(handler)
    structlog.configure(**before)
    handler.unread.set()
    hanging.join()


@pytest.mark.usefixtures("stuck_log")
def test_a_log_that_blocks_does_not_keep_a_process_alive(room: Room) -> None:
    """The loop may hang in that very log: the process ends all the same, with one second's delay."""
    looking = threading.Thread(target=room.pass_time, args=(TIMEOUT_S * 2,), kwargs={"beating": False}, daemon=True)
    looking.start()
    looking.join(5.0)
    assert room.ended == [ExitCode.STALLED]


@pytest.mark.usefixtures("stuck_log")
def test_a_log_that_blocks_does_not_blind_the_watchdog() -> None:
    """It cannot tell of a check that failed, and looks on."""
    looks, third = 0, threading.Event()

    def broken(_timeout: float) -> str | None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise ValueError
        third.set()
        threading.Event().wait()  # its thread is a daemon: this is its end
        return None

    Watchdog(1.0, [broken], end=lambda _code: None, clock=lambda: 0.0).start()
    assert third.wait(10.0)

"""The watchdog ends a process that makes no progress, and no other."""

import asyncio
import threading
import time
from collections.abc import Callable

from pipeline.worker.exit_codes import ExitCode
from pipeline.worker.watchdog import Watchdog


class Ended:
    """In place of the end of the process: notes the code."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.event = threading.Event()

    def __call__(self, code: int) -> None:
        self.codes.append(code)
        self.event.set()


def watchdog(ended: Ended, *checks: Callable[[float], str | None]) -> Watchdog:
    """A watchdog with a patience of a third of a second."""
    return Watchdog(0.3, list(checks), end=ended)


async def test_a_loop_that_turns_is_left_alone() -> None:
    """While the loop turns and every check is content, nothing ends, and the health check says so."""
    ended = Ended()
    dog = watchdog(ended, lambda _timeout: None)
    beating = asyncio.create_task(dog.pulse())
    dog.start()
    await asyncio.sleep(0.8)
    assert dog.stalled() is None
    dog.stop()
    beating.cancel()
    assert ended.codes == []


async def test_a_blocked_loop_ends_the_process() -> None:
    """Rule 7: a loop that does not turn for the timeout is ended from outside, with the exit code for a stall."""
    ended = Ended()
    dog = watchdog(ended)
    beating = asyncio.create_task(dog.pulse())
    dog.start()
    await asyncio.sleep(0)
    until = time.monotonic() + 5
    while not ended.event.is_set() and time.monotonic() < until:
        time.sleep(0.01)  # noqa: ASYNC251 - blocking the loop is what is tested
    dog.stop()
    beating.cancel()
    assert ended.codes[:1] == [ExitCode.STALLED]


async def test_a_check_that_fails_ends_the_process() -> None:
    """A turning loop is not enough: work without progress ends the process too, and health says why."""
    ended = Ended()
    dog = watchdog(ended, lambda timeout: f"nothing for {timeout:g} s")
    beating = asyncio.create_task(dog.pulse())
    dog.start()
    assert await asyncio.to_thread(ended.event.wait, 5)
    assert dog.stalled() == "nothing for 0.3 s"
    dog.stop()
    beating.cancel()
    assert ended.codes[0] == ExitCode.STALLED

"""Running a coroutine as a command: Ctrl-C and SIGTERM cancel it, so that it can clean up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
TERMINATED = 128 + signal.SIGTERM
"""Exit code after SIGTERM, as a shell has it."""


class Interrupted(Exception):
    """Ctrl-C, after the command has cleaned up; the text says what goes on without it.

    An error of our own: typer makes a silent exit of a KeyboardInterrupt, and nobody is told.
    """


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end.

    Raises:
        Interrupted: after Ctrl-C, once it has cleaned up.
        SystemExit: with ``TERMINATED`` after SIGTERM, likewise.
    """
    terminated = False

    async def guarded() -> T:
        nonlocal terminated
        task = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            if task is not None and not terminated:  # told twice, it goes on cleaning up
                task.cancel()
            terminated = True

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await main

    runner = asyncio.Runner()
    try:
        return runner.run(guarded())
    except KeyboardInterrupt:
        raise Interrupted from None
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(TERMINATED) from None
        raise
    finally:
        # what still ends, ends: torn apart it would only complain
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        runner.close()
        signal.signal(signal.SIGINT, before)


class _LastWords(logging.Handler):
    """Keeps the last few things a library logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        cause = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if isinstance(cause, BaseException) and not str(cause):
            line += repr(cause)  # 'Unable connect to "broker:9092": ' says nothing about why
        if line not in self.lines:
            self.lines.append(line)
            del self.lines[:-3]


@contextlib.contextmanager
def quiet(*loggers: str) -> Iterator[list[str]]:
    """Keep libraries from writing over our output; yields what they said last, for an error's details."""
    handler = _LastWords()
    found = [logging.getLogger(name) for name in loggers]
    before = [(logger.propagate, logger.level) for logger in found]
    for logger in found:
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        for logger, (propagate, _) in zip(found, before, strict=True):
            logger.propagate = propagate
            logger.removeHandler(handler)

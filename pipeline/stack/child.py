"""One child process of the stack: started, killed, frozen, started again, and ended however this program dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.kafka.errors import EmbeddedKafkaError
from pipeline.kafka.guarded import GuardedProcess
from pipeline.stack.errors import StackError


class Child:
    """A command with a log of its own, under a guardian that ends it when this program is gone.

    Attributes:
        name: for people.
        log_file: its output, appended over all its lives.
        starts: how often it was started.
    """

    def __init__(self, name: str, command: Sequence[str], log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        self.starts = 0
        self._command = tuple(command)
        self._process: GuardedProcess | None = None
        self._log_from = 0
        self._guarded = False

    @property
    def pid(self) -> int:
        """Process id of its present or latest life; 0 before the first."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """Whether it is alive."""
        return self._process is not None and self._process.exit_code() is None

    def exit_code(self) -> int | None:
        """Return how it ended (negative: by that signal); None while it runs or before its first start."""
        return self._process.exit_code() if self._process else None

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start it; a former life must be over.

        Raises:
            StackError: it cannot be executed, or runs already.
        """
        if self.is_running:
            raise StackError(f"{self.name} runs already (pid {self.pid})", self.log_file)
        await self._let_go()
        self._log_from = self.log_file.stat().st_size if self.log_file.exists() else 0
        try:
            self._process = await GuardedProcess.launch(
                self._command,
                log_file=self.log_file,
                lock_file=self.log_file.with_suffix(".lock"),  # two programs on one folder would mix their logs
                environment=environment,
                timeout=20.0,
            )
        except EmbeddedKafkaError as error:
            raise StackError(f"{self.name}: {error}", self.log_file) from error
        self._guarded = True
        self.starts += 1

    async def stop(self, grace: float = 30.0) -> int | None:
        """Ask it to end (SIGTERM), kill it after ``grace`` seconds; return its exit code."""
        if self._process is None:
            return None
        if self.is_running:
            self.resume()  # a frozen process cannot obey
            await self._process.terminate(grace)
        if self._guarded:
            self._guarded = False
            await self._process.stop(0.0)
        return self._process.exit_code()

    async def kill(self) -> None:
        """End it at once with SIGKILL, as the kernel or a dead machine would."""
        if self._process is not None:
            await self._process.kill()

    def freeze(self) -> None:
        """Stop its clock with SIGSTOP; see :meth:`resume`."""
        if self.is_running:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen child go on."""
        if self.is_running:
            os.kill(self.pid, signal.SIGCONT)

    async def wait(self, timeout: float) -> int | None:
        """Return its exit code once it has ended, or None if it still runs after ``timeout`` seconds."""
        return await self._process.wait(timeout) if self._process else None

    def output(self) -> bytes:
        """Return what its present life has printed so far."""
        if not self.log_file.exists():
            return b""
        with self.log_file.open("rb") as file:
            file.seek(self._log_from)
            return file.read()

    async def _let_go(self) -> None:
        if self._process is not None and self._guarded:
            self._guarded = False
            await self._process.keep_scratch()  # the guardian of a finished life leaves

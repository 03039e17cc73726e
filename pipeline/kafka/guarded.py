"""The program's end of `guardian.py`: a child process that cannot outlive us."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

import psutil

from pipeline.kafka.errors import EmbeddedKafkaError

_GUARDIAN = Path(__file__).with_name("guardian.py")
_LOOK_EVERY_S = 0.02


class GuardedProcess:
    """A command running under a guardian. Bound to no event loop: any loop of the process may use it.

    Attributes:
        pid: Process id of the command itself (not of the guardian).
    """

    def __init__(self, guardian: "subprocess.Popen[bytes]") -> None:
        self.pid = 0
        self._guardian = guardian
        self._stdin = cast("IO[bytes]", guardian.stdin)
        self._stdout = cast("IO[bytes]", guardian.stdout)
        self._unread = b""
        self._exit_code: int | None = None
        self._command: psutil.Process | None = None
        self._failure: str | None = None
        os.set_blocking(self._stdout.fileno(), False)

    @classmethod
    async def launch(
        cls,
        command: Sequence[str],
        *,
        log_file: Path,
        lock_file: Path,
        scratch: Path | None = None,
        environment: Mapping[str, str],
        timeout: float = 10.0,
    ) -> "GuardedProcess":
        """Start `command`; its output goes to the end of `log_file`.

        Args:
            command: Program and arguments.
            log_file: Created if missing.
            lock_file: Held while the command lives, even if its guardian does not; another command cannot take it.
            scratch: A folder the guardian removes at the end, unless `keep_scratch` was called.
            environment: The whole environment of the command.
            timeout: Seconds until the guardian must have answered.

        Raises:
            EmbeddedKafkaError: The command could not be executed, the lock was taken, or the guardian did not answer.
        """
        options = ["--parent", str(os.getpid()), "--log", str(log_file), "--lock", str(lock_file)]
        if scratch is not None:
            options += ["--scratch", str(scratch)]
        guardian = subprocess.Popen(  # noqa: ASYNC220, S603 - a fork and exec, milliseconds; our own script
            [sys.executable, "-I", "-S", str(_GUARDIAN), *options, "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=dict(environment),
        )
        process = cls(guardian)
        try:
            await process._wait(lambda: process.pid > 0 or process._failure is not None, timeout)
        except BaseException:
            process._close()
            raise
        if process.pid == 0:
            process._close()
            raise EmbeddedKafkaError(f"cannot run {command[0]}: {process._failure or 'its guardian did not answer'}")
        return process

    def exit_code(self) -> int | None:
        """Return the command's exit code (negative: ended by that signal), or None while it runs."""
        self._listen()
        return self._exit_code

    async def wait(self, timeout: float) -> int | None:
        """Return the command's exit code once it has ended, or None if it still runs after `timeout` seconds."""
        await self._wait(lambda: self._exit_code is not None, timeout)
        return self._exit_code

    async def terminate(self, timeout: float) -> int | None:
        """Ask the command to end and return its exit code, None after `timeout` seconds; the scratch folder stays."""
        self._send("term")
        return await self.wait(timeout)

    async def stop(self, grace: float) -> None:
        """Ask the command to end, kill it after `grace` seconds, and remove the scratch folder."""
        self._send(f"stop {grace}")
        await self._leave(grace + 10.0)

    async def kill(self, timeout: float = 10.0) -> None:
        """Kill the command at once; scratch folder and guardian stay until `stop` or `keep_scratch`."""
        self._send("kill")
        if self._guardian.poll() is not None:
            await self._kill_unguarded()
        await self._wait(lambda: self._exit_code is not None, timeout)

    async def keep_scratch(self) -> None:
        """Let go of a command that ended, and leave its scratch folder to its successor."""
        self._send("keep")
        await self._leave(10.0)

    async def _leave(self, timeout: float) -> None:
        await self._wait(lambda: self._guardian.poll() is not None, timeout)
        if self._exit_code is None:
            await self._kill_unguarded()  # the guardian itself was killed, or hangs
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guardian.wait(5.0)
        self._listen()
        self._stdout.close()

    async def _kill_unguarded(self) -> None:
        if self._command is not None:
            with contextlib.suppress(psutil.Error):
                self._command.kill()  # refuses if the pid belongs to another process by now
                await asyncio.to_thread(self._command.wait, 5.0)
        self._exit_code = -signal.SIGKILL

    def _send(self, word: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(word.encode() + b"\n")
            self._stdin.flush()

    async def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            self._listen()
            if condition() or self._guardian.poll() is not None or time.monotonic() > deadline:
                self._listen()
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _listen(self) -> None:
        """Take in what the guardian has said so far."""
        if self._stdout.closed:
            return
        with contextlib.suppress(BlockingIOError):
            while received := os.read(self._stdout.fileno(), 4096):
                self._unread += received
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            name, _, argument = line.decode().partition(" ")
            if name == "started":
                self.pid = int(argument)
                with contextlib.suppress(psutil.NoSuchProcess):
                    self._command = psutil.Process(self.pid)
            elif name == "failed":
                self._failure = argument
            elif name == "exited":
                self._exit_code = int(argument)

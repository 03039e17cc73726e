"""Runs one command and ends it when the program that asked for it is gone, however it died.

Started by `pipeline.kafka.guarded` as a plain script in a session of its own, standard library only, so that it is up
in milliseconds and outlives its program. Two signs tell that the program is gone, both portable: standard input ends
(the kernel closes it even after kill -9), or our parent changed (covers a forked child that still holds the pipe).

Words it takes, one a line: `stop SECONDS` (ask, then kill after so long, remove the scratch folder, leave), `term`
(ask, stay), `kill` (at once, stay), `keep` (end the command, leave the scratch folder, leave). Words it says:
`started PID`, `failed REASON`, `exited CODE`.
"""

import argparse
import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PARENT_CHECK_S = 0.5  # how often to look whether the parent changed
ORPHAN_GRACE_S = 1.0  # a program that was killed leaves the broker this long to close its files


def main() -> None:
    """Run the command named on the command line until it has to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    wakeups = _listen_to_signals()
    try:
        child = _run(options.command[1:], options.log, options.lock)
    except BlockingIOError:
        _say(f"failed another process holds {options.lock}")
        sys.exit(1)
    except OSError as error:
        _say(f"failed {error}")
        sys.exit(1)
    _say(f"started {child.pid}")
    keep = _obey(_words(child, options.parent, wakeups), child, has_scratch=options.scratch is not None)
    if options.scratch is not None and not keep:
        shutil.rmtree(options.scratch, ignore_errors=True)


def _run(command: list[str], log_file: Path, lock_file: Path) -> "subprocess.Popen[bytes]":
    """Start the command with the lock in its hands alone, so that the lock is free once the command has ended."""
    lock = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with log_file.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the caller is our own program
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=[lock]
            )
    finally:
        os.close(lock)


def _obey(words: Iterator[str], child: "subprocess.Popen[bytes]", *, has_scratch: bool) -> bool:
    """Act on words until one of them is the last; True means that the scratch folder stays."""
    for word in words:
        name, _, argument = word.partition(" ")
        if name == "exited":
            _say(f"exited {child.returncode}")
        elif name == "term":
            child.terminate()
        elif name == "kill":
            child.kill()
        elif name == "stop":
            _end(child, float(argument))
            _say(f"exited {child.returncode}")
            return False
        elif name == "keep":
            _end(child, 0)
            return True
        elif name == "orphaned":
            _end(child, 0 if has_scratch else ORPHAN_GRACE_S)  # data about to be removed needs no clean close
            return False
    return False


def _words(child: "subprocess.Popen[bytes]", parent: int, wakeups: int) -> Iterator[str]:
    """Yield what happens, as it happens: the program's words, `exited` once, `orphaned` as the last."""
    unread = b""
    exit_told = False
    while True:
        readable, _, _ = select.select([0, wakeups], [], [], PARENT_CHECK_S)
        if wakeups in readable:
            os.read(wakeups, 512)
        if child.poll() is not None and not exit_told:
            exit_told = True
            yield "exited"
        if 0 in readable:
            received = os.read(0, 4096)
            if not received:
                yield "orphaned"
                return
            *lines, unread = (unread + received).split(b"\n")
            yield from (line.decode() for line in lines)
        if os.getppid() != parent:
            yield "orphaned"
            return


def _listen_to_signals() -> int:
    """Wake the loop when the child ends, and outlive signals meant for the program; returns the fd to select on."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    # A function and not SIG_IGN: the JVM would inherit "ignored" and then not obey SIGTERM.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return read_end


def _end(child: "subprocess.Popen[bytes]", grace_s: float) -> None:
    if grace_s > 0 and child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_s)
    if child.poll() is None:
        child.kill()
    child.wait()


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    main()

"""The ``highlights`` command as a user runs it: another process, with an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

PROGRAM = (sys.executable, "-P", "-m", "agents")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def records(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [orjson.loads(line) for line in self.out.splitlines()]


def environment(**settings: str) -> dict[str, str]:
    """The machine's environment without any setting of ours, and then these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TLDR_", "KAFKA_"))}
    return bare | settings


def highlights(*words: str, env: Mapping[str, str], timeout: float = 60.0) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [*PROGRAM, *words], env=dict(env), capture_output=True, text=True, timeout=timeout, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def start(words: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a command whose output is read while it runs; the caller ends it."""
    return subprocess.Popen(
        [*PROGRAM, *words],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

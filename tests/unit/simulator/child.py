"""The simulator started as a process of its own."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "pipeline.simulator"]


@contextlib.contextmanager
def process(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the simulator, and end it in any case."""
    child = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def base_url(child: "subprocess.Popen[bytes]") -> str:
    """Wait for the line that says where it listens."""
    assert child.stdout is not None
    line = json.loads(child.stdout.readline())
    assert line["event"] == "simulator_ready"
    url: str = line["base_url"]
    return url

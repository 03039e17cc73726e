"""Ctrl-C at any moment: exit code 130, and never a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = (sys.executable, "-m", "agents")


def started(*words: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("after_s", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_while_the_program_imports_is_quiet(after_s: float, times: int) -> None:
    """However often: python itself may not have come to us yet, and then ends by the signal."""
    with started("config", "show") as running:
        time.sleep(after_s)
        for _ in range(times):
            running.send_signal(signal.SIGINT)
            time.sleep(0.005)
        _, err = running.communicate(timeout=30)
    assert "Traceback" not in err
    assert running.returncode in {130, 0}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_simulator_ends_as_every_command_does(number: signal.Signals, code: int) -> None:
    """With the exit code of its signal, and without a traceback, also when it is told twice."""
    with started("simulate", "--port", "0") as running:
        assert running.stdout is not None
        assert "simulator_ready" in running.stdout.readline()
        for _ in range(2):
            running.send_signal(number)
            time.sleep(0.02)
        _, err = running.communicate(timeout=30)
    assert running.returncode == code
    assert "Traceback" not in err

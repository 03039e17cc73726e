"""Ctrl-C at any moment: exit code 130, and never a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest


def started(*words: str, imports_told: bool = False) -> subprocess.Popen[str]:
    """The command in a process of its own; it may tell on stderr what it has imported."""
    telling = ("-X", "importtime") if imports_told else ()
    program = (sys.executable, *telling, "-m", "agents")
    return subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("module", ["msgspec", "pipeline.domain", "agents.domain"])
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_while_the_program_imports_is_quiet(module: str, times: int) -> None:
    """At once, however far the imports have come and however often it is pressed."""
    with started("config", "show", imports_told=True) as running:
        assert running.stderr is not None
        assert any(line.split("|")[-1].strip() == module for line in running.stderr)
        for _ in range(times):
            running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert "Traceback" not in err
    assert running.returncode == 130


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_simulator_ends_as_every_command_does(number: signal.Signals, code: int) -> None:
    """With the exit code of its signal, and without a traceback, also when it is told twice."""
    with started("simulate", "--port", "0") as running:
        assert running.stdout is not None
        assert "simulator_ready" in running.stdout.readline()
        for _ in range(2):
            running.send_signal(number)
        _, err = running.communicate(timeout=30)
    assert running.returncode == code
    assert "Traceback" not in err

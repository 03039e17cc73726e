"""Parts of the local stack that need no broker: child processes and their environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from pydantic import SecretStr

from pipeline.kafka.log_end import how_it_ended, tail_of
from pipeline.settings import Settings
from pipeline.stack.child import Child
from pipeline.stack.environment import bare_environment, settings_environment
from pipeline.stack.errors import StackError
from pipeline.stack.simulator import SimulatorProcess

_SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
_STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)


def test_a_child_has_exactly_the_settings_of_its_parent() -> None:
    """Rendered and loaded again, settings are the same, whatever source they came from."""
    given = {
        "kafka.bootstrap_servers": ("a:1", "b:2"),
        "api.key": "secret",
        "polling.min_s": 0.5,
        "kafka.ssl_check_hostname": False,
        "policy.blocked_hosts": ("x.example", "y.example"),
    }
    settings = Settings.load(environ={}, overrides=given)
    assert Settings.load(environ=settings_environment(settings)).model_dump() == settings.model_dump()


def test_nothing_else_of_our_environment_leaks() -> None:
    """No setting and no foreign secret reaches a child unasked."""
    ours = {
        "PATH": "/bin",
        "TLDR_API_KEY": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "KAFKA_SASL_PASSWORD": "secret",
    }
    assert "secret" not in bare_environment(ours).values()
    assert bare_environment(ours)["PATH"] == "/bin"


def test_defaults_are_not_rendered() -> None:
    """A child of default settings needs no variable."""
    assert settings_environment(Settings()) == {}
    assert SecretStr("x") not in settings_environment(Settings()).values()


async def test_a_killed_child_comes_back_under_a_new_pid(tmp_path: Path) -> None:
    """Kill -9, see how it ended, start it again: its log goes on."""
    child = Child("sleeper", _SLEEP, tmp_path / "sleeper.log")
    try:
        await child.start(bare_environment(os.environ))
        first = child.pid
        await child.kill()
        assert child.exit_code() == -9
        await child.start(bare_environment(os.environ))
        assert child.is_running
        assert child.pid != first
        assert child.starts == 2
    finally:
        await child.stop(0.0)
    assert not psutil.pid_exists(child.pid)


async def test_a_child_that_runs_is_not_started_twice(tmp_path: Path) -> None:
    """Two lives at once would share a log."""
    child = Child("sleeper", _SLEEP, tmp_path / "sleeper.log")
    try:
        await child.start(bare_environment(os.environ))
        with pytest.raises(StackError, match="runs already"):
            await child.start(bare_environment(os.environ))
    finally:
        await child.stop(0.0)


async def test_a_stubborn_or_frozen_child_is_ended_all_the_same(tmp_path: Path) -> None:
    """One that ignores SIGTERM is killed after the grace; a frozen one is woken first. Ending it twice is fine."""
    child = Child("stubborn", _STUBBORN, tmp_path / "stubborn.log")
    await child.start(bare_environment(os.environ))
    while b"up" not in child.output():
        assert await child.wait(0.05) is None
    child.freeze()
    assert await child.stop(0.3) == -9
    assert await child.stop(0.3) == -9


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The child's name and the reason."""
    child = Child("ghost", ("/nonexistent/program",), tmp_path / "ghost.log")
    with pytest.raises(StackError, match="ghost"):
        await child.start(bare_environment(os.environ))


async def test_a_simulator_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """A scenario it cannot read: the error holds what the simulator said."""
    simulator = SimulatorProcess(tmp_path, scenario="nowhere.toml", seed=1, port=0, environ=os.environ)
    with pytest.raises(StackError) as caught:
        await simulator.start()
    assert "nowhere.toml" in caught.value.last_lines
    await simulator.child.stop(1.0)


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    """Broken bytes do not matter, and no log is an empty tail."""
    log = tmp_path / "x.log"
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(40)) + b"\xff\n")
    assert tail_of(log, 2) == "line 39\n\ufffd"
    assert tail_of(tmp_path / "none.log") == ""


@pytest.mark.parametrize("after", [3, 100])
def test_a_full_disk_comes_first_in_the_tail(after: int, tmp_path: Path) -> None:
    """However much a program complained since, the line that names the cause is shown, once, and before all others."""
    log = tmp_path / "x.log"
    told = "java.io.IOException: No space left on device"
    log.write_text("".join(f"{line}\n" for line in ["before", told, *(f"at {number}" for number in range(after))]))
    shown = tail_of(log, 5).splitlines()
    assert shown[0] == told
    assert shown[-1] == f"at {after - 1}"
    assert shown.count(told) == 1


def test_a_long_line_is_cut_so_that_a_full_disk_is_still_seen(tmp_path: Path) -> None:
    """A whole traceback may stand in one line of a worker's log."""
    log = tmp_path / "x.log"
    log.write_text("x" * 5000 + " No space left on device" + "y" * 5000)
    assert "No space left" in tail_of(log)
    assert len(tail_of(log)) <= 500


def test_a_full_disk_is_seen_where_the_log_had_no_room_to_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a program ended is told by its log, by the disk, and else by its exit code."""
    log = tmp_path / "x.log"
    log.write_text("working\n")
    assert how_it_ended(1, log) == "ended with exit code 1"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
        assert how_it_ended(1, log) == "ended: No space left on device (exit code 1)"
    log.write_text("IOException: No space left on device\n")
    assert how_it_ended(1, log) == "ended: No space left on device (exit code 1)"

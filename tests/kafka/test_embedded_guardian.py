"""However the program ends that started a broker, the broker ends too, and temporary data with it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.errors import KafkaStartError
from tests.kafka.clients import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

_PROGRAM = """
import asyncio, multiprocessing, os, sys, time
from pathlib import Path
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.errors import KafkaStartError

async def main():
    folder, ending = sys.argv[1:]
    kafka = EmbeddedKafka(Path(folder) if folder else None)
    await kafka.start()
    if ending == "fork" and os.fork() == 0:
        time.sleep(60)
    print(kafka.pid, kafka.log_file.parent, flush=True)
    if ending == "exit":
        sys.exit(3)
    await asyncio.sleep(60)

asyncio.run(main())
"""

StartedBroker: TypeAlias = tuple["subprocess.Popen[str]", psutil.Process, Path]


@pytest.fixture
def start_program() -> Iterator[Callable[[str, str], StartedBroker]]:
    """Start a program of its own session that starts a broker; returns it, the JVM and the broker's folder."""
    programs: list[subprocess.Popen[str]] = []

    def start(folder: str, ending: str) -> StartedBroker:
        program = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, folder, ending],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        programs.append(program)
        assert program.stdout is not None
        pid, root = program.stdout.readline().split()
        return program, psutil.Process(int(pid)), Path(root)

    yield start
    for program in programs:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)  # also the forked child of one test
        program.wait()


async def test_kill_9_of_the_program_ends_broker_and_temporary_data(
    start_program: Callable[[str, str], StartedBroker],
) -> None:
    """Within two seconds of kill -9 the JVM is gone; its temporary folder is removed."""
    program, java, folder = start_program("", "wait")
    program.kill()
    assert await until(lambda: not java.is_running()) < 2
    await until(lambda: not folder.exists())


async def test_kill_9_of_the_program_keeps_a_given_folder(
    start_program: Callable[[str, str], StartedBroker], tmp_path: Path
) -> None:
    """Within two seconds of kill -9 the JVM is gone, and a new broker starts on the folder it left."""
    program, java, folder = start_program(str(tmp_path / "broker"), "wait")
    program.kill()
    assert await until(lambda: not java.is_running()) < 2
    async with EmbeddedKafka(folder) as successor:
        assert successor.is_running


async def test_a_program_that_just_exits_ends_its_broker(start_program: Callable[[str, str], StartedBroker]) -> None:
    """Forgetting `stop` leaves nothing behind either."""
    program, java, folder = start_program("", "exit")
    assert program.wait(timeout=10) == 3
    assert await until(lambda: not java.is_running()) < 2
    await until(lambda: not folder.exists())


async def test_a_forked_child_does_not_keep_the_broker_alive(
    start_program: Callable[[str, str], StartedBroker],
) -> None:
    """The JVM ends with its program though a forked child still holds the pipe to the guardian."""
    program, java, _ = start_program("", "fork")
    program.kill()
    assert await until(lambda: not java.is_running()) < 2


async def test_ctrl_c_in_the_terminal_reaches_the_program_only(
    start_program: Callable[[str, str], StartedBroker],
) -> None:
    """JVM and guardian are outside the program's process group, so it can still use the broker while it shuts down."""
    program, java, _ = start_program("", "wait")
    guardian = java.parent()
    assert guardian is not None
    assert os.getpgid(program.pid) not in {os.getpgid(java.pid), os.getpgid(guardian.pid)}
    os.killpg(program.pid, signal.SIGINT)
    program.wait(timeout=10)
    assert await until(lambda: not java.is_running()) < 2


async def test_a_killed_guardian_does_not_make_the_broker_unstoppable() -> None:
    """`stop` ends the JVM and removes its data even if the guardian was killed before."""
    kafka = EmbeddedKafka()
    await kafka.start()
    java, folder = psutil.Process(kafka.pid), kafka.log_file.parent
    guardian = java.parent()
    assert guardian is not None
    guardian.kill()
    await kafka.stop()
    await until(lambda: not java.is_running())
    assert not folder.exists()


async def test_a_broker_without_guardian_still_holds_its_folder(tmp_path: Path) -> None:
    """As long as the JVM lives, no second broker gets at its data, though nobody guards it any more."""
    async with EmbeddedKafka(tmp_path) as kafka:
        guardian = psutil.Process(kafka.pid).parent()
        assert guardian is not None
        guardian.kill()
        with pytest.raises(KafkaStartError, match="another broker runs on"):
            await EmbeddedKafka(tmp_path).start()
    async with EmbeddedKafka(tmp_path) as successor:
        assert successor.is_running

"""How a stack ends that cannot go on: what is told, and what is left in the temporary folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.errors import explain
from pipeline.cli.kept_logs import naming_kept_logs
from pipeline.cli.output import Output
from pipeline.kafka.errors import KafkaStartError
from pipeline.stack.errors import StackError
from pipeline.stack.local import LocalStack, StackConfig

CASES: list[tuple[Callable[[Path], BaseException], bool]] = [
    (lambda folder: StackError("the simulator ended", folder / "simulator.log"), True),
    (lambda folder: ExceptionGroup("tasks", [KafkaStartError("it ended", folder / "kafka.log")]), True),
    (lambda _: KafkaStartError("another program listens on port 9092"), False),
    (lambda _: BrokenPipeError(), False),
    (lambda _: asyncio.CancelledError(), False),
]


@pytest.mark.parametrize(("make_error", "kept"), CASES)
async def test_a_temporary_folder_stays_only_for_a_log_that_explains(
    *,
    make_error: Callable[[Path], BaseException],
    kept: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A log that says more than the error is kept and its folder named; nothing else is left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stack = LocalStack(StackConfig())
    stack.folder.mkdir()
    with pytest.raises(BaseException):  # noqa: B017, PT011 - each case has its own
        async with naming_kept_logs(stack, Output()), stack:
            raise make_error(stack.folder)
    assert stack.folder.exists() is kept
    assert (f"logs are kept in {stack.folder}" in capsys.readouterr().err.replace("\n", "")) is kept


async def work() -> None:
    """What would go on for ever."""
    await asyncio.sleep(600)


async def fail() -> None:
    """What feels the end of the broker before it is seen."""
    raise ConnectionError("closed")


@pytest.mark.parametrize("inside", [work, fail])
async def test_a_service_that_ends_is_the_error(
    inside: Callable[[], Coroutine[Any, Any, None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs in the meantime is given up within a second or two, and whatever it failed over is not told instead."""

    def ended() -> None:
        raise StackError("the embedded Kafka ended with exit code -9")

    stack = LocalStack(StackConfig())
    monkeypatch.setattr(stack, "check_services", ended)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(5), stack.watched():
            await inside()
    explained = explain(caught.value)
    assert explained is not None
    assert explained.problem == "the embedded Kafka ended with exit code -9"

"""The live view fits into any terminal, and shows what matters first."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from rich.console import Console

from pipeline.cli.demo.frame import Frame
from pipeline.cli.demo.state import DemoState, WorkerLife
from pipeline.stack.follow import Following
from pipeline.stack.requests import example_requests
from schemas.records import encode
from tests.unit.cli.world import highlight, stream


@dataclass
class Record:
    """As much of a Kafka record as is looked at."""

    value: bytes | None


def state_of_a_run() -> DemoState:
    """Twenty requests, one of them with highlights; worker 1 is dead."""
    requests = example_requests()
    state = DemoState(lambda: 12.0, requests, Following([request.request_id for request in requests]))
    final = requests[-1].request_id
    state.following.fold("streams", Record(encode(stream("processing", outcome=None))))
    for number in range(1, 30):
        record = highlight(number, title="A \x1b[31mtitle")
        record.request_id = final
        state.following.fold("highlights", Record(encode(record)))
    state.expected = {request.request_id: 40 for request in requests}
    state.workers = {1: WorkerLife(1, 11, "killed"), 2: WorkerLife(2, 12, "ready")}
    return state


def drawn(width: int, height: int) -> list[str]:
    """The lines of a frame, without colours."""
    console = Console(width=width, height=height, force_terminal=True, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(Frame(state_of_a_run()))
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 44), (130, 40), (60, 20), (200, 60)])
def test_a_frame_fits(width: int, height: int) -> None:
    """Never more lines or columns than the terminal has: a taller frame would flicker."""
    lines = drawn(width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_a_frame_shows_progress_death_and_arrivals() -> None:
    """Published of expected, the dead worker, the newest highlight first, and no escape of a title gets through."""
    text = "\n".join(drawn(130, 40))
    assert "29 of 800" in text
    assert "✖ 1 killed" in text
    assert text.index("#29") < text.index("#28")
    assert "\x1b[31m" not in text

"""What the demo says at its end, also when it has nothing to show."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.cli.demo.report import figures_of, show_account
from pipeline.cli.demo.run import stopped_text
from pipeline.cli.demo.state import DemoState
from pipeline.cli.output import Output
from pipeline.stack.account import settle
from pipeline.stack.follow import Following
from pipeline.stack.published import Published
from tests.unit.cli.world import REQUEST


def test_a_demo_that_gave_up_says_what_it_has_not_seen() -> None:
    """No highlight, nothing settled: said in words, with the place of the logs."""
    state = DemoState(lambda: 12.0, [], Following([REQUEST]))
    account = settle({}, Published(), [REQUEST])
    text = StringIO()
    out = Output(console=Console(file=text, width=200))
    show_account(out, state, account, figures_of(state, account), Path("demo.json"), Path("logs-of-the-demo"))
    assert "no highlight yet, given up after 12.0 s" in text.getvalue()
    assert "None" not in text.getvalue()
    assert "logs-of-the-demo" in text.getvalue()


@pytest.mark.parametrize(
    ("codes", "told"),
    [([0, 0], "drained and stopped, exit codes 0, 0"), ([0, -15], "stopped, exit codes 0, -15")],
)
def test_only_workers_that_drained_are_said_to_have(codes: list[int | None], told: str) -> None:
    """A worker that SIGTERM met while it was starting has ended, and drained nothing."""
    assert stopped_text(codes) == told

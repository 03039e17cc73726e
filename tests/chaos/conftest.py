"""One broker and one set of short runs for the whole module, several at a time: most of each is waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.short_form import ShortForm
from tests.chaos.statements import STATEMENTS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def short_form(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ShortForm]:
    """The short form of every statement that was selected, begun at once; each test awaits its own."""
    chosen = [name for item in request.session.items if (name := _statement(item)) is not None]
    folder: Path = tmp_path_factory.mktemp("chaos")
    async with EmbeddedKafka() as kafka:
        form = ShortForm(kafka, folder)
        form.begin(chosen)
        yield form
        await form.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how short the short form was."""
    if any("test_the_statement_holds" in report.nodeid for report in terminalreporter.getreports("passed")):
        rounds = ", ".join(f"{name} {entry.short_rounds}" for name, entry in STATEMENTS.items())
        terminalreporter.write_line(f"chaos, short form, rounds: {rounds}; in full: make chaos")


def _statement(item: pytest.Item) -> str | None:
    """Return the statement that a test is about."""
    if not isinstance(item, pytest.Function) or "short_form" not in item.fixturenames:
        return None
    return str(item.callspec.params["name"])

"""The short form of the chaos statements: the same code as ``make chaos``, with few rounds, one seed, a small load."""

from __future__ import annotations

import json

import pytest

from tests.chaos.short_form import SEED, ShortForm
from tests.chaos.statements import STATEMENTS


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "name", [pytest.param(name, id=f"{name}-{entry.short_rounds}-rounds") for name, entry in STATEMENTS.items()]
)
async def test_the_statement_holds(name: str, short_form: ShortForm) -> None:
    """What ``STATEMENTS[name].says``, on real processes and a real broker, with the rounds in the test's name."""
    figures = await short_form.figures(name)
    repeat = f".venv/bin/python -m tests.chaos --only {name} --seed {SEED}"
    assert figures["pass"], f"{STATEMENTS[name].says}: {json.dumps(figures, indent=1)}\nin full: {repeat}"

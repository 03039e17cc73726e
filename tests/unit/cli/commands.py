"""Commands as a person runs them, in this process."""

from __future__ import annotations

import pytest

from agents.composition import build_domain
from pipeline.cli.main import call


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command; return its code, and what it wrote."""
    code = call(build_domain, list(words))
    told = capsys.readouterr()
    return code, told.out, told.err

"""Layers: the protocol does no I/O."""

import ast
from pathlib import Path

import pytest

import pipeline.api

FOLDER = Path(pipeline.api.__file__).parent
MAY_DO_IO = {"__init__", "client", "transport", "uploads"}
IO = {"aiokafka", "asyncio", "faust", "h2", "httpcore", "httpx", "os", "socket", "ssl", "threading", "time"}
PURE = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in MAY_DO_IO)


def imported(source: str) -> set[str]:
    """Return the first words of all modules that a source imports, ours as `pipeline.api.<name>`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name if name.startswith("pipeline.") else name.split(".")[0] for name in names}
    return found


def forbidden(source: str) -> set[str]:
    """Return the imports that a module without I/O must not have."""
    ours = {f"pipeline.api.{name}" for name in MAY_DO_IO}
    return imported(source) & (IO | ours)


@pytest.mark.parametrize("name", PURE)
def test_protocol_modules_import_nothing_that_does_io(name: str) -> None:
    """What to send and how to read a reply can be used without a network, a clock or an event loop."""
    assert forbidden((FOLDER / f"{name}.py").read_text()) == set()


@pytest.mark.parametrize("line", ["import httpx", "from asyncio import sleep", "import pipeline.api.transport"])
def test_the_walk_finds_what_is_forbidden(line: str) -> None:
    """The check above can fail."""
    assert forbidden(f"def late() -> None:\n    {line}\n") != set()

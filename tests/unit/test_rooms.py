"""The rooms: who may import whom, and that importing does nothing to the world."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "pipeline", "schemas")
IO_LIBRARIES = {"faust", "mode", "aiokafka", "httpx", "starlette", "uvicorn", "confluent_kafka", "requests", "socket"}


def modules(*folders: str) -> list[Path]:
    """Return the Python files in folders of the checkout."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(source: str, module: str = "") -> Iterator[str]:
    """Yield the dotted names that a source imports anywhere, also inside functions and behind TYPE_CHECKING."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = [module.rsplit(".", node.level)[0]] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def intruders(paths: list[Path], forbidden: set[str]) -> list[str]:
    """Return "module imports name" for each import of a forbidden package."""
    return [
        f"{name_of(path)} imports {name}"
        for path in paths
        for name in imported(path.read_text("utf-8"), name_of(path))
        if name.split(".")[0] in forbidden
    ]


def rules() -> list[Path]:
    """Return the modules of ``agents`` that decide: all but the composition root with its parts."""
    return [
        path
        for path in modules("agents")
        if name_of(path) not in {"agents.composition", "agents.profile_setup", "agents.__main__"}
    ]


def test_schemas_imports_nothing_of_ours_and_does_no_io() -> None:
    """The words stand alone, so that other programs can use them."""
    assert intruders(modules("schemas"), {"agents", "pipeline", "tests", *IO_LIBRARIES}) == []


def test_the_machinery_knows_no_decision() -> None:
    """``pipeline`` gets its decisions handed in."""
    assert intruders(modules("pipeline"), {"agents", "tests"}) == []


def test_the_decisions_do_no_io() -> None:
    """Rules import neither Faust nor Kafka nor HTTP, so that they run on values alone."""
    assert intruders(rules(), IO_LIBRARIES) == []


def test_there_is_something_to_walk() -> None:
    """The walks above saw the rooms."""
    assert all(modules(room) for room in ROOMS)
    assert rules()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import aiokafka.errors", "aiokafka.errors"),
        ("from faust.auth import X", "faust.auth.X"),
        ("def f():\n    import httpx as h", "httpx"),
        ("if TYPE_CHECKING:\n    from pipeline import settings", "pipeline.settings"),
        ("from . import rules", "agents.rules"),
        ("from .rules import x", "agents.rules.x"),
    ],
)
def test_the_walk_sees_each_kind_of_import(source: str, name: str) -> None:
    """An import cannot hide from the tests above."""
    assert name in list(imported(source, "agents.requests"))


_GUARD = """
import importlib, os, sys, threading

def refuse(event, args):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork"}:
        raise SystemExit(f"importing did {event}")

before = dict(os.environ)
rooms, names = sys.argv[1].split(","), sys.argv[2:]
for name in names:  # libraries may do what they like while they load: that is not ours to forbid
    importlib.import_module(name)
for name in [name for name in sys.modules if name.split(".")[0] in rooms]:
    del sys.modules[name]
sys.addaudithook(refuse)
for name in names:
    importlib.import_module(name)
threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
if threads:
    raise SystemExit(f"importing started threads: {threads}")
if dict(os.environ) != before:
    raise SystemExit("importing changed the environment")
"""


def importing(names: list[str], rooms: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    """Import modules of the rooms in a process of their own, under the guard."""
    command = [sys.executable, "-c", _GUARD, ",".join(rooms), *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_importing_connects_nowhere_and_starts_nothing() -> None:
    """Every module can be imported without a socket, a process or a thread, and leaves the environment alone."""
    names = [name_of(path) for path in modules(*ROOMS) if not name_of(path).endswith("__main__")]
    done = importing(names, ROOMS, ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        (
            "import contextlib, socket\nwith contextlib.suppress(OSError): socket.create_connection(('127.0.0.1', 9))",
            "socket",
        ),
        ("import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "threads"),
        ("import subprocess; subprocess.run(['true'])", "Popen"),
        ("import os; os.environ['X_TLDR'] = '1'", "environment"),
    ],
)
def test_the_guard_sees_what_an_import_must_not_do(tmp_path: Path, body: str, complaint: str) -> None:
    """The test above can fail: a module that does one of these things is caught."""
    (tmp_path / "naughty.py").write_text(body, "utf-8")
    done = importing(["naughty"], ("naughty",), tmp_path)
    assert done.returncode != 0
    assert complaint in done.stderr

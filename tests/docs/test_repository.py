"""What holds for the repository as a whole."""

import re
import tomllib
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.stack.requests import example_requests, read_requests
from tests.docs.markdown import ROOT
from tests.docs.repository import too_long, traces_of_a_machine, tracked_files


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The repository holds no path of somebody's machine and no host of a package registry."""
    assert list(traces_of_a_machine(tracked_files(ROOT))) == []


@pytest.mark.parametrize(
    "line", ["see /ro" + "ot/.cache", 'open("/ho' + 'me/ann/x")', "https://py" + "pi.org/simple", "/tm" + "p/x"]
)
def test_a_trace_of_a_machine_is_found(tmp_path: Path, line: str) -> None:
    """The check above can fail."""
    file = tmp_path / "a.txt"
    file.write_text(f"fine\n{line}\n", "utf-8")
    assert len(list(traces_of_a_machine([file]))) == 1


def test_no_python_file_is_too_long() -> None:
    """A file that has grown is split before it has 500 lines."""
    assert too_long(tracked_files(ROOT)) == []


def test_a_file_that_is_too_long_is_found(tmp_path: Path) -> None:
    """The check above can fail, by one line."""
    file = tmp_path / "a.py"
    file.write_text("x\n" * 500, "utf-8")
    assert too_long([file]) == []
    file.write_text("x\n" * 501, "utf-8")
    assert len(too_long([file])) == 1


def test_one_version() -> None:
    """pyproject.toml, the package and the newest entry of the changelog agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert project["version"] == __version__ == newest[1]


def test_decisions_are_numbered_without_gaps() -> None:
    """Decision files count up from 1, and each one's heading has its number."""
    files = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in files]
    assert numbers == list(range(1, len(files) + 1))
    assert [path.name for path in files if not path.read_text("utf-8").startswith(f"# {int(path.name[:4])}. ")] == []


def test_the_example_requests_have_one_source() -> None:
    """``examples/requests.jsonl`` is the packaged file, so the two cannot differ."""
    example = ROOT / "examples/requests.jsonl"
    assert example.resolve() == (ROOT / "pipeline/stack/requests.jsonl").resolve()
    assert read_requests(example) == example_requests()

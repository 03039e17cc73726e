"""What the docs tell people to type works as written."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline import __version__
from tests.docs.commands import is_command, problem
from tests.docs.markdown import ROOT, documents, inline_code, shell_lines
from tests.docs.tables import command_tree, make_targets

LINES = [(path.name, line) for path in documents() for line in shell_lines(path.read_text("utf-8"))]


def examples_of(command: Any) -> list[str]:
    """Return the command lines in a command's help; a paragraph each."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))
    return [paragraph.removeprefix("$ ") for paragraph in paragraphs if paragraph.startswith("$ ")]


@pytest.mark.parametrize(("document", "line"), LINES)
def test_every_command_line_of_the_docs_parses(document: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ``highlights`` and ``make`` line in a shell block names what exists, with options that exist."""
    monkeypatch.chdir(ROOT)
    assert problem(line) is None, document


def test_there_are_command_lines_to_check() -> None:
    """The test above saw the README's first two commands."""
    assert {("README.md", "make demo"), ("README.md", "make test")} <= set(LINES)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("highlights stop match-17", "no command stop"),
        ("highlights dlq replay", "no command replay"),
        ("highlights submit", "Missing"),
        ("highlights watch --colour red", "--colour"),
        ("KAFKA_BOOTSTRAP_SERVERS=x:1 highlights worker --fast", "--fast"),
        ("make lint dance", "dance"),
        ("highlights --config x.toml settings show", "no command settings"),
        ("true && highlights demo --workers many", "many"),
    ],
)
def test_a_command_line_that_would_fail_is_found(line: str, says: str) -> None:
    """The checker can fail: unknown commands, options, values and targets are each named."""
    assert says in (problem(line) or "")


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_commands_in_running_text_exist(path: Path) -> None:
    """What stands in backticks as ``highlights ...`` or ``make ...`` is a command or a target."""
    spans = [span for span in inline_code(path.read_text("utf-8")) if "..." not in span]
    unknown = [span for span in spans if span.startswith("highlights ") and not is_command(span)]
    unknown += [span for span in spans if span.startswith("make ") and span.split()[1] not in make_targets()]
    assert unknown == []


def test_the_version_command_says_the_version() -> None:
    """The installed command runs, and says what the package says."""
    program = Path(sys.executable).with_name("highlights")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "agents"]
    done = subprocess.run([*command, "--version"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == f"highlights {__version__}"


def test_every_command_has_help_with_an_example() -> None:
    """The README promises an example in each ``--help``."""
    without = [name for name, command in command_tree() if not any(name in line for line in examples_of(command))]
    assert without == []


def test_the_examples_in_help_parse() -> None:
    """What ``--help`` shows to type is a command with options that exist."""
    lines = [line for _, command in command_tree() for line in examples_of(command)]
    assert [found for line in lines if (found := problem(line)) is not None] == []


def test_make_help_lists_the_targets_of_the_readme() -> None:
    """``make help`` and the README name the same targets."""
    command = ["make", "--no-print-directory", "help"]  # make says its folder when it runs under make
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(make_targets())

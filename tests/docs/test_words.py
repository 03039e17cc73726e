"""Names in the docs are names in the code: variables, topics, metrics, error codes, log events, profiles."""

import ast
import re
import tomllib
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from agents.policy import DAY_S, Policy
from agents.profile_setup import PLUGINS, profiles_of
from agents.rules.requests import REDRIVEN
from pipeline.settings import Settings
from schemas.catalogue import load
from schemas.records import Command, ErrorCode, decode
from tests.docs.markdown import ROOT, blocks, broken_links, documents, inline_code
from tests.docs.tables import metric_rows

OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
EVERY = pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))


def literals(*folders: str) -> set[str]:
    """Return every string literal of the code."""
    return {
        node.value
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def raised_codes() -> set[str]:
    """Return every code that the code gives a ``RecordError``, read from the calls."""
    calls = [
        node
        for folder in ("agents", "pipeline", "schemas")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "RecordError"
        and node.args
    ]
    codes = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    return {str(code) for code in codes} | {"invalid", "future_version"}  # schemas.records.base tells these two apart


def documented_codes() -> set[str]:
    """Return the codes in the first column of the runbook's table."""
    rows = OPERATIONS.partition("### Dead letters")[2].partition("\n### ")[0]
    return {code for row in re.findall(r"^\| (`.+?) \|", rows, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)}


@EVERY
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file or a heading of the project resolves."""
    assert broken_links(path) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The check above can fail: a missing file and a missing heading are both named."""
    (tmp_path / "a.md").write_text("# One two\n[x](b.md) [y](#one-two) [z](#three) [w](https://a.example/)\n", "utf-8")
    assert broken_links(tmp_path / "a.md") == ["a.md: b.md", "a.md: #three"]


@EVERY
def test_variables_in_the_docs_are_settings(path: Path) -> None:
    """Every ``KAFKA_*`` and ``TLDR_*`` name is a variable that we read."""
    known = {row.env for row in Settings().describe()} | {"TLDR_CONFIG"}
    assert set(re.findall(r"\b(?:TLDR|KAFKA)_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))) - known == set()


@EVERY
def test_topics_in_the_docs_are_in_the_catalogue(path: Path) -> None:
    """Every ``tldr.<name>.v<n>`` is one of our topics."""
    known = {spec.name for spec in load().topics.values()}
    assert set(re.findall(r"\btldr\.[a-z-]+\.v\d+\b", path.read_text("utf-8"))) - known == set()


def test_every_topic_is_in_the_table_of_records() -> None:
    """docs/records.md speaks of every topic of the catalogue."""
    records = (ROOT / "docs/records.md").read_text("utf-8")
    assert [spec.name for spec in load().topics.values() if spec.name not in records] == []


def test_metrics_in_the_docs_exist() -> None:
    """Every ``tldr_*`` name of the runbook is a metric of the worker, but for the group of entry points."""
    known = {name.strip("`") for name, *_ in metric_rows()}
    text = OPERATIONS.replace(PLUGINS, "")
    assert set(re.findall(r"\btldr_[a-z_]+[a-z]\b", text)) - known == set()


def test_every_error_code_is_in_the_runbook() -> None:
    """Each code that a record can be dead-lettered with has a line that says what to do, and no line is made up."""
    assert documented_codes() == raised_codes() == set(get_args(ErrorCode))
    assert len(raised_codes()) > 10


def test_log_events_of_the_runbook_are_logged() -> None:
    """An event that the runbook tells people to look for is one that the code logs."""
    events = {"ledger_open_failed", "worker_stalled", "kafka_away", "kafka_refuses"}
    assert events <= set(inline_code(OPERATIONS))
    assert events <= literals("pipeline")


def test_the_header_of_the_runbook_is_the_one_that_is_read() -> None:
    """A rejected request that is sent again as the runbook says is tried again."""
    assert REDRIVEN in inline_code(OPERATIONS)


def test_retention_in_the_docs_is_that_of_the_policy() -> None:
    """How long a request is remembered is said as it is."""
    policy = Policy()
    assert f"remembered for {policy.retain_s / DAY_S:.0f} days" in OPERATIONS
    assert f"{policy.closed_for_s / DAY_S:.0f} days, so that late records" in OPERATIONS
    assert policy.parked_for_s == DAY_S  # docs/records.md says "up to a day"


def test_the_readme_names_the_profiles() -> None:
    """The README says which profiles there are."""
    assert all(f"`{name}`" in README for name in profiles_of(Settings()).names)


def test_the_example_of_a_config_file_is_taken(tmp_path: Path) -> None:
    """The TOML block of the docs is a file that the settings accept."""
    (block,) = blocks(OPERATIONS, "toml")
    file = tmp_path / "highlights.toml"
    file.write_text(block.text, "utf-8")
    assert Settings.load(file, {}).topics.prefix == tomllib.loads(block.text)["topics"]["prefix"]


def test_the_example_of_a_command_is_taken() -> None:
    """The JSON block of docs/records.md is a command that a worker accepts."""
    (block,) = blocks((ROOT / "docs/records.md").read_text("utf-8"), "json")
    assert decode(msgspec.json.Decoder(Command), block.text.encode()).command == "stop"


def test_every_folder_is_on_the_map() -> None:
    """docs/architecture.md says what lives in each folder of the code."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    rooms = [path.parent.relative_to(ROOT) for path in (ROOT / "pipeline").glob("*/__init__.py")]
    assert rooms
    assert [str(room) for room in rooms if f"`{room}/`" not in text] == []


@EVERY
def test_python_blocks_compile(path: Path) -> None:
    """Every Python block is Python."""
    for block in blocks(path.read_text("utf-8"), "python"):
        compile(block.text, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

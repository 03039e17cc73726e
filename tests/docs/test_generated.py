"""The generated parts of the docs say what the code says."""

import shutil
from pathlib import Path

import pytest

from tests.docs import figures, generate, tables
from tests.docs.markdown import ROOT, with_sections

ALL = (ROOT / "docs/operations.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", generate.sections())
def test_generated_parts_are_current(name: str) -> None:
    """Settings, metrics, topics, exit codes, commands, targets, records and decisions are documented as they are now.

    If this fails: ``.venv/bin/python -m tests.docs.generate --write``.
    """
    text = (ROOT / name).read_text("utf-8")
    assert with_sections(text, generate.sections()[name]) == text


def test_an_outdated_part_is_found(tmp_path: Path) -> None:
    """The check above can fail: one changed default in the docs is seen, and only that file is named."""
    for name in generate.sections():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert generate.outdated(tmp_path) == {}
    stale = tmp_path / "docs/operations.md"
    stale.write_text(stale.read_text("utf-8").replace("`TLDR_PARTITIONS` | `topics.partitions` | `12`", "13"), "utf-8")
    assert list(generate.outdated(tmp_path)) == [stale]


@pytest.mark.parametrize("text", ["nothing", "<!-- a:begin -->", "<!-- a:begin -->\n<!-- a:end -->" * 2])
def test_a_missing_or_doubled_section_is_an_error(text: str) -> None:
    """A table cannot vanish from the docs without a test that fails."""
    with pytest.raises(ValueError, match="not one section a"):
        with_sections(text, {"a": "x"})


def test_a_section_that_nobody_generates_is_an_error() -> None:
    """A part that looks generated is generated."""
    with pytest.raises(ValueError, match="nobody generates b"):
        with_sections("<!-- b:begin -->\n<!-- b:end -->", {})


def test_the_tables_are_not_empty() -> None:
    """The generators found what they look for: each named thing stands in the docs."""
    metrics = [row[0] for row in tables.metric_rows()]
    exits = [f"| {number} | {name} |" for number, name, _ in tables.exit_rows()]
    commands = [f"`{name}`" for name, _ in tables.command_tree()]
    targets = [f"`make {name}`" for name in tables.make_targets()]
    assert all(len(names) > 5 for names in (metrics, exits, commands, targets))
    assert [name for name in [*metrics, *exits, *commands, *targets] if name not in ALL] == []


def test_every_exit_code_says_what_it_means() -> None:
    """No code but 0 is without a comment beside it."""
    assert [name for _, name, said in tables.exit_rows() if said == "done"] == ["OK"]


def test_figures_of_the_readme_are_those_of_the_snapshot() -> None:
    """The README shows what ``docs/figures.json`` holds, nothing else."""
    shown = (ROOT / "README.md").read_text("utf-8").partition("<!-- figures:begin -->")[2]
    assert shown.partition("<!-- figures:end -->")[0].strip() == figures.render(figures.snapshot()).strip()

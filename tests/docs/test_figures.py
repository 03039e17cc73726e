"""Figures come from runs into the docs without a hand in between."""

import json
from pathlib import Path

from tests.docs import figures

RACE = {"ours": 48000, "quix": 24000, "ratios": {"quix": 2.0}, "cpu_s": {"ours": 3.1}, "missing": {"ours": 0}}


def project(root: Path, **runs: object) -> Path:
    """Make a project with a README, an empty snapshot, and the files of some runs."""
    (root / "docs").mkdir()
    (root / "build").mkdir()
    (root / "docs/figures.json").write_text("{}", "utf-8")
    (root / "README.md").write_text("# X\n<!-- figures:begin -->\n<!-- figures:end -->\n<!-- b:begin -->\n", "utf-8")
    for kind, found in runs.items():
        (root / f"build/{kind}.json").write_text(json.dumps(found), "utf-8")
    return root


def test_figures_of_a_run_come_into_snapshot_and_readme(tmp_path: Path) -> None:
    """One command takes a run's file into both places, and they agree."""
    figures.write(project(tmp_path, demo={"made": 1311, "ok": True}))
    kept = json.loads((tmp_path / "docs/figures.json").read_text("utf-8"))
    assert kept["demo"]["figures"] == {"made": 1311, "ok": True}
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "| made | 1,311 |" in readme
    assert figures.render(kept) in readme


def test_a_run_that_was_not_made_keeps_its_figures(tmp_path: Path) -> None:
    """Taking the figures of one run does not lose those of another."""
    project(tmp_path, demo={"made": 2})
    before = {"chaos": {"taken": "2026-11-01", "where": "x", "figures": {"R1": {"pass": True, "rounds": 20}}}}
    figures_now = figures.taken(tmp_path / "build", before)
    assert figures_now["chaos"] == before["chaos"]
    assert figures_now["demo"]["figures"] == {"made": 2}


def test_a_statement_that_does_not_hold_is_shown_as_such() -> None:
    """A failed statement cannot hide in the table."""
    entry = {"taken": "2026-11-01", "where": "x", "figures": {"R2": {"pass": False, "rounds": 3, "missing": 1}}}
    assert "| R2 | **no** | 3 |  | 1 |" in figures.render({"chaos": entry})


def test_systems_are_shown_with_ratios() -> None:
    """A comparison of systems is a table of its own, also when there is one for each share of repeats."""
    for throughput in (RACE, {"repeats_0": RACE, "repeats_50": RACE}):
        entry = {"taken": "t", "where": "w", "figures": {"throughput": throughput, "restore": {"seconds": 12.5}}}
        shown = figures.render({"bench": entry})
        assert "| quix | 24,000 | 2.0 |" in shown
        assert "| restore seconds | 12.5 |" in shown


def test_without_figures_the_readme_says_so() -> None:
    """No run, no claim."""
    assert figures.render({}).count("no figures were taken yet") == len(figures.KINDS)

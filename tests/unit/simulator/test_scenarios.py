"""Scenario files."""

from pathlib import Path

import pytest

from pipeline.simulator.scenario_file import ScenarioError, builtin_names, load_scenario, scenario_from


def test_every_builtin_scenario_loads_under_its_own_name() -> None:
    """Each file that comes with the package is valid, and its `name` is the file's."""
    assert set(builtin_names()) >= {"demo", "chaos", "steady", "faulty", "page-shift", "limited"}
    for name in builtin_names():
        assert load_scenario(name).name == name


def test_a_file_is_read_by_path(tmp_path: Path) -> None:
    """A scenario of one's own is given by its path."""
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n[time]\ncompression = 60\n')
    assert load_scenario(path).time.compression == 60


def test_all_problems_are_reported_together_by_key() -> None:
    """One look at the error is enough to mend the file."""
    broken = {
        "time": {"compression": 0},
        "streams": {"error_share": 2, "duration_s": [5, 1]},
        "pages": {"order": "sideways"},
        "faults": [{"kind": "error"}, {"kind": "meteor"}],
        "typo": 1,
    }
    with pytest.raises(ScenarioError) as caught:
        scenario_from(broken)
    text = "\n".join(caught.value.problems)
    for key in (
        "time.compression",
        "streams.error_share",
        "streams.duration_s",
        "pages.order",
        "faults.1.kind",
        "typo",
    ):
        assert key in text


def test_a_scenario_that_is_not_there_names_those_that_are() -> None:
    """A misspelt name is answered with the names that exist."""
    with pytest.raises(ScenarioError, match="demo"):
        load_scenario("dmeo")


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    """Broken syntax is a ScenarioError, like any other problem."""
    path = tmp_path / "broken.toml"
    path.write_text("= what")
    with pytest.raises(ScenarioError, match="TOML"):
        load_scenario(path)


def test_secrets_are_neither_in_repr_nor_in_problems() -> None:
    """API keys and the signing secret never show up in text."""
    table = {"keys": [{"key": "topsecret"}], "auth": {"signing_secret": "alsosecret"}}
    assert "secret" not in repr(scenario_from(table)).replace("signing_secret", "").replace("SecretStr", "")
    with pytest.raises(ScenarioError) as caught:
        scenario_from({"keys": [{"key": "topsecret"}, {"key": "topsecret"}]})
    assert "topsecret" not in str(caught.value)

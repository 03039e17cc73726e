"""Loading settings: where values come from, which wins, and that nothing is read behind one's back."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.settings import Settings, SettingsError


def toml(folder: Path, text: str) -> Path:
    """Write a settings file."""
    file = folder / "tldr.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_any_source_there_are_the_defaults() -> None:
    """An empty environment is a valid one."""
    assert Settings.load(environ={}) == Settings()


def test_the_constructor_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ``load`` reads the process's variables, so a program that embeds the pipeline decides itself."""
    monkeypatch.setenv("TLDR_PARTITIONS", "3")
    monkeypatch.setenv("TOPICS", '{"partitions": 3}')
    assert Settings().topics.partitions == 12
    assert Settings.load().topics.partitions == 3


def test_an_argument_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """The order is the usual one, key by key within a group."""
    file = toml(tmp_path, "[topics]\npartitions = 1\nprefix = 'file.'\nreplication_factor = 3")
    environ = {"TLDR_PARTITIONS": "2", "TLDR_TOPIC_PREFIX": "environment."}
    topics = Settings.load(file, environ, {"topics.partitions": 4}).topics
    assert (topics.partitions, topics.prefix, topics.replication_factor) == (4, "environment.", 3)


def test_a_variable_names_the_file(tmp_path: Path) -> None:
    """``TLDR_CONFIG`` does what ``--config`` does; the argument wins over it."""
    file = toml(tmp_path, "[topics]\npartitions = 7")
    assert Settings.load(environ={"TLDR_CONFIG": str(file)}).topics.partitions == 7
    assert Settings.load(file, {"TLDR_CONFIG": "/does/not/exist"}).topics.partitions == 7


def test_an_empty_variable_is_an_unset_one() -> None:
    """Compose and Helm write empty strings for what was left out."""
    settings = Settings.load(environ={"TLDR_API_KEY": "", "TLDR_PARTITIONS": "", "KAFKA_BOOTSTRAP_SERVERS": ""})
    assert settings == Settings()


def test_lists_are_separated_by_commas_in_the_environment_and_are_lists_in_the_file(tmp_path: Path) -> None:
    """Both forms give the same settings."""
    by_file = Settings.load(toml(tmp_path, "[kafka]\nbootstrap_servers = ['a:1', 'b:2']"), {})
    by_environment = Settings.load(environ={"KAFKA_BOOTSTRAP_SERVERS": " a:1, b:2,"})
    assert by_file.kafka == by_environment.kafka
    assert by_file.kafka.bootstrap_servers == ("a:1", "b:2")


def test_settings_are_frozen() -> None:
    """What was checked at the start is what holds until the end."""
    settings = Settings.load(environ={})
    with pytest.raises(ValidationError):
        settings.topics.partitions = 3
    with pytest.raises(ValidationError):
        settings.topics = Settings().topics


@pytest.mark.parametrize(("text", "complaint"), [(None, "cannot be read"), ("topics = [", "is not TOML")])
def test_an_unusable_file_is_named(tmp_path: Path, text: str | None, complaint: str) -> None:
    """A missing or broken file is an error, not a silent default."""
    file = tmp_path / "tldr.toml" if text is None else toml(tmp_path, text)
    with pytest.raises(SettingsError, match=rf"tldr\.toml {complaint}"):
        Settings.load(file, {})


def test_every_key_is_declared_once_with_its_own_variable_and_doc_line() -> None:
    """No two keys share a variable, and each line says what the key is for."""
    rows = [(group, name, field) for group, name, field in Settings.declarations()]
    variables = [field.json_schema_extra["env"] for _, _, field in rows]
    assert len(set(variables)) == len(variables) > 40
    assert all(variable.startswith(("TLDR_", "KAFKA_")) for variable in variables)
    assert all(field.description.endswith(".") for _, _, field in rows)

"""``config show``: every key with value, source and doc line, and no secret."""

from pathlib import Path

from pipeline.settings import Row, Settings

SECRET = "hunter2secret"  # noqa: S105  # made up for the test


def rows(settings: Settings) -> dict[str, Row]:
    """Return the rows by key."""
    return {row.key: row for row in settings.describe()}


def test_a_row_says_where_its_value_came_from(tmp_path: Path) -> None:
    """Default, file, environment and argument are told apart."""
    file = tmp_path / "tldr.toml"
    file.write_text("[polling]\nmax_s = 30", "utf-8")
    found = rows(Settings.load(file, {"TLDR_PARTITIONS": "3"}, {"log.level": "DEBUG"}))
    assert {key: found[key].source for key in ("polling.max_s", "topics.partitions", "log.level", "topics.prefix")} == {
        "polling.max_s": "file",
        "topics.partitions": "environment",
        "log.level": "argument",
        "topics.prefix": "default",
    }
    assert found["polling.max_s"].value == "30.0"
    assert found["topics.partitions"].env == "TLDR_PARTITIONS"


def test_a_secret_is_shown_as_set_or_unset_only() -> None:
    """Neither the rows nor the object's own text hold it."""
    settings = Settings.load(environ={"TLDR_API_KEY": SECRET})
    assert rows(settings)["api.key"].value == "(set)"
    assert rows(settings)["api.signing_secret"].value == "(unset)"
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.describe())):
        assert SECRET not in text


def test_every_secret_is_known_to_the_redaction() -> None:
    """Each secret that is set is in the list that the logs are cleaned of."""
    environ = {
        "TLDR_API_KEY": "secret-one",
        "TLDR_API_SIGNING_SECRET": "secret-two",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_USERNAME": "u",
        "KAFKA_SASL_PASSWORD": "secret-three",
    }
    assert set(Settings.load(environ=environ).secrets()) == {"secret-one", "secret-two", "secret-three"}


def test_a_key_of_the_chaos_tests_is_not_shown_unless_it_is_set() -> None:
    """Nobody is invited to crash a worker; who did it by mistake can see it."""
    assert "worker.crash_point" not in rows(Settings.load(environ={}))
    found = rows(Settings.load(environ={"TLDR_CRASH_POINT": "after_flush"}))
    assert found["worker.crash_point"].value == "after_flush"


def test_every_other_key_has_a_row() -> None:
    """Nothing is missing from the list."""
    declared = {f"{group}.{name}" for group, name, _ in Settings.declarations()}
    assert set(rows(Settings.load(environ={}))) == declared - {"worker.crash_point"}

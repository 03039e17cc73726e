"""Wrong settings: all of it is told at once, by key and variable, with what to do."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import Problem, Settings, SettingsError


def problems(environ: dict[str, str], overrides: dict[str, Any] | None = None) -> list[Problem]:
    """Load settings that must not load, and return what is wrong."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ=environ, overrides=overrides)
    return caught.value.problems


def test_all_problems_are_told_together() -> None:
    """One run shows every mistake, across groups and kinds."""
    environ = {
        "KAFKA_BOOTSTRAP_SERVERS": "broker",
        "KAFKA_SECURITY_PROTOCOL": "TLS",
        "TLDR_PARTITIONS": "many",
        "TLDR_POLL_MIN_S": "100",
        "TLDR_HEALTH_PORT": "70000",
        "TLDR_SWEEP_MAXX": "3",
    }
    found = problems(environ, {"log.levle": "INFO"})
    assert {problem.key for problem in found} == {
        "kafka.bootstrap_servers",
        "kafka.security_protocol",
        "topics.partitions",
        "polling.min_s",
        "worker.health_port",
        "TLDR_SWEEP_MAXX",
        "log.levle",
    }


def test_a_problem_says_key_variable_value_source_and_fix() -> None:
    """The text is enough to put it right without looking anything up."""
    (found,) = problems({"TLDR_PARTITIONS": "0"})
    assert (found.key, found.env) == ("topics.partitions", "TLDR_PARTITIONS")
    assert "greater than or equal to 1" in found.problem
    assert "'0', from environment" in found.problem
    assert "TLDR_PARTITIONS" in found.fix
    assert "Partitions of each topic" in found.fix


def test_the_error_text_has_a_line_for_each_problem() -> None:
    """It is printed as it is."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ={"TLDR_PARTITIONS": "0", "TLDR_PER_PAGE": "0"})
    first, *lines = str(caught.value).splitlines()
    assert first == "settings: 2 problems"
    assert [line.split(":")[0].strip() for line in lines] == [
        "topics.partitions (TLDR_PARTITIONS)",
        "polling.per_page (TLDR_PER_PAGE)",
    ]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("topics.partitons", "did you mean topics.partitions?"),
        ("topic.partitions", "did you mean topics?"),
        ("polling.partitions", "did you mean topics.partitions?"),
        ("worker.zzz", "remove it, or use worker.group_id"),
    ],
)
def test_an_unknown_key_is_answered_with_what_was_meant(key: str, meant: str) -> None:
    """A misspelt key, group, or a key in the wrong group never goes unnoticed."""
    (found,) = problems({}, {key: 1})
    assert found.key.startswith(key.split(".", maxsplit=1)[0])
    assert found.problem == "unknown key"
    assert found.fix.startswith(meant)


def test_a_key_outside_a_group_in_the_file_is_an_error(tmp_path: Path) -> None:
    """A key above the first table header is not ignored."""
    file = tmp_path / "tldr.toml"
    file.write_text("partitions = 3\ntopics = 4", "utf-8")
    with pytest.raises(SettingsError) as caught:
        Settings.load(file, {})
    assert {problem.key for problem in caught.value.problems} == {"partitions", "topics"}


@pytest.mark.parametrize("name", ["TLDR_PARTITION", "TLDR_API_KEYS", "KAFKA_BOOTSTRAP_SERVER", "TLDR_TOPICS_PREFIX"])
def test_a_misspelt_variable_is_an_error(name: str) -> None:
    """A variable one letter off would otherwise leave the default in force."""
    (found,) = problems({name: "1"})
    assert (found.key, found.problem) == (name, "unknown variable")
    assert found.fix.startswith("did you mean ")


@pytest.mark.parametrize(
    "name",
    [
        "TLDR_API_SERVICE_HOST",
        "TLDR_API_PORT_443_TCP_ADDR",
        "TLDR_HEALTH_SERVICE_PORT_HTTP",
        "KAFKA_OPTS",
        "TLDR_EDITOR",
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    """Kubernetes and other programs set variables that begin like ours."""
    assert Settings.load(environ={name: "tcp://10.0.0.1:443"}) == Settings()


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, {"kafka.sasl_username", "kafka.sasl_password"}),
        ({"KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": "long-enough"}, {"kafka.security_protocol"}),
        ({"KAFKA_SSL_CAFILE": __file__}, {"kafka.security_protocol"}),
        ({"KAFKA_SSL_KEYFILE": __file__, "KAFKA_SECURITY_PROTOCOL": "SSL"}, {"kafka.ssl_certfile"}),
        ({"KAFKA_SSL_CAFILE": "/does/not/exist", "KAFKA_SECURITY_PROTOCOL": "SSL"}, {"kafka.ssl_cafile"}),
        ({"TLDR_REPLICATION_FACTOR": "0"}, {"topics.replication_factor"}),
        ({"TLDR_HEARTBEAT_S": "20"}, {"worker.heartbeat_s"}),
        ({"TLDR_POLL_MIN_S": "61"}, {"polling.min_s"}),
        ({"TLDR_API_SUBMIT_TIMEOUT_S": "21"}, {"api.submit_timeout_s"}),
        ({"TLDR_API_BASE_URL": "api.example.com"}, {"api.base_url"}),
        ({"TLDR_API_BASE_URL": "https://user:pass@api.example.com"}, {"api.base_url"}),
        ({"TLDR_TOPIC_PREFIX": "Team_A."}, {"topics.prefix"}),
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka://a:9092"}, {"kafka.bootstrap_servers"}),
    ],
)
def test_what_cannot_work_is_refused(environ: dict[str, str], keys: set[str]) -> None:
    """Values out of bounds, and values that contradict each other, are told by key before anything starts."""
    assert {problem.key for problem in problems(environ)} == keys


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({"TLDR_HEARTBEAT_S": "40", "TLDR_HEALTH_PORT": "abc"}, {"worker.heartbeat_s", "worker.health_port"}),
        ({"TLDR_HEARTBEAT_S": "40", "TLDR_SESSION_TIMEOUT_S": "abc"}, {"worker.session_timeout_s"}),
        ({"TLDR_HEARTBEAT_S": "abc", "TLDR_SESSION_TIMEOUT_S": "6"}, {"worker.heartbeat_s"}),
        (
            {"KAFKA_SASL_USERNAME": "u", "KAFKA_BOOTSTRAP_SERVERS": "a"},
            {"kafka.security_protocol", "kafka.bootstrap_servers"},
        ),
    ],
)
def test_a_contradiction_is_told_beside_another_mistake_of_its_group(environ: dict[str, str], keys: set[str]) -> None:
    """What is wrong between two sound keys does not wait for a third; nothing is said against an unsound one."""
    assert {problem.key for problem in problems(environ)} == keys


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("hunter2secret\n", "ends with a line break"),
        ("hunter2secret\r\n", "ends with a line break"),
        (" hunter2secret", "begins or ends with white space"),
    ],
)
@pytest.mark.parametrize("variable", ["TLDR_API_KEY", "TLDR_API_SIGNING_SECRET"])
def test_white_space_around_a_secret_of_the_api_is_told(variable: str, secret: str, told: str) -> None:
    """A secret as a file or a Kubernetes secret often holds it is refused by name, and neither mended nor shown."""
    (found,) = problems({variable: secret})
    assert (found.env, found.problem) == (variable, told)
    assert "hunter2secret" not in str(found)


@pytest.mark.parametrize("key", ["hunter2 secret", "hunter2\x00secret", "hunter2-schlüssel", "hunter2\udcff"])
def test_a_key_that_no_header_can_carry_is_told_before_anything_starts(key: str) -> None:
    """The API key goes into a header as it is; whatever its client would refuse is a problem of the settings."""
    (found,) = problems({"TLDR_API_KEY": key})
    assert found.key == "api.key"
    assert "hunter2" not in str(found)


def test_no_problem_shows_a_secret() -> None:
    """A secret under the wrong name, in the wrong group or in a URL is not printed with the problem."""
    environ = {
        "TLDR_API_BASE_URL": "https://user:hunter2secret@api.example.com",
        "KAFKA_SASL_PASSWORD": "hunter2secret",
        "KAFKA_BOOTSTRAP_SERVERS": "user:hunter2secret@broker:9092",
        "TLDR_API_KEYS": "hunter2secret",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ=environ, overrides={"api.kei": "hunter2secret", "api.key": ["hunter2secret"]})
    assert len(caught.value.problems) >= 5
    assert "hunter2secret" not in str(caught.value)
    assert "hunter2secret" not in repr(caught.value.problems)


def test_a_fix_names_what_is_allowed_and_the_default() -> None:
    """Nobody has to look the values up."""
    protocol, partitions = problems({"KAFKA_SECURITY_PROTOCOL": "TLS", "TLDR_PARTITIONS": "many"})
    assert "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL; the default is PLAINTEXT" in protocol.fix
    assert "a whole number, at least 1, at most 1000; the default is 12" in partitions.fix


def test_kafka_s_own_names_may_be_lower_case() -> None:
    """``ssl`` is what many clients call it."""
    assert Settings.load(environ={"KAFKA_SECURITY_PROTOCOL": "ssl"}).kafka.security_protocol == "SSL"

"""What is said of a cluster that does not let us in."""

from __future__ import annotations

import logging

import pytest
from aiokafka.errors import SaslAuthenticationFailed, UnsupportedSaslMechanismError

from pipeline.cli.kafka_access import unreachable
from pipeline.cli.running import quiet
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.refusal import in_words
from pipeline.worker.exit_codes import ExitCode

PLAINTEXT = KafkaConnection.plaintext("broker:9092")
LOGIN = KafkaConnection(("sasl.example:9092",), "SASL_SSL", "PLAIN", "alice", "hunter2secret")


@pytest.mark.parametrize("error", [SaslAuthenticationFailed("bad credentials"), UnsupportedSaslMechanismError()])
def test_a_refused_login_is_called_one_and_its_settings_come_first(error: Exception) -> None:
    """A wrong password is not taken for a network that is down: who was refused, why, and what to look at first."""
    told = unreachable(LOGIN, f"sasl.example:9092: {in_words(error)}")
    assert told.exit_code == ExitCode.KAFKA
    assert told.problem.startswith("Kafka at sasl.example:9092 refuses the login of 'alice': ")
    assert told.fix[0].startswith("check KAFKA_SASL_")
    assert "hunter2secret" not in str(told)


@pytest.mark.parametrize("connection", [PLAINTEXT, LOGIN])
def test_a_broker_that_is_away_is_not_called_a_refusal(connection: KafkaConnection) -> None:
    """Nobody listens there: the address comes first, whether or not there would be a login."""
    told = unreachable(connection, f"{connection.bootstrap_servers[0]}: [Errno 111] Connect call failed")
    assert "cannot be reached at" in told.problem
    assert "Connect call failed" in told.problem
    assert told.fix[0].startswith("check KAFKA_BOOTSTRAP_SERVERS")


def test_an_error_without_words_is_told_by_its_name() -> None:
    """A reason never ends with a colon and nothing after it."""
    assert in_words(TimeoutError()) == "TimeoutError()"
    assert in_words(OSError("refused")) == "refused"


def test_a_library_s_line_with_an_empty_cause_is_kept_with_its_name() -> None:
    """A client logs a timeout as an empty text; in an error's details it has its name."""
    with quiet("a.library") as said:
        logging.getLogger("a.library").error("Unable connect to %s: %s", "broker:9092", TimeoutError())
        logging.getLogger("a.library").error("Unable connect to %s: %s", "broker:9092", OSError("refused"))
    assert said == ["Unable connect to broker:9092: TimeoutError()", "Unable connect to broker:9092: refused"]

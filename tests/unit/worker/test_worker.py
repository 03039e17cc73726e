"""A worker as an object, not started: what it shows of itself."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from agents.composition import build_domain
from pipeline.settings import Settings
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.wiring import api_client_of, connection_of, http_client_of, ledger_config
from pipeline.worker.worker import Worker

SECRETS = {
    "TLDR_API_KEY": "canary-key-5f1e",
    "TLDR_API_SIGNING_SECRET": "canary-signing-5f1e",
    "KAFKA_SASL_PASSWORD": "canary-sasl-5f1e",
}


def settings(**more: str) -> Settings:
    """Settings with secrets everywhere."""
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_USERNAME": "pipeline",
        "TLDR_HEALTH_PORT": "0",
        **SECRETS,
        **more,
    }
    return Settings.load(environ=variables)


async def test_no_part_shows_a_secret_in_its_repr() -> None:
    """Settings, connection, client, worker and what hangs on it: a debugger or an error page shows no secret."""
    loaded = settings()
    worker = Worker(loaded, build_domain(loaded), CollectorRegistry())
    http = http_client_of(loaded)
    client = api_client_of(loaded, http, worker.metrics)
    connection = connection_of(loaded)
    parts = [loaded, connection, client, http, worker, worker.runner, worker.owner, worker.app, worker.probe]
    shown = " ".join(map(repr, parts))
    for secret in SECRETS.values():
        assert secret not in shown
    await http.aclose()


async def test_a_worker_that_has_not_joined_misses_kafka_and_its_group() -> None:
    """Both are named, so that nobody takes a waiting worker for a ready one."""
    loaded = settings()
    worker = Worker(loaded, build_domain(loaded), CollectorRegistry())
    assert worker.not_ready() == ["kafka", "group membership"]
    assert worker.stalled() is None
    worker.end()
    assert worker.not_ready() == ["stopping"]


async def test_ending_twice_keeps_the_first_reason() -> None:
    """What went wrong first is why it ends; a signal after it changes nothing."""
    loaded = settings()
    worker = Worker(loaded, build_domain(loaded), CollectorRegistry())
    worker.end(Unrecoverable(ExitCode.FENCED, "first"))
    worker.end(Unrecoverable(ExitCode.BUG, "second"))
    worker.end()
    assert worker.fatal is not None
    assert worker.fatal.exit_code == ExitCode.FENCED


def test_the_ledgers_take_limits_and_names_from_settings_and_catalogue() -> None:
    """Each output topic under its full name, with the largest record that it takes."""
    loaded = settings(TLDR_TOPIC_PREFIX="eu.", TLDR_FLUSH_LINGER_MS="25")
    config = ledger_config(loaded, connection_of(loaded), None)
    assert config.topic == "eu.tldr.ledger.v1"
    assert config.topics["dead-letters"] == "eu.tldr.dead-letters.v1"
    assert config.max_bytes["dead-letters"] > config.max_bytes["requests"]
    assert config.linger == pytest.approx(0.025)

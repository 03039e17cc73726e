"""Secrets given to a real worker show up nowhere: not in logs at DEBUG, not in health, not in what it publishes.

Two places keep a request's own bytes, on purpose, and so whatever its producer put into them: the ledger (a request
that is given up must be shown as it came) and the dead letters (their key, value and first headers are the original's).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.security import BrokerSecurity
from tests.kafka.authority import issue
from tests.kafka.worker_scene import Scene, open_scene, request, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

CANARIES = {
    "API key": "canary-api-key-1f6e",
    "signing secret": "canary-signing-secret-77aa",
    "SASL password": 'canary-sasl"pass\\word-0b3d',
    "signature of the source": "canary-source-signature-5c21",
    "user of a URL": "canary-url-password-91ff",
    "custom header": "canary-custom-header-d00d",
    "value of bad JSON": "canary-bad-json-3e3e",
}
MEDIA_SIGNATURE = "signature="
"""In every media URL of the simulated API."""

SIGNED = f"https://video.example/live?sig={CANARIES['signature of the source']}"
HEADERS = {"custom_headers": {"Authorization": f"Bearer {CANARIES['custom header']}"}}


@dataclass
class Seen:
    """Everything that anybody could look at.

    Attributes:
        texts: by where it was found.
        letters: dead letters.
    """

    texts: dict[str, str]
    letters: list[Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seen]:
    """A worker at DEBUG on a secure broker, given secrets in all places, and trouble that makes it talk."""
    folder = tmp_path_factory.mktemp("secrets")
    certificate = issue(folder)
    user = {"pipeline": CANARIES["SASL password"]}
    security = BrokerSecurity(certificate.ca, certificate.certificate, certificate.key, user)
    async with EmbeddedKafka(folder / "kafka", security=security) as kafka:
        overrides = {
            "kafka.bootstrap_servers": (kafka.secure_bootstrap_servers,),
            "kafka.security_protocol": "SASL_SSL",
            "kafka.sasl_mechanism": "PLAIN",  # the one that sends the password itself
            "kafka.sasl_username": "pipeline",
            "kafka.sasl_password": SecretStr(CANARIES["SASL password"]),
            "kafka.ssl_cafile": certificate.ca,
            "api.key": SecretStr(CANARIES["API key"]),
            "api.signing_secret": SecretStr(CANARIES["signing secret"]),
            "log.level": "DEBUG",
        }
        async with open_scene(folder, kafka, "secrets.", overrides=overrides) as scene:
            await _trouble(scene)
            yield await _collect(scene)


async def _trouble(scene: Scene) -> None:
    await scene.stack.start_workers()
    await scene.stack.workers.until_ready()
    await scene.faults(
        {"kind": "error", "status": 401, "limit": 1},
        {"kind": "truncate", "routes": ["/streams/{id}"], "limit": 1},
        {"kind": "reset_after", "routes": ["/streams/{id}/highlights"], "limit": 1},
    )
    await scene.ask("signed", source_url=SIGNED, options=HEADERS, metadata={"note": "nothing secret"})
    await scene.until_state("signed")
    await scene.faults({"kind": "error", "status": 422, "methods": ["POST"]})
    await scene.ask("refused", source_url=SIGNED, options=HEADERS)
    await scene.until_state("refused", state="rejected")
    password = CANARIES["user of a URL"]
    bad = [
        (b"user", request("user", source_url=f"https://me:{password}@video.example/")),
        (b"blocked", request("blocked", source_url=SIGNED.replace("video.example", "127.0.0.1"))),
        (b"broken", json.dumps({"request_id": "broken", "tenant": CANARIES["value of bad JSON"]}).encode()),
        (b"cut", request("cut", metadata={"x": CANARIES["value of bad JSON"]})[:-2]),
        (b"other", request("signed", source_url=SIGNED)),
        (b"signed", request("signed", source_url=f"{SIGNED}&more=1")),
    ]
    await scene.send_all([("requests", key, value, ()) for key, value in bad])

    async def all_letters() -> bool:
        return len(await scene.read("dead-letters")) == len(bad) + 1

    await until(all_letters, what="every bad request is a dead letter")


async def _collect(scene: Scene) -> Seen:
    health = {path: (await scene.health(path)).text for path in ("/readyz", "/metrics", "/livez")}
    assert await scene.stack.workers.stop(1) == 0
    texts = {"the log": scene.stack.workers[1].child.output().decode(), **health}
    for short in ("highlights", "streams", "summaries"):
        records = await scene.read(short)
        assert records, f"nothing to look at on {short}"
        texts[f"the topic {short}"] = "\n".join(f"{r.key} {r.headers} {r.value.decode()}" for r in records)
    return Seen(texts, await scene.read("dead-letters"))


@pytest.mark.parametrize("secret", CANARIES)
async def test_a_secret_is_nowhere_to_be_seen(seen: Seen, secret: str) -> None:
    """0 hits in the log, in health and metrics, and on the public topics; also with quotes escaped as JSON does."""
    for form in {CANARIES[secret], json.dumps(CANARIES[secret])[1:-1]}:
        for where, text in seen.texts.items():
            assert form not in text, f"{secret} in {where}: ...{text[max(0, text.find(form) - 200) :][:300]}"


async def test_signatures_of_media_are_not_published(seen: Seen) -> None:
    """The API signs its media URLs; what is published and logged has them without."""
    assert "https://" in seen.texts["the topic highlights"]
    for where, text in seen.texts.items():
        assert MEDIA_SIGNATURE not in text, where


async def test_what_a_dead_letter_says_beside_the_original_has_no_secret(seen: Seen) -> None:
    """The reason names the field or the rule, never the value; only the original's own bytes may carry it."""
    for letter in seen.letters:
        told = " ".join(f"{name}={value!r}" for name, value in letter.headers)
        for secret in CANARIES.values():
            assert secret not in told


async def test_the_worker_did_log_at_debug(seen: Seen) -> None:
    """The check above looks at something: libraries were told to say everything, and calls were logged."""
    lines = [json.loads(line) for line in seen.texts["the log"].splitlines()]
    assert {"debug", "info", "warning"} <= {line["level"] for line in lines}
    assert "aiokafka" in {line["logger"].partition(".")[0] for line in lines if line["level"] == "debug"}


async def test_no_login_is_logged(seen: Seen) -> None:
    """A client logs its requests whole at DEBUG, its login too: with SCRAM that is enough to try passwords."""
    assert "sasl_auth_bytes" not in seen.texts["the log"]

"""With SASL_SSL in the settings, every kind of client we use gets in: aiokafka, Faust, and the topic administration."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import faust
import pytest
import pytest_asyncio
from aiokafka.errors import KafkaConnectionError

from pipeline.cli.errors import CommandError
from pipeline.cli.kafka_access import topics_of
from pipeline.kafka.connection import KafkaConnection, resolve
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.ports import choose_ports
from pipeline.kafka.refusal import why_refused
from pipeline.kafka.security import LISTENER, BrokerSecurity
from pipeline.kafka.topics import Layout, apply, plan
from pipeline.settings import Settings
from schemas import catalogue
from tests.kafka.authority import BrokerCertificate, issue
from tests.kafka.clients import create_topic, produce, read_all

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]

USER, PASSWORD = "pipeline", 'a"b\\c, d=e'
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> BrokerCertificate:
    """The broker's certificate and its authority."""
    return issue(tmp_path_factory.mktemp("authority"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secure_kafka(
    certificate: BrokerCertificate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedKafka]:
    """A broker with a SASL_SSL listener that wants both: a client certificate of its authority, and its one user."""
    security = BrokerSecurity(certificate.ca, certificate.certificate, certificate.key, {USER: PASSWORD})
    both = {f"listener.name.{LISTENER.lower()}.ssl.client.auth": "required"}
    folder = tmp_path_factory.mktemp("secure") / "broker"
    async with EmbeddedKafka(folder, security=security, properties=both) as kafka:
        yield kafka


def variables(kafka: EmbeddedKafka, certificate: BrokerCertificate, **more: str) -> dict[str, str]:
    """Return the environment of a worker that may come in."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.secure_bootstrap_servers or "",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": USER,
        "KAFKA_SASL_PASSWORD": PASSWORD,
        "KAFKA_SSL_CAFILE": str(certificate.ca),
        "KAFKA_SSL_CERTFILE": str(certificate.certificate),
        "KAFKA_SSL_KEYFILE": str(certificate.key),
        **more,
    }


def connection(environ: dict[str, str]) -> KafkaConnection:
    """Return the connection that the environment describes."""
    return resolve(Settings.load(environ=environ).kafka)


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_aiokafka_clients_get_in_with_the_settings_alone(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, mechanism: str
) -> None:
    """What a producer wrote over TLS, logged in, a consumer reads the same way."""
    options = connection(variables(secure_kafka, certificate, KAFKA_SASL_MECHANISM=mechanism)).aiokafka()
    servers, topic = ",".join(options.pop("bootstrap_servers")), f"aiokafka-{mechanism}"
    await create_topic(servers, topic, **options)
    await produce(servers, topic, b"hello", **options)
    assert await read_all(servers, topic, **options) == [b"hello"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_faust_worker_gets_in_with_the_settings_alone(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, tmp_path: Path, mechanism: str
) -> None:
    """A Faust agent receives a record over the secure listener, and its producer sent it."""
    urls, credentials = connection(variables(secure_kafka, certificate, KAFKA_SASL_MECHANISM=mechanism)).faust_broker()
    app = faust.App(
        f"secure-{mechanism.lower()}",
        broker=urls,
        broker_credentials=credentials,
        datadir=tmp_path,
        web_enabled=False,
        topic_partitions=1,
        value_serializer="raw",
    )
    topic = app.topic(f"faust-{mechanism}", partitions=1, value_serializer="raw", internal=True)
    seen: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @app.agent(topic)
    async def agent(stream: faust.StreamT[bytes]) -> None:
        async for value in stream:
            seen.set_result(value)

    await app.start()
    try:
        await (await topic.send(value=b"hello"))
        assert await asyncio.wait_for(seen, 30) == b"hello"
    finally:
        await app.stop()


async def test_topics_are_planned_and_applied_over_the_secure_listener(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate
) -> None:
    """The topic administration uses the same way in."""
    found, layout = connection(variables(secure_kafka, certificate)), Layout("secure.", 1, 1)
    await apply(found, await plan(found, catalogue.load(), layout))
    assert (await plan(found, catalogue.load(), layout)).is_done


@pytest.mark.parametrize(
    "wrong",
    [{"KAFKA_SASL_PASSWORD": "not-the-password"}, {"KAFKA_SASL_USERNAME": "nobody"}],
    ids=["password", "user"],
)
async def test_the_wrong_user_or_password_does_not_get_in(
    secure_kafka: EmbeddedKafka,
    certificate: BrokerCertificate,
    wrong: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error comes at once, and neither it nor the logs show the password."""
    found = connection(variables(secure_kafka, certificate, **wrong))
    with pytest.raises(KafkaConnectionError) as caught:
        await plan(found, catalogue.load(), Layout("", 1))
    for password in (PASSWORD, "not-the-password"):
        assert password not in str(caught.value)
        assert password not in caplog.text


async def test_without_a_client_certificate_nobody_gets_in(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate
) -> None:
    """Mutual TLS is real: the right password alone is not enough where the broker wants a certificate too."""
    environ = variables(secure_kafka, certificate)
    for name in ("KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE"):
        del environ[name]
    with pytest.raises(KafkaConnectionError):
        await plan(connection(environ), catalogue.load(), Layout("", 1))


async def test_the_reason_of_a_refusal_is_told(secure_kafka: EmbeddedKafka, certificate: BrokerCertificate) -> None:
    """A wrong password is told apart from a broker that is away, and from one that lets us in."""
    environ = variables(secure_kafka, certificate)
    assert await why_refused(connection(environ).aiokafka(), 10.0) is None
    wrong = connection(environ | {"KAFKA_SASL_PASSWORD": "not-the-password"}).aiokafka()
    reason = await why_refused(wrong, 10.0)
    assert reason is not None
    assert "uthentication" in reason
    assert "not-the-password" not in reason
    (port,) = choose_ports(1, random.SystemRandom())
    away = await why_refused({**wrong, "bootstrap_servers": [f"127.0.0.1:{port}"]}, 10.0)
    assert away is not None
    assert f"127.0.0.1:{port}" in away
    assert "uthentication" not in away


async def test_a_command_says_that_the_login_is_refused(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate
) -> None:
    """A wrong password on the command line reads as one: whose login, and the login's settings as the first fix."""
    wrong = connection(variables(secure_kafka, certificate) | {"KAFKA_SASL_PASSWORD": "not-the-password"})
    with pytest.raises(CommandError, match=f"refuses the login of '{USER}'") as caught:
        await topics_of(wrong)
    assert caught.value.fix[0].startswith("check KAFKA_SASL_")


async def test_a_broker_of_another_authority_is_not_trusted(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, tmp_path: Path
) -> None:
    """A client that trusts another authority sends no password to this broker."""
    other = str(issue(tmp_path).ca)
    found = connection(variables(secure_kafka, certificate, KAFKA_SSL_CAFILE=other))
    with pytest.raises(KafkaConnectionError):
        await plan(found, catalogue.load(), Layout("", 1))


async def test_a_client_without_tls_does_not_get_in(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate
) -> None:
    """SASL_PLAINTEXT to the secure port fails, in bounded time."""
    environ = variables(secure_kafka, certificate, KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT")
    for name in ("KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE"):
        del environ[name]
    async with asyncio.timeout(60):
        with pytest.raises(KafkaConnectionError):
            await plan(connection(environ), catalogue.load(), Layout("", 1))

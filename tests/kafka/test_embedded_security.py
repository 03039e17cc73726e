"""The SASL_SSL listener of the embedded broker: who comes in, who does not, and that no password shows."""

import asyncio
import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.security import MECHANISMS, BrokerSecurity
from tests.kafka.authority import BrokerCertificate, issue
from tests.kafka.clients import create_topic, produce, read_all

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "plain-enough-7351"  # noqa: S105 - made up for the test
AWKWARD = "a\"b\\c, d]=e;$f'g "  # each character means something to one of the layers it passes


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> BrokerCertificate:
    """Certificate of the broker, from an authority made for these tests."""
    return issue(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def security(certificate: BrokerCertificate) -> BrokerSecurity:
    """Two users, one with a password that wants escaping everywhere."""
    users = {"alice": PASSWORD, "bob": AWKWARD}
    return BrokerSecurity(certificate.ca, certificate.certificate, certificate.key, users)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secure_kafka(
    security: BrokerSecurity, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedKafka]:
    """A broker with the listener."""
    async with EmbeddedKafka(tmp_path_factory.mktemp("secure") / "broker", security=security) as kafka:
        yield kafka


def login(certificate: BrokerCertificate, mechanism: str, user: str, password: str) -> dict[str, Any]:
    """Return aiokafka's settings for a client that trusts the authority."""
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
        "ssl_context": ssl.create_default_context(cafile=str(certificate.ca)),
    }


def address(kafka: EmbeddedKafka) -> str:
    """Return the listener's address."""
    servers = kafka.secure_bootstrap_servers
    assert servers is not None
    return servers


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(("user", "password"), [("alice", PASSWORD), ("bob", AWKWARD)])
async def test_a_user_with_the_right_password_can_write_and_read(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, mechanism: str, user: str, password: str
) -> None:
    """Each mechanism lets each user in over TLS, with the certificate and host name checked."""
    servers, options = address(secure_kafka), login(certificate, mechanism, user, password)
    topic = f"{mechanism}-{user}"
    await create_topic(servers, topic, **options)
    await produce(servers, topic, b"secret", **options)
    assert await read_all(servers, topic, **options) == [b"secret"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_wrong_password_is_refused(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, mechanism: str
) -> None:
    """Each mechanism refuses a user with another user's password."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address(secure_kafka), **login(certificate, mechanism, "alice", AWKWARD)
    )
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_an_unknown_user_is_refused(secure_kafka: EmbeddedKafka, certificate: BrokerCertificate) -> None:
    """A name that is nobody's does not come in."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address(secure_kafka), **login(certificate, "SCRAM-SHA-512", "mallory", PASSWORD)
    )
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_the_listener_speaks_tls_under_its_own_authority(
    secure_kafka: EmbeddedKafka, certificate: BrokerCertificate, tmp_path: Path
) -> None:
    """A client that trusts the authority completes a handshake, one that trusts another authority refuses."""
    host, port = address(secure_kafka).split(":")
    trusting = ssl.create_default_context(cafile=str(certificate.ca))
    _, writer = await asyncio.open_connection(host, int(port), ssl=trusting)
    writer.close()
    other = ssl.create_default_context(cafile=str(issue(tmp_path).ca))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(host, int(port), ssl=other)


async def test_the_plain_listener_stays_usable(secure_kafka: EmbeddedKafka) -> None:
    """Beside the secure listener, the one without login serves as always."""
    await create_topic(secure_kafka.bootstrap_servers, "plain-listener")


async def test_no_password_shows(secure_kafka: EmbeddedKafka, security: BrokerSecurity) -> None:
    """Neither command line, log nor repr holds a password or key, and files that do are the owner's alone."""
    key = security.key.read_text(encoding="ascii").splitlines()[1]
    folder = secure_kafka.log_file.parent
    for secret in (PASSWORD, AWKWARD, key):
        assert secret not in " ".join(psutil.Process(secure_kafka.pid).cmdline())
        assert secret not in secure_kafka.log_file.read_text(encoding="utf-8")
        assert secret not in repr(security)
    telling = [file for file in folder.rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]
    assert [(file.name, oct(stat.S_IMODE(file.stat().st_mode))) for file in telling] == [("server.properties", "0o600")]


async def test_users_outlive_a_crash(secure_kafka: EmbeddedKafka, certificate: BrokerCertificate) -> None:
    """After kill -9 and a new start, PLAIN and SCRAM users still come in on the same address."""
    before = address(secure_kafka)
    await secure_kafka.kill()
    await secure_kafka.start()
    assert address(secure_kafka) == before
    for mechanism in MECHANISMS:
        await create_topic(before, f"again-{mechanism}", **login(certificate, mechanism, "bob", AWKWARD))


async def test_a_user_name_that_could_break_out_of_a_setting_is_refused(certificate: BrokerCertificate) -> None:
    """Names stand unquoted in Kafka's settings, so only harmless ones are taken."""
    with pytest.raises(ValueError, match="user names"):
        BrokerSecurity(certificate.ca, certificate.certificate, certificate.key, {"eve required": "x"})

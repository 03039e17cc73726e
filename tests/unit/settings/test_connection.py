"""The Kafka connection: the right options for aiokafka and Faust, and errors that say what to do."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from faust.auth import SASLCredentials, SSLCredentials
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from pipeline.kafka.connection import KafkaConnection, KafkaSecurityError, NoKafkaError, resolve
from pipeline.settings import Settings
from tests.kafka.authority import BrokerCertificate, issue

PASSWORD = "hunter2secret"  # noqa: S105  # made up for the test
PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> BrokerCertificate:
    """An authority and a certificate of it."""
    return issue(tmp_path_factory.mktemp("authority"))


def connection(**environ: str) -> KafkaConnection:
    """Return the connection for these variables."""
    return resolve(Settings.load(environ={"KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9093", **environ}).kafka)


def secured(protocol: str, certificate: BrokerCertificate) -> KafkaConnection:
    """Return a connection with all that a protocol needs."""
    environ = {"KAFKA_SECURITY_PROTOCOL": protocol}
    if protocol.startswith("SASL"):
        environ |= {
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": "u",
            "KAFKA_SASL_PASSWORD": PASSWORD,
        }
    if protocol.endswith("SSL"):
        environ |= {"KAFKA_SSL_CAFILE": str(certificate.ca)}
    return connection(**environ)


def test_without_a_cluster_the_error_lists_the_three_ways() -> None:
    """Who starts a worker with nothing set learns what can be set or started."""
    with pytest.raises(NoKafkaError) as caught:
        Settings.load(environ={}).kafka.client_options()
    for way in ("KAFKA_BOOTSTRAP_SERVERS", "highlights dev", "pipeline.kafka.container"):
        assert way in str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_faust_talks_to_the_brokers_as_aiokafka_does(protocol: str, certificate: BrokerCertificate) -> None:
    """Faust's own translation of our credentials gives the options that our aiokafka clients have."""
    found = secured(protocol, certificate)
    urls, credentials = found.faust_broker()
    options = found.aiokafka()
    assert urls == ["kafka://a:9092", "kafka://b:9093"]
    assert options.pop("bootstrap_servers") == ["a:9092", "b:9093"]
    of_faust = {name: value for name, value in credentials_to_aiokafka_auth(credentials).items() if value is not None}
    assert of_faust == options
    assert options["security_protocol"] == protocol


@pytest.mark.parametrize(("protocol", "kind"), [("SSL", SSLCredentials), ("SASL_SSL", SASLCredentials)])
def test_tls_checks_the_certificate_and_the_host(protocol: str, kind: type, certificate: BrokerCertificate) -> None:
    """By default a broker must prove itself, to Faust and aiokafka alike, with TLS 1.2 or newer."""
    found = secured(protocol, certificate)
    context = found.aiokafka()["ssl_context"]
    assert isinstance(found.faust_broker()[1], kind)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_host_check_can_be_left_out_but_not_the_certificate(certificate: BrokerCertificate) -> None:
    """Behind a tunnel the name does not match; the authority still must."""
    found = connection(
        KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CAFILE=str(certificate.ca), KAFKA_SSL_CHECK_HOSTNAME="false"
    )
    assert found.ssl_context is not None
    assert not found.ssl_context.check_hostname
    assert found.ssl_context.verify_mode is ssl.CERT_REQUIRED


def test_the_password_is_not_in_the_repr(certificate: BrokerCertificate) -> None:
    """A connection that is logged by mistake gives nothing away."""
    found = secured("SASL_SSL", certificate)
    assert found.aiokafka()["sasl_plain_password"] == PASSWORD
    assert PASSWORD not in repr(found)
    assert PASSWORD not in repr(found.faust_broker())


def test_mutual_tls_loads_certificate_and_key(certificate: BrokerCertificate) -> None:
    """A pair that belongs together is taken."""
    found = connection(
        KAFKA_SECURITY_PROTOCOL="SSL",
        KAFKA_SSL_CAFILE=str(certificate.ca),
        KAFKA_SSL_CERTFILE=str(certificate.certificate),
        KAFKA_SSL_KEYFILE=str(certificate.key),
    )
    assert found.ssl_context is not None


def test_a_key_of_another_certificate_is_refused_by_name(certificate: BrokerCertificate, tmp_path: Path) -> None:
    """The error says which two settings do not fit."""
    with pytest.raises(KafkaSecurityError, match=r"KAFKA_SSL_CERTFILE .* and KAFKA_SSL_KEYFILE"):
        connection(
            KAFKA_SECURITY_PROTOCOL="SSL",
            KAFKA_SSL_CERTFILE=str(certificate.certificate),
            KAFKA_SSL_KEYFILE=str(issue(tmp_path).key),
        )


@pytest.mark.parametrize("password", [None, "wrong-one"])
def test_an_encrypted_key_without_its_password_is_an_error_and_not_a_question(
    certificate: BrokerCertificate, tmp_path: Path, password: str | None
) -> None:
    """The process does not wait for somebody to type; with the password it works."""
    key = serialization.load_pem_private_key(certificate.key.read_bytes(), None)
    encrypted = tmp_path / "key.pem"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSWORD.encode()),
        )
    )
    environ = {
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SSL_CERTFILE": str(certificate.certificate),
        "KAFKA_SSL_KEYFILE": str(encrypted),
    }
    assert connection(**environ, KAFKA_SSL_KEY_PASSWORD=PASSWORD).ssl_context is not None
    with pytest.raises(KafkaSecurityError, match="KAFKA_SSL_KEY_PASSWORD"):
        connection(**environ, **({"KAFKA_SSL_KEY_PASSWORD": password} if password else {}))


def test_an_authority_file_without_a_certificate_is_refused_by_name(tmp_path: Path) -> None:
    """The error names the setting."""
    empty = tmp_path / "ca.pem"
    empty.write_text("not a certificate", "utf-8")
    with pytest.raises(KafkaSecurityError, match="KAFKA_SSL_CAFILE"):
        connection(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CAFILE=str(empty))

"""How clients reach the cluster: one description, turned into what aiokafka and Faust each want."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from faust.auth import Credentials

    from pipeline.settings.groups import KafkaSettings

NO_KAFKA = """no Kafka cluster is set. There are three ways to have one:
  1. a cluster of yours: set KAFKA_BOOTSTRAP_SERVERS=host:port (with KAFKA_SECURITY_PROTOCOL and the rest if it asks)
  2. the embedded broker, for development: `highlights dev` or `highlights demo` start one and use it
  3. a container, where Docker runs: pipeline.kafka.container (install the extra `containers`)"""


class NoKafkaError(RuntimeError):
    """No cluster to connect to. The text lists the three ways."""

    def __init__(self) -> None:
        super().__init__(NO_KAFKA)


class KafkaSecurityError(RuntimeError):
    """A certificate, key or authority file cannot be used. The text names the key, never its content."""


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """A cluster and the way in. The password is never shown."""

    bootstrap_servers: tuple[str, ...]
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, kafka: KafkaSettings) -> Self:
        """Build the connection that the settings describe.

        Raises:
            NoKafkaError: no cluster is set.
            KafkaSecurityError: a TLS file cannot be used.
        """
        if not kafka.bootstrap_servers:
            raise NoKafkaError
        sasl = kafka.security_protocol.startswith("SASL")
        return cls(
            bootstrap_servers=kafka.bootstrap_servers,
            security_protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism if sasl else None,
            sasl_username=kafka.sasl_username if sasl else None,
            sasl_password=kafka.sasl_password.get_secret_value() if sasl and kafka.sasl_password else None,
            ssl_context=_ssl_context(kafka) if kafka.security_protocol.endswith("SSL") else None,
        )

    @classmethod
    def plaintext(cls, bootstrap_servers: str) -> Self:
        """Build a connection without security, as to the embedded broker: ``host:port``, separated by commas."""
        return cls(tuple(bootstrap_servers.split(",")))

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
        }
        if self.ssl_context is not None:
            options["ssl_context"] = self.ssl_context
        if self.sasl_mechanism is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password
        return options

    def faust_broker(self) -> tuple[list[str], Credentials | None]:
        """``broker`` and ``broker_credentials`` for ``faust.App``."""
        from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415  # Faust takes a second to import

        urls = [f"kafka://{server}" for server in self.bootstrap_servers]
        if self.sasl_mechanism is not None:
            return urls, SASLCredentials(
                username=self.sasl_username,
                password=self.sasl_password,
                mechanism=self.sasl_mechanism,
                ssl_context=self.ssl_context,
            )
        # Faust's SSLCredentials cannot make a context of its own (0.15.3), so it is always given ours
        return urls, SSLCredentials(context=self.ssl_context) if self.ssl_context is not None else None


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    context = _trusting(kafka.ssl_cafile)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = kafka.ssl_check_hostname
    if kafka.ssl_certfile is not None:
        # without a password OpenSSL would ask for one on the terminal, and the process would hang
        password = kafka.ssl_key_password.get_secret_value() if kafka.ssl_key_password else ""
        try:
            context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile, password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise KafkaSecurityError(
                f"KAFKA_SSL_CERTFILE ({kafka.ssl_certfile}) and KAFKA_SSL_KEYFILE ({kafka.ssl_keyfile or 'unset'}) "
                f"cannot be used together: {error}. Check that both are PEM, belong together, and that "
                "KAFKA_SSL_KEY_PASSWORD is set if the key is encrypted."
            ) from error
    return context


def _trusting(cafile: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=cafile)
    except (ssl.SSLError, OSError) as error:
        raise KafkaSecurityError(f"KAFKA_SSL_CAFILE ({cafile}) holds no usable certificate: {error}") from error


def resolve(kafka: KafkaSettings) -> KafkaConnection:
    """Return the connection to the cluster that is set.

    ``highlights dev`` and ``highlights demo`` start the embedded broker and set its address as an override, so for
    everything else there is one rule: what is set, or the error that lists the ways.

    Raises:
        NoKafkaError: no cluster is set.
        KafkaSecurityError: a TLS file cannot be used.
    """
    return KafkaConnection.from_settings(kafka)

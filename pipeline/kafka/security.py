"""A SASL_SSL listener for the embedded broker: who may come in, and the certificates it shows."""

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCRAM_MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")
MECHANISMS = ("PLAIN", *SCRAM_MECHANISMS)
LISTENER = "SECURE"
_ITERATIONS = 8192
_USER_NAME = re.compile(r"[A-Za-z0-9._-]+")  # it stands unquoted in two of Kafka's formats


@dataclass(frozen=True, slots=True)
class BrokerSecurity:
    """Certificates and users of the SASL_SSL listener.

    Every user may log in with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. SCRAM users are written when a data folder is
    first formatted; a kept folder keeps the SCRAM users it was made with.

    Attributes:
        ca: PEM file of the authority that signed the certificate.
        certificate: PEM file of the broker's certificate, valid for 127.0.0.1.
        key: PEM file of its private key, PKCS#8, not encrypted.
        users: Password by user name (letters, digits, dots, dashes, underscores); never shown by repr.
    """

    ca: Path
    certificate: Path
    key: Path
    users: Mapping[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        if unfit := [name for name in self.users if not _USER_NAME.fullmatch(name)]:
            raise ValueError(f"user names of the embedded broker may not look like this: {unfit}")

    def properties(self) -> dict[str, str]:
        """Return the broker settings of the listener; they hold passwords and the private key."""
        prefix = f"listener.name.{LISTENER.lower()}."
        logins = " ".join(f"user_{name}={_jaas_quoted(password)}" for name, password in self.users.items())
        module = "org.apache.kafka.common.security"
        return {
            f"{prefix}ssl.keystore.type": "PEM",
            f"{prefix}ssl.keystore.key": self.key.read_text(encoding="ascii"),
            f"{prefix}ssl.keystore.certificate.chain": self.certificate.read_text(encoding="ascii"),
            f"{prefix}ssl.truststore.type": "PEM",
            f"{prefix}ssl.truststore.certificates": self.ca.read_text(encoding="ascii"),
            f"{prefix}sasl.enabled.mechanisms": ",".join(MECHANISMS),
            f"{prefix}plain.sasl.jaas.config": f"{module}.plain.PlainLoginModule required {logins};",
            **{
                f"{prefix}{mechanism.lower()}.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;"
                for mechanism in SCRAM_MECHANISMS
            },
        }

    def format_arguments(self) -> list[str]:
        """Return the arguments that make Kafka's StorageTool write the SCRAM users; as secret as passwords."""
        return [
            argument
            for name, password in self.users.items()
            for mechanism in SCRAM_MECHANISMS
            for argument in ("--add-scram", f"{mechanism}=[name={name},{_salted(mechanism, password)}]")
        ]


def _salted(mechanism: str, password: str) -> str:
    """Hash here what Kafka would hash: its parser stops at commas in a password, and prints the rest of it."""
    salt = secrets.token_bytes(24)
    digest = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
    hashed = hashlib.pbkdf2_hmac(digest, password.encode(), salt, _ITERATIONS)
    return f'iterations={_ITERATIONS},salt="{b64encode(salt).decode()}",saltedpassword="{b64encode(hashed).decode()}"'


def _jaas_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

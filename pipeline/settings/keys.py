"""How one key is declared, and the value types that several groups share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

CROSS_CHECK = "cross_check"
"""The error type under which a group reports what is wrong between its keys (``ctx["found"]``)."""


def declare(default: Any, env: str, doc: str, *, hidden: bool = False, **bounds: Any) -> Any:
    """Declare a key.

    Args:
        default: used when neither the file nor the environment sets the key.
        env: the name of its environment variable.
        doc: one line for people, with the unit.
        hidden: left out of ``config show`` and the docs unless it is set.
        bounds: pydantic's constraints, such as ``ge`` and ``le``.
    """
    return Field(default, description=doc, json_schema_extra={"env": env, "hidden": hidden}, **bounds)


class Finding(NamedTuple):
    """What is wrong between several keys of one group.

    Attributes:
        field: the key to change.
        problem: what is wrong.
        fix: what to do.
        against: the other keys whose values say so; where one of them is wrong itself, there is nothing to say yet.
    """

    field: str
    problem: str
    fix: str
    against: tuple[str, ...] = ()


class Group(BaseModel):
    """A frozen group of keys. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong between keys that are each right on their own."""
        yield from ()

    def model_post_init(self, context: Any, /) -> None:
        """Refuse a group whose keys contradict each other."""
        del context
        found = [finding._asdict() for finding in self.findings()]
        if found:
            raise PydanticCustomError(CROSS_CHECK, "keys contradict each other: {found}", {"found": found})


def env_name(field: FieldInfo) -> str:
    """Return the environment variable of a declared key."""
    return str(_extra(field)["env"])


def is_hidden(field: FieldInfo) -> bool:
    """Say whether the key is for the project's own tests."""
    return bool(_extra(field)["hidden"])


def is_secret(field: FieldInfo) -> bool:
    """Say whether the key's value must never be shown."""
    return "SecretStr" in str(field.annotation)


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError(f"declare the key with keys.declare(): {field}")
    return dict(extra)


def _split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _pairs(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        name, equals, of = value.partition("=")
        if not (name and equals and of):
            raise PydanticCustomError("pairs", "not name=value pairs, separated by commas")
    names = [value.partition("=")[0] for value in values]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PydanticCustomError("pairs", "named twice: {twice}", {"twice": ", ".join(twice)})
    return values


def _host_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536) or {"/", "@"} & set(host):
        if port.isascii() and port.isdigit() and not 0 < int(port) < 65536:
            raise PydanticCustomError("host_port", "the port is not within 1 to 65535")
        raise PydanticCustomError("host_port", "not host:port, such as broker-1:9092")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("http_url", "not an http:// or https:// URL with a host")
    if parts.username or parts.password:
        raise PydanticCustomError("http_url", "a URL must not carry a user name or password")
    if parts.query or parts.fragment:
        raise PydanticCustomError("http_url", "a base URL has no query and no fragment")
    return value.rstrip("/")


def _bare(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text.endswith(("\n", "\r")):
        raise PydanticCustomError("bare", "ends with a line break")
    if text != text.strip():
        raise PydanticCustomError("bare", "begins or ends with white space")
    return value


def _fit_for_a_header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise PydanticCustomError("header", "must be printable ASCII without spaces")
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


UPPER_CASE = BeforeValidator(_upper)
"""Kafka's own names are upper case; ``sasl_ssl`` means the same."""

HostPort = Annotated[str, AfterValidator(_host_port)]
HostPorts = Annotated[tuple[HostPort, ...], BeforeValidator(_split_commas)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]
Pairs = Annotated[tuple[str, ...], BeforeValidator(_split_commas), AfterValidator(_pairs)]
"""``name=value`` texts, each name once."""

HttpBaseUrl = Annotated[str, AfterValidator(_http_url)]
Secret = Annotated[SecretStr, Field(min_length=1)]
BareSecret = Annotated[Secret, AfterValidator(_bare)]
"""A secret that the API gave out: white space around it comes from the file or the shell that it passed through."""

HeaderSecret = Annotated[BareSecret, AfterValidator(_fit_for_a_header)]
"""A secret that is sent as an HTTP header, as it is."""

"""The screen of source URLs: malformed ones, and those that point into somebody's private network.

Literal addresses only: there is no DNS in a rule. Whoever fetches must check what a name resolves to.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote, urlsplit

from pipeline.public_address import is_public
from schemas.records import RecordError

_BLOCKED_NAMES = (
    "localhost",
    "local",
    "internal",
    "localdomain",
    "lan",
    "home",
    "intranet",
    "corp",
    "home.arpa",
    "svc",  # Kubernetes completes it to the name of a service
)
"""Names that mean a machine nearby, and all names below them."""

_WILDCARD_DNS = (
    "nip.io",
    "sslip.io",
    "xip.io",
    "traefik.me",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
)
"""Public names whose owner answers with whatever address the name spells."""

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61", "."))
"""The characters that IDNA reads as dots."""


def screen_source_url(
    url: str, *, allowed: Collection[str] = (), blocked: Collection[str] = (), field: str = "source_url"
) -> None:
    """Check that a URL may be handed to the API, or fetched.

    Args:
        url: as the producer sent it.
        allowed: hosts that pass unseen, in lower case.
        blocked: hosts refused with their subdomains, in lower case.
        field: where it stands in the request.

    Raises:
        RecordError: ``blocked_url``; the reason names the field and does not repeat the URL, which may carry secrets.
    """
    try:
        _screen(url, allowed, blocked)
    except _RefusedError as error:
        raise RecordError("blocked_url", f"{field}: {error}") from error


class _RefusedError(ValueError):
    """Why a URL is refused, without the URL."""


def _screen(url: str, allowed: Collection[str], blocked: Collection[str]) -> None:
    host = _host_of(url)
    if host in allowed:
        return
    if any(host == name or host.endswith("." + name) for name in blocked):
        raise _RefusedError("the host is on this pipeline's block list")
    address = _address_of(host)
    if address is not None:
        if not is_public(address):
            raise _RefusedError("the host is not a public address")
        return
    _screen_name(host)


def _host_of(url: str) -> str:
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise _RefusedError("control characters, spaces and backslashes are not allowed")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises when it is no port
    except ValueError as error:
        raise _RefusedError("it cannot be parsed") from error
    if parts.scheme not in {"http", "https"}:
        raise _RefusedError("the scheme must be http or https")
    if "@" in parts.netloc:
        raise _RefusedError("a user in the URL is not allowed")
    if not host:
        raise _RefusedError("there is no host")
    if "%" in parts.netloc:
        host = unquote(host)
        if not host.isprintable() or any(character in host for character in "/?#@:%\\ "):
            raise _RefusedError("the host has encoded characters")
    return _ascii(host.translate(_DOTS)).rstrip(".").lower()


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        # nameprep folds look-alikes such as full-width digits into the plain ones, as a resolver would
        return host.encode("idna").decode()
    except UnicodeError as error:
        raise _RefusedError("the host name is malformed") from error


def _address_of(host: str) -> IPv4Address | IPv6Address | None:
    if ":" in host:
        try:
            return ip_address(host.partition("%")[0])
        except ValueError as error:
            raise _RefusedError("the address is malformed") from error
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        # four plain decimals only: of every other spelling (octal, hexadecimal, fewer parts) programs differ in how
        # they read it, and nobody needs one
        return IPv4Address(host)
    except ValueError as error:
        raise _RefusedError("the address is not four plain decimals") from error


def _screen_name(host: str) -> None:
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _RefusedError("the host is not a public name")
    for name in (*_BLOCKED_NAMES, *_WILDCARD_DNS):
        if host == name or host.endswith("." + name):
            raise _RefusedError("the host name means a machine nearby")

"""Connections to servers that strangers name: every address is screened at the moment of the connection.

A rule can look at a name only. What the name resolves to is known here, and the connection goes to exactly the address
that was looked at: a resolver that answers differently a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from ipaddress import ip_address

import httpcore

from pipeline.public_address import may_connect

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to addresses. Raises ``OSError``."""

_TRIED = 4
"""Addresses of one name that are tried before giving up."""


class AddressRefused(Exception):
    """A connection that must not be made. The text is for people and repeats neither host nor address."""


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class ScreenedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to public addresses only.

    Args:
        allowed: hosts that may be anywhere, in lower case: in tests and private networks.
        blocked: hosts refused with their subdomains, in lower case.
        resolver: what answers for a name.
    """

    def __init__(
        self, *, allowed: Collection[str] = (), blocked: Collection[str] = (), resolver: Resolver = resolve
    ) -> None:
        self._allowed = frozenset(allowed)
        self._blocked = tuple(blocked)
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            AddressRefused: the host is blocked, or one of its addresses is not public.
            httpcore.ConnectError: no name, or no answer.
            httpcore.ConnectTimeout: no answer in time.
        """
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("no address")
        for address in (await self._addresses(host, port))[:_TRIED]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a host, once every one of them has passed."""
        name = host.rstrip(".").lower()
        if name not in self._allowed and any(name == one or name.endswith("." + one) for one in self._blocked):
            raise AddressRefused("the host is on this pipeline's block list")
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name cannot be resolved") from error
        if name not in self._allowed and not all(map(_is_open, addresses)):
            raise AddressRefused("the host has an address that is not public")
        return addresses

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - the port
        timeout: float | None = None,  # noqa: ARG002 - the port
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the port
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no stranger's server is there."""
        raise AddressRefused("not a network address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def _is_open(address: str) -> bool:
    try:
        return may_connect(ip_address(address))  # one with a zone ("%eth0") is of one link: never public
    except ValueError:
        return False

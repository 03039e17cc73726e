"""How an answer leaves: whole, slowly, cut short, or not at all. Resets are real ones.

`SimulatorProtocol` is uvicorn's HTTP/1.1 protocol that also hands its transport to the application.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.simulator.answers import Answer
from pipeline.simulator.clock import Sleep

PIECES = 10
LINGER_ZERO = struct.pack("ii", 1, 0)


class SimulatorProtocol(H11Protocol):
    """Puts the transport of the connection into the state of each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Remember the transport where requests can find it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None if the client went away before it was sent."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece: bytes = message.get("body", b"")
        body += piece
        if not message.get("more_body", False):
            return body


async def send_whole(send: Send, answer: Answer) -> None:
    """Send the answer as it is."""
    await _start(send, answer)
    await send({"type": "http.response.body", "body": answer.body})


async def send_slowly(send: Send, answer: Answer, seconds: float, sleep: Sleep) -> None:
    """Send the body in pieces over so many seconds."""
    await _start(send, answer)
    size = max(1, -(-len(answer.body) // PIECES))
    for at in range(0, len(answer.body), size):
        await sleep(seconds / PIECES)
        await send({"type": "http.response.body", "body": answer.body[at : at + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def send_truncated(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    """Send half of what content-length announces, then close in good order."""
    await _start(send, answer)
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    transport_of(scope).close()  # what is buffered still goes out
    await until_gone(receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the TCP connection: the peer sees RST, not an orderly end."""
    transport = transport_of(scope)
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        transport.abort()
    await until_gone(receive)


async def until_gone(receive: Receive) -> None:
    """Wait until the connection is gone, so that the server does not try to answer in our place."""
    while (await receive())["type"] != "http.disconnect":
        pass


def transport_of(scope: Scope) -> asyncio.Transport:
    """Return the transport of the connection that a request came on.

    Raises:
        RuntimeError: the server does not use `SimulatorProtocol`.
    """
    transport: Any = scope.get("state", {}).get("transport")
    if transport is None:
        raise RuntimeError("faults on the connection need the simulator's own server")
    connection: asyncio.Transport = transport
    return connection


async def _start(send: Send, answer: Answer) -> None:
    headers = list(answer.headers)
    if answer.status != 204:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})

"""A real TCP server that plays one script per connection: good answers, and every way to break one."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Peer"], Awaitable[None]]
STREAM_BODY = b'{"id":"str_1","status":"processing"}'


@dataclass
class Peer:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "RawServer"

    async def read_request(self) -> None:
        """Read one HTTP/1.1 request whole and keep it."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.server.requests.append(head + await self.reader.readexactly(length))
        self.server.arrived.set()

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawServer:
    """The server: connection n gets script n, the last script again and again."""

    scripts: tuple[Script, ...]
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        """Base of the API it plays."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the next script."""
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        try:
            await script(Peer(reader, writer, self))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left first, as some tests want
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Run a server on a free port of the loopback."""
    state = RawServer(scripts)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(state.serve_one(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def closed_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reply(status: int = 200, body: bytes = STREAM_BODY, headers: Mapping[str, str] | None = None) -> Script:
    """Answer one request and close."""
    lines = [f"{name}: {value}\r\n" for name, value in (headers or {}).items()]
    head = f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(body)}\r\n{''.join(lines)}\r\n"

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(head.encode() + body)

    return script


def cut_off(status: int = 200, headers: str = "") -> Script:
    """Promise 500 bytes of body, send a few, close."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(f"HTTP/1.1 {status} X\r\ncontent-length: 500\r\n{headers}\r\n".encode() + STREAM_BODY[:9])

    return script


async def reset_at_once(peer: Peer) -> None:
    """Reset without reading."""
    peer.reset()


async def reset_after_request(peer: Peer) -> None:
    """Read the request whole, then reset: it may have been applied."""
    await peer.read_request()
    peer.reset()


async def close_after_request(peer: Peer) -> None:
    """Read the request whole, then close in good order."""
    await peer.read_request()


async def hang(peer: Peer) -> None:
    """Read the request and never answer."""
    await peer.read_request()
    await asyncio.Event().wait()


async def drip(peer: Peer) -> None:
    """Answer 200 and then send one byte of the body every few milliseconds, for ever."""
    await peer.read_request()
    await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        await peer.send(b" ")
        await asyncio.sleep(0.005)


async def greet_with_garbage(peer: Peer) -> None:
    """Speak first, as no TLS server does, and end only when the client does."""
    await peer.send(b"220 mail.example ready\r\n")
    await peer.reader.read()


async def speak_garbage(peer: Peer) -> None:
    """Answer with something that is no HTTP."""
    await peer.read_request()
    await peer.send(b"\x00\x01 not http at all\r\n\r\n")

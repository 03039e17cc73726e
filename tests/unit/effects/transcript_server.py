"""A transcript server on a real socket: it says whatever bytes a test wants, and notes what it was sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class TranscriptServer:
    """Answers by path.

    Attributes:
        answers: the bytes of a whole answer, by path; the connection is closed after it.
        stays: paths after whose answer the connection stays open and silent.
        requests: the request heads that came, as text.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.stays: set[str] = set()
        self.requests: list[str] = []
        self.port = 0

    def url(self, path: str, host: str = "transcripts.test") -> str:
        """The URL of a path."""
        return f"http://{host}:{self.port}{path}"

    def say(self, path: str, body: bytes = b"", status: str = "200 OK", **headers: str) -> None:
        """Answer a path with a status and a body; underscores in header names mean hyphens."""
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        if "content_length" not in headers:
            lines.append(f"content-length: {len(body)}")
        self.answers[path] = "\r\n".join([*lines, "", ""]).encode() + body

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            path = head.split(" ", 2)[1].partition("?")[0]
            writer.write(self.answers.get(path, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"))
            await writer.drain()
            if path in self.stays:
                await reader.read()  # until the other side gives up
        writer.close()


@contextlib.asynccontextmanager
async def transcript_server() -> AsyncIterator[TranscriptServer]:
    """A server on a port of its own."""
    ours = TranscriptServer()
    server = await asyncio.start_server(ours.handle, "127.0.0.1", 0)
    ours.port = server.sockets[0].getsockname()[1]
    async with server:
        yield ours

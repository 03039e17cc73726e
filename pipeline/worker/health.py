"""``/livez``, ``/readyz`` and ``/metrics`` on a port of ours; Faust's web server stays off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.worker.exit_codes import ExitCode, Unrecoverable


class Health(Protocol):
    """What the endpoints ask of the worker."""

    def stalled(self) -> str | None:
        """Why nothing moves, or ``None``. The vendor's or Kafka's absence is no stall."""

    def not_ready(self) -> list[str]:
        """What is missing before work is done here; empty when ready."""

    def details(self) -> dict[str, object]:
        """More about the state of the worker, for a person."""


def health_app(health: Health, registry: CollectorRegistry, refresh: Callable[[], None]) -> Starlette:
    """Build the endpoints. ``refresh`` brings derived gauges up to date before a scrape."""

    async def livez(_request: Request) -> Response:
        reason = health.stalled()
        return JSONResponse({"live": reason is None, "reason": reason}, status_code=200 if reason is None else 503)

    async def readyz(_request: Request) -> Response:
        missing = health.not_ready()
        body = {"ready": not missing, "missing": missing, **health.details()}
        return JSONResponse(body, status_code=200 if not missing else 503)

    async def metrics(_request: Request) -> Response:
        refresh()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)])


class _QuietServer(uvicorn.Server):
    """A server whose signals are somebody else's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HealthServer:
    """The endpoints on a socket.

    Raises:
        Unrecoverable: the port is taken; the text says which setting to change.
    """

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.address = f"http://{host}:{self._socket.getsockname()[1]}"
        self._server = _QuietServer(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="health")

    async def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.should_exit = True
        if self._task is not None:
            async with asyncio.timeout(3):
                await self._task
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # two that only bound the same port would both believe to have it
    except OSError as error:
        listener.close()
        reason = f"worker.health_port: {host}:{port} cannot be used ({error.strerror})"
        raise Unrecoverable(ExitCode.SETTINGS, f"{reason}; set TLDR_HEALTH_PORT, 0 = any free") from error
    return listener

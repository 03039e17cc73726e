"""Running the simulator as a server, until it is told to end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from pipeline.simulator.app import create_app
from pipeline.simulator.clock import Clock, system_clock
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.truth import TruthLog
from pipeline.simulator.wire import SimulatorProtocol

GRACE_S = 2


class AddressInUseError(Exception):
    """The address cannot be had; the message says which and why."""


class _Server(uvicorn.Server):
    """A uvicorn server that says when it listens, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise the signal again at the end, and the exit code would not be 0.
        yield


async def serve(
    scenario: Scenario,
    host: str,
    port: int,
    seed: int,
    truth_path: Path | None = None,
    *,
    clock: Clock | None = None,
    on_ready: Callable[[str], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; requests under way get a moment to finish.

    Args:
        scenario: what the run is like.
        host: address to listen on.
        port: port, or 0 for a free one.
        seed: of all content, ids and faults.
        truth_path: file the truth log is appended to; None keeps it in memory.
        clock: unix seconds; the system's by default.
        on_ready: called once with the base URL, ending in /v1, when connections are accepted.
        stop: ends the server when set; signals are then left alone.

    Raises:
        AddressInUseError: the address is taken or not ours.
    """
    listener = _bind(host, port)
    truth = TruthLog(truth_path)
    app = create_app(scenario, seed=seed, truth=truth, clock=clock or system_clock())
    config = uvicorn.Config(
        app,
        http=SimulatorProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    url = f"http://{_shown(host)}:{listener.getsockname()[1]}/v1"
    server = _Server(config, lambda: on_ready(url))
    ending = stop or _ended_by_signal()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = asyncio.create_task(ending.wait())
    try:
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        app.state.services.stopping.set()
        server.should_exit = True
        await serving
    finally:
        waiting.cancel()
        truth.close()


def _ended_by_signal() -> asyncio.Event:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    return ending


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle off on each connection; without, answers wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressInUseError(f"cannot listen on {host}:{port}: {error}") from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host

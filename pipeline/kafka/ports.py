"""Chooses ports for listeners on 127.0.0.1."""

import random
import socket

from pipeline.kafka.config import HOST

# Below every system's range of outgoing ports: a client that retries a stopped broker on a port of that range can be
# given the very port as its own, connect to itself, and keep the broker from coming back.
_RANGE = range(20_000, 32_000)
_TRIES = 1_000


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as Java does; connections in TIME_WAIT do not count
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose_ports(count: int, rng: random.Random) -> list[int]:
    """Return so many different free ports.

    Raises:
        OSError: No free port was found.
    """
    chosen: list[int] = []
    for _ in range(_TRIES):
        port = rng.choice(_RANGE)
        if port not in chosen and is_free(port):
            chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise OSError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")

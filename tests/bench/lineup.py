"""The systems in the race: how each is started. Everything else about them is the same."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.stack.environment import bare_environment
from tests.bench.systems import Assignment

CHECKOUT = Path(__file__).resolve().parents[2]
QUIX_PYTHON = CHECKOUT / "build" / "quix-venv" / "bin" / "python"
OURS = "ours"
QUIX = "quix_exactly_once"


class System(NamedTuple):
    """One of them.

    Attributes:
        name: in the figures.
        promise: what it guarantees.
        command: what to execute.
        drops_repeats: whether a repeat in the input must not appear in the output.
        profile: of the requests, for our worker; ``None`` for a rival.
    """

    name: str
    promise: str
    command: tuple[str, ...]
    drops_repeats: bool
    profile: str | None = None


_WORKER = (sys.executable, "-m", "agents", "worker")

SYSTEMS = (
    System(OURS, "deduplication, exactly once", _WORKER, drops_repeats=True, profile="general"),
    System("aiokafka_loop", "none", (sys.executable, "-m", "tests.bench.systems.aiokafka_loop"), drops_repeats=False),
    System(
        "faust_agent", "at least once", (sys.executable, "-m", "tests.bench.systems.faust_agent"), drops_repeats=False
    ),
    System(
        QUIX, "deduplication, exactly once", (str(QUIX_PYTHON), "-m", "tests.bench.systems.quix"), drops_repeats=True
    ),
)


PROFILED = tuple(
    System(profile, "deduplication, exactly once", _WORKER, drops_repeats=True, profile=profile)
    for profile in ("general", "gaming", "education", "meetings")
)
"""Our worker, with requests of each profile."""


def rival_environment(assignment: Assignment) -> dict[str, str]:
    """What a rival is started with."""
    return _base() | assignment.environment()


def our_environment(
    servers: str, prefix: str, health_port: int, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What our worker is started with: settings as an operator would set them, and an API that is not there."""
    return _base() | {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TLDR_TOPIC_PREFIX": prefix,
        "TLDR_GROUP_ID": f"{prefix}workers",
        "TLDR_HEALTH_PORT": str(health_port),
        "TLDR_API_BASE_URL": "http://127.0.0.1:9/v1",
        "TLDR_API_KEY": "bench",
        "TLDR_LOG_LEVEL": "WARNING",
        **(extra or {}),
    }


def _base() -> dict[str, str]:
    environment = bare_environment(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONPATH"):
        environment.pop(name, None)
    return environment | {"PYTHONPATH": str(CHECKOUT)}


Tell = Callable[[str], None]
"""Shows progress to a person."""

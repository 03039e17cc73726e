"""Shared by the tests of the client: time that a sleep moves, an observer that remembers, a client on them, answers."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.api import HighlightClient, RateLimit
from pipeline.api.protocol import Answer

API_KEY = "tldr_live_0123456789"
NOW = 1_800_000_000.0
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: on a busy machine, slowness of one example says nothing."""
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@dataclass
class FakeClock:
    """Both readings of time; `sleep` moves them and returns at once."""

    now: float = NOW
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        """Unix seconds."""
        return self.now

    def monotonic(self) -> float:
        """The same count."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move the clock on."""
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Recorder:
    """An observer that keeps what it is told."""

    seen: list[tuple[str, str, int | str]] = field(default_factory=list)
    rate_limits: list[RateLimit | None] = field(default_factory=list)

    def on_answer(
        self, method: str, route: str, status_or_error: int | str, seconds: float, rate_limit: RateLimit | None
    ) -> None:
        """Keep one attempt."""
        assert seconds >= 0
        self.seen.append((method, route, status_or_error))
        self.rate_limits.append(rate_limit)


def answer(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Return a JSON answer."""
    return Answer(status, headers or {}, orjson.dumps(payload))


def make_client(http: httpx.AsyncClient, base_url: str, clock: FakeClock, **more: Any) -> HighlightClient:
    """Return a client on fake time."""
    given: dict[str, Any] = {"api_key": SecretStr(API_KEY), "signing_secret": None, "random": Random(7), **more}
    return HighlightClient(http, base_url=base_url, clock=clock, sleep=clock.sleep, **given)

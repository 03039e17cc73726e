"""The health endpoints: what they answer, and the port they hold."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.health import HealthServer, health_app


class Condition:
    """What a worker says of itself."""

    def __init__(self) -> None:
        self.stall: str | None = None
        self.missing: list[str] = []

    def stalled(self) -> str | None:
        """Why nothing moves."""
        return self.stall

    def not_ready(self) -> list[str]:
        """What is missing."""
        return self.missing

    def details(self) -> dict[str, object]:
        """For people."""
        return {"partitions": [1, 2]}


@pytest.fixture
def condition() -> Condition:
    """A worker in order."""
    return Condition()


@pytest.fixture
async def http(condition: Condition) -> AsyncIterator[httpx.AsyncClient]:
    """A client of its health server; the gauge ``looks`` counts refreshes."""
    registry = CollectorRegistry()
    looks = Gauge("looks", "refreshes", registry=registry)
    server = HealthServer(health_app(condition, registry, looks.inc), "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        yield client
    await server.stop()


async def test_a_worker_that_moves_lives(http: httpx.AsyncClient) -> None:
    """200, and no reason."""
    answer = await http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"live": True, "reason": None})


async def test_a_stalled_worker_does_not(http: httpx.AsyncClient, condition: Condition) -> None:
    """503 with the reason."""
    condition.stall = "nothing was fetched for 120 s"
    answer = await http.get("/livez")
    assert (answer.status_code, answer.json()["reason"]) == (503, "nothing was fetched for 120 s")


async def test_readiness_names_all_that_is_missing(http: httpx.AsyncClient, condition: Condition) -> None:
    """503 with a list; 200 and an empty one when nothing is; details for people in both."""
    condition.missing = ["kafka", "ledgers"]
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["kafka", "ledgers"])
    condition.missing = []
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": [], "partitions": [1, 2]})


async def test_gauges_are_refreshed_before_each_scrape(http: httpx.AsyncClient) -> None:
    """What is derived from state is never older than the scrape."""
    assert "looks 1.0" in (await http.get("/metrics")).text
    assert "looks 2.0" in (await http.get("/metrics")).text


async def test_a_port_is_held_from_the_beginning() -> None:
    """Two workers on one port: the second is refused at once, by the setting's name, before either serves."""
    first = HealthServer(health_app(Condition(), CollectorRegistry(), lambda: None), "127.0.0.1", 0)
    port = int(first.address.rpartition(":")[2])
    with pytest.raises(Unrecoverable, match="TLDR_HEALTH_PORT") as caught:
        HealthServer(health_app(Condition(), CollectorRegistry(), lambda: None), "127.0.0.1", port)
    assert caught.value.exit_code == ExitCode.SETTINGS
    await first.start()
    await first.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass  # it is free again

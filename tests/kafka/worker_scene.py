"""Real worker processes on a broker with a simulated API, as the tests of the worker use them."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from confluent_kafka import Producer

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.ports import choose_ports
from pipeline.stack.local import LocalStack, StackConfig
from pipeline.stack.reader import open_reader
from pipeline.stack.truth import TrueStream, read_truth
from schemas.catalogue import full_name
from schemas.records import Stream

SCENARIO = """
name = "worker-tests"
[time]
compression = 1200.0
[streams]
duration_s = [600, 1200]
pending_s = [5, 10]
highlights = [3, 3]
[content]
created_at = "live"
"""
"""Streams of half a second to a second with three highlights each."""

FAST = {
    "topics.partitions": 1,
    "polling.min_s": 0.2,
    "polling.max_s": 1.0,
    "worker.session_timeout_s": 6.0,
    "worker.heartbeat_s": 1.0,
    "api.submit_timeout_s": 2.0,
    "policy.doubt_wait_s": 0.5,
    "policy.locate_pause_s": 0.2,
    "policy.locate_tries": 1,
    "log.format": "json",
}
"""Settings by ``group.key`` that keep waits short. One partition: every record has the others before and after it."""

Headers = Sequence[tuple[str, bytes | None]]


async def until(check: Callable[[], Any], timeout: float = 30.0, what: str = "", every: float = 0.1) -> None:
    """Ask until the answer is true; fail with ``what`` and the last error after ``timeout`` seconds."""
    deadline, last = time.monotonic() + timeout, ""
    while True:
        try:
            found = check()
            found = await found if isinstance(found, Awaitable) else found
        except httpx.HTTPError as error:
            found, last = None, repr(error)
        if found:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {timeout:g} s: {what or check} {last}")
        await asyncio.sleep(every)


def request(request_id: str, **fields: Any) -> bytes:
    """Return the value of a request record."""
    return json.dumps(
        {"request_id": request_id, "tenant": "acme", "source_url": f"https://video.example/{request_id}", **fields}
    ).encode()


class Scene:
    """A stack, and what tests ask of it.

    Attributes:
        stack: its parts.
        http: a client for health and the simulator's back door.
    """

    def __init__(self, stack: LocalStack, http: httpx.AsyncClient) -> None:
        self.stack = stack
        self.http = http

    # -- Kafka -----------------------------------------------------------------------------------------------------

    @property
    def servers(self) -> str:
        """Brokers of the workers."""
        return ",".join(self.stack.settings.kafka.bootstrap_servers)

    def topic(self, short: str) -> str:
        """Full name of a topic."""
        return full_name(short, self.stack.settings.topics.prefix)

    async def send(
        self, short: str, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> tuple[str, int, int]:
        """Write one record to partition 0 as any producer could; return topic, partition and offset."""
        return (await self.send_all([(short, key, value, headers)]))[0]

    async def send_all(
        self, records: Sequence[tuple[str, bytes | None, bytes | None, Headers]]
    ) -> list[tuple[str, int, int]]:
        """Write records to partition 0, in order."""
        return await asyncio.to_thread(self._send_all, records)

    def _send_all(
        self, records: Sequence[tuple[str, bytes | None, bytes | None, Headers]]
    ) -> list[tuple[str, int, int]]:
        places: list[tuple[str, int, int]] = []
        kafka = self.stack.kafka
        producer = Producer(
            {
                "bootstrap.servers": kafka.bootstrap_servers if kafka else self.servers,
                "message.max.bytes": 20_000_000,
                "linger.ms": 0,
                "log_level": 0,
                "max.in.flight": 1,
            }
        )

        def confirmed(error: Any, message: Any) -> None:
            assert error is None, error
            places.append((message.topic(), message.partition(), message.offset()))

        for short, key, value, headers in records:
            producer.produce(
                self.topic(short), value=value, key=key, headers=list(headers), partition=0, on_delivery=confirmed
            )
            assert producer.flush(30) == 0
        return places

    async def ask(self, *request_ids: str, **fields: Any) -> None:
        """Send good requests."""
        await self.send_all([("requests", rid.encode(), request(rid, **fields), ()) for rid in request_ids])

    async def read(self, *shorts: str) -> list[Any]:
        """Return every committed record of topics."""
        prefix = self.stack.settings.topics.prefix
        async with open_reader(self.stack.connection, shorts, prefix=prefix) as reader:
            return await reader.read_to_end()

    async def streams(self, *request_ids: str) -> list[Stream]:
        """Return all stream records of requests, in order."""
        records = [msgspec.json.decode(record.value, type=Stream) for record in await self.read("streams")]
        return [record for record in records if record.request_id in request_ids]

    async def until_state(self, *request_ids: str, state: str = "settled", timeout: float = 60.0) -> None:
        """Wait until each of the requests was in a state."""

        async def look() -> bool:
            seen = {record.request_id for record in await self.streams(*request_ids) if record.state == state}
            return seen == set(request_ids)

        await until(look, timeout, f"{request_ids} {state}", every=0.3)

    # -- health ----------------------------------------------------------------------------------------------------

    async def health(self, path: str, number: int = 1) -> httpx.Response:
        """Ask a worker's health server."""
        return await self.http.get(f"{self.stack.workers[number].health_url}{path}")

    async def readiness(self, number: int = 1) -> dict[str, Any]:
        """What /readyz says."""
        body: dict[str, Any] = (await self.health("/readyz", number)).json()
        return body

    async def metrics(self, number: int = 1) -> dict[str, float]:
        """Samples of /metrics by name with labels, as they are written there."""
        text = (await self.health("/metrics", number)).text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def logs(self, number: int = 1) -> list[dict[str, Any]]:
        """Log lines of a worker's present life; each must be JSON."""
        return [json.loads(line) for line in self.stack.workers[number].child.output().splitlines() if line.strip()]

    # -- the API ---------------------------------------------------------------------------------------------------

    async def faults(self, *faults: Mapping[str, Any]) -> None:
        """Replace the faults in force."""
        base = self.stack.simulator.base_url.removesuffix("/v1")
        (await self.http.post(f"{base}/_sim/faults", json={"faults": list(faults)})).raise_for_status()

    def truth(self, event: str) -> list[dict[str, Any]]:
        """Events of one kind in the truth log; a line that is still being written is left out."""
        *lines, _ = self.stack.simulator.truth_log.read_bytes().split(b"\n")
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def true_streams(self) -> list[TrueStream]:
        """Streams that the API accepted, in all its lives."""
        return list(read_truth(self.stack.simulator.truth_log).values())


@asynccontextmanager
async def open_scene(
    folder: Path,
    kafka: EmbeddedKafka,
    prefix: str,
    *,
    workers: int = 1,
    overrides: Mapping[str, Any] | None = None,
    content: str = SCENARIO,
) -> AsyncIterator[Scene]:
    """Open a scene: topics are there and the simulator answers; ``workers`` may be started, none is.

    ``content`` is the simulator's scenario.
    """
    scenario = folder / "scenario.toml"
    scenario.write_text(content)
    (port,) = choose_ports(1, random.SystemRandom())
    settings = {**FAST, "topics.prefix": prefix, "worker.group_id": f"{prefix}group", **(overrides or {})}
    config = StackConfig(
        workers=workers, scenario=str(scenario), folder=folder, simulator_port=port, overrides=settings
    )
    async with LocalStack(config, kafka=kafka) as stack, httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        await stack.start_services()
        yield Scene(stack, http)

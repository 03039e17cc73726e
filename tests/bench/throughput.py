"""Throughput: every system in turn, round by round, on the same input behind a gate."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.kafka.ports import choose_ports
from schemas.catalogue import full_name
from tests.bench import seeding, workload
from tests.bench.feed import Feed
from tests.bench.figures import Run
from tests.bench.lineup import SYSTEMS, System, Tell, our_environment, rival_environment
from tests.bench.measured import Measured
from tests.bench.progress import Progress
from tests.bench.systems import Assignment
from tests.bench.topics import topics
from tests.bench.workload import PARTITIONS, Input

_WARM_UP_EACH = 200
"""Records a partition gets before the gate opens: connections, caches and code paths are warm."""

_TIMEOUT_S = 30.0
"""Without any progress."""


class Race(NamedTuple):
    """One input for all systems.

    Attributes:
        requests: known before.
        inputs: behind the gate.
        distinct: how many of them are no repeats.
    """

    requests: int
    inputs: Sequence[Input]
    distinct: int


def race(records: int, requests: int, *, repeats: bool) -> Race:
    """Make an input of so many records, half of them repeats if asked."""
    if repeats:
        inputs, distinct = workload.with_repeats(records, requests)
        return Race(requests, inputs, distinct)
    return Race(requests, workload.distinct(records, requests), records)


async def measure(
    servers: str, given: Race, *, rounds: int, systems: Sequence[System], tell: Tell
) -> dict[str, list[Run]]:
    """Let each system run once a round, in an order that turns with the rounds."""
    order = [system for system in SYSTEMS if system in systems] or systems
    runs: dict[str, list[Run]] = {system.name: [] for system in order}
    for number in range(rounds):
        turn = number % len(systems)
        for system in [*systems[turn:], *systems[:turn]]:
            tell(f"round {number + 1} of {rounds}: {system.name}")
            run = await _one_run(servers, system, given)
            runs[system.name].append(run)
            tell(f"  {run.records_per_s:,.0f} records/s, {run.cpu_s:.1f} s CPU, {run.peak_rss_mb:.0f} MB")
    return runs


async def _one_run(servers: str, system: System, given: Race) -> Run:
    with topics(servers, system.name) as prefix, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = Measured(system.name, system.command, Path(folder))
        try:
            await process.start(await _prepare(servers, system, given, prefix, folder))
            return await asyncio.to_thread(_drive, servers, prefix, process, system, given)
        finally:
            await process.stop()


async def _prepare(servers: str, system: System, given: Race, prefix: str, folder: str) -> dict[str, str]:
    if system.profile is not None:
        known = seeding.ledger(given.requests, 0, time.time(), system.profile)
        await asyncio.to_thread(Feed(servers, full_name("ledger", prefix)).write, known)
        return our_environment(servers, prefix, choose_ports(1, random.SystemRandom())[0])
    return rival_environment(
        Assignment(
            servers=servers,
            group=f"{prefix}group",
            source=full_name("observations", prefix),
            sink=full_name("highlights", prefix),
            requests=given.requests,
            folder=folder,
        )
    )


def _drive(servers: str, prefix: str, process: Measured, system: System, given: Race) -> Run:
    feed = Feed(servers, full_name("observations", prefix))
    sink = Progress(servers, full_name("highlights", prefix), PARTITIONS)
    start = sink.ends()
    warm_up = workload.distinct(_WARM_UP_EACH * PARTITIONS, given.requests, tag="warm")
    feed.write(warm_up)
    warm = sink.read(start, expected=len(warm_up), timeout=_TIMEOUT_S)
    process.require()
    if warm.records < len(warm_up):
        raise TimeoutError(f"{system.name}: {warm.records} of {len(warm_up)} came of the warm-up\n{process.tail()}")
    feed.fill(given.inputs)
    time.sleep(1.0)  # what is left of the writing settles
    before = sink.ends()
    process.sample()
    opened = feed.release()
    expected = given.distinct if system.drops_repeats else len(given.inputs)
    try:
        sink.watch(expected, timeout=_TIMEOUT_S, also=process.sample)
    except TimeoutError as error:
        raise TimeoutError(f"{error}\n{process.tail()}") from error
    return _judge(process, sink, before, opened, expected, given)


def _judge(process: Measured, sink: Progress, before: Any, opened: float, expected: int, given: Race) -> Run:
    peak = process.peak_rss_mb()
    written = sink.read(before, expected=expected)
    complete = sink.complete_at(written.last)
    seconds = complete - opened
    repeats_allowed = expected - given.distinct
    return Run(
        records_per_s=len(given.inputs) / seconds,
        seconds=seconds,
        cpu_s=process.cpu_between(opened, complete),
        peak_rss_mb=peak,
        missing=given.distinct - written.distinct,
        duplicated=max(0, written.records - written.distinct - repeats_allowed),
    )

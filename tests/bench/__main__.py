"""``python -m tests.bench``."""

from __future__ import annotations

import asyncio
import sys

from pipeline.kafka.embedded import EmbeddedKafka
from tests.bench import throughput
from tests.bench.lineup import SYSTEMS


async def main() -> None:
    names = sys.argv[1].split(",")
    n = int(sys.argv[2])
    async with EmbeddedKafka() as kafka:
        race = throughput.race(n, 1000, repeats="-r" in sys.argv)
        print(len(race.inputs), race.distinct, len(race.inputs[0].value))
        systems = [s for s in SYSTEMS if s.name in names]
        print(await throughput.measure(kafka.bootstrap_servers, race, rounds=int(sys.argv[3]), systems=systems, tell=print))


asyncio.run(main())

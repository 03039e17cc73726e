"""R40: producers that place keys differently, next to each other: one owner and one stream for each request."""

from __future__ import annotations

from tests.chaos.load import CRC32, Writer, request_record
from tests.chaos.run import Figures, Run, Scale, verdict

FULL = Scale(streams=120, workers=3, seconds=(4.0, 8.0))
SHORT = FULL.but(streams=18, workers=2, seconds=(3.0, 5.0))


async def r40(run: Run) -> Figures:
    """Write a third of the requests with each partitioner, and a third with both."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        records = [request_record(run.seed, number) for number in range(scene.scale.streams)]
        scene.asked.update(records)
        third = len(records) // 3
        librdkafka = Writer(scene.servers, CRC32)
        await librdkafka.write(scene.topic("requests"), records[: 2 * third])
        await scene.writer.write(scene.topic("requests"), records[third:])
        figures = await verdict(scene, rounds=run.rounds)
        await scene.tail("requests").catch_up()
        forwarded = sum("tldr-forwarded" in record.headers for record in scene.tail("requests").all)
        letters = await scene.tail("dead-letters").catch_up()
        right = forwarded > 0 and not letters and figures["posts"] == len(records)
        return figures | {"forwarded": forwarded, "dead_letters": len(letters), "pass": figures["pass"] and right}

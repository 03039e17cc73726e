"""R7: webhooks late, shuffled and doubled next to polling; ``seq`` has no gaps and the summaries are right."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.simulator.content import StreamPlan, Submission, plan_stream
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scenario_file import load_scenario
from pipeline.simulator.views import MEDIA
from tests.chaos.run import Figures, Run, Scale, Scene, verdict

FULL = Scale(streams=120, workers=3, seconds=(15.0, 30.0), over_s=20.0, poll_s=(3.0, 10.0), revised=0.15)
SHORT = FULL.but(streams=20, workers=2, seconds=(8.0, 12.0), over_s=2.0, poll_s=(4.0, 8.0))
SPREAD_S, SHORT_SPREAD_S = 60.0, 6.0
DOUBLED = 0.3


async def r7(run: Run) -> Figures:
    """Deliver each event of the truth log as a webhook, up to a minute late in any order, three in ten twice."""
    async with run.scene(run.sized(FULL, SHORT)) as scene:
        await scene.fleet.start()
        webhooks = Webhooks(scene, run.rng, spread_s=SHORT_SPREAD_S if run.short else SPREAD_S)
        async with webhooks.delivering():
            await scene.submit_all()
            await scene.until_settled(120.0)
            await webhooks.until_all_delivered()
        figures = await verdict(scene, webhooks=webhooks.delivered, doubled=webhooks.doubled)
        counts = [summary["counts"] for summary in (await scene.latest("summaries")).values()]
        figures["by_webhook"] = sum(count["by_webhook"] for count in counts)
        letters = await scene.tail("dead-letters").catch_up()
        figures["dead_letters"] = len(letters)
        figures["pass"] = figures["pass"] and figures["by_webhook"] > 0 and not letters
        return figures | {"rounds": run.rounds}


class Webhooks:
    """Turns the simulator's truth log into observations, as a webhook gateway would.

    Attributes:
        delivered: observations written, repeats included.
        doubled: of these, repeats.
    """

    def __init__(self, scene: Scene, rng: random.Random, *, spread_s: float) -> None:
        self._scene = scene
        self._rng = rng
        self._spread_s = spread_s
        self._catalogue = Plans(scene.folder / "scenario.toml", scene.seed)
        self._waiting: list[tuple[float, int, tuple[str, bytes]]] = []
        self._read = 0
        self._count = 0
        self.delivered = 0
        self.doubled = 0

    @contextlib.asynccontextmanager
    async def delivering(self) -> Any:
        """Deliver as long as the context is open."""
        task = asyncio.create_task(self._deliver_forever(), name="webhooks")
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until_all_delivered(self) -> None:
        """Wait until every event so far has been delivered."""
        while self._take_in() or self._waiting:  # noqa: ASYNC110 - the truth log is a file, nothing tells that it grew
            await asyncio.sleep(0.2)

    async def _deliver_forever(self) -> None:
        topic = self._scene.topic("observations")
        while True:
            self._take_in()
            due = []
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                due.append(heapq.heappop(self._waiting)[2])
            if due:
                self.delivered += await self._scene.writer.write(topic, due)
            await asyncio.sleep(0.1)

    def _take_in(self) -> int:
        """Read what is new in the truth log and give each event its time of delivery, or two."""
        taken = 0
        for event in self._new_events():
            record = self._catalogue.observation(event, f"evt-{self._count}")
            if record is None:
                continue
            taken += 1
            times = 2 if self._rng.random() < DOUBLED else 1
            self.doubled += times - 1
            for _ in range(times):
                self._count += 1
                # many at once, some very late
                due = time.monotonic() + self._spread_s * self._rng.random() ** 3
                heapq.heappush(self._waiting, (due, self._count, record))
        return taken

    def _new_events(self) -> Iterator[dict[str, Any]]:
        with self._scene.simulator.truth_log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield json.loads(line)


class Plans:
    """What the simulator's streams contain, worked out again from the seed: the truth log leaves some of it out."""

    def __init__(self, scenario: Path, seed: int) -> None:
        self._scenario: Scenario = load_scenario(str(scenario))
        self._seed = seed
        self._plans: dict[str, tuple[str, StreamPlan]] = {}

    def observation(self, event: dict[str, Any], name: str) -> tuple[str, bytes] | None:
        """Return key and value of the webhook that tells an event; ``None`` for events that no webhook tells."""
        kind = event["event"]
        if kind == "accepted":
            submission = Submission(event["source_url"], event["platform"], event["options"], event["metadata"])
            plan = plan_stream(self._scenario, self._seed, submission, event["ordinal"])
            self._plans[event["stream_id"]] = (event["metadata"]["request_id"], plan)
        if kind not in {"started", "made", "revised", "ended"}:
            return None
        request_id, plan = self._plans[event["stream_id"]]
        told: dict[str, Any] = {
            "request_id": request_id,
            "observation_id": name,
            "source": "webhook",
            "observed_at": datetime.fromtimestamp(event["time"], UTC).isoformat(),
        }
        if kind in {"made", "revised"}:
            told["highlights"] = [self._highlight(event, plan)]
        else:
            status = "processing" if kind == "started" else event["status"]
            told["stream"] = {"id": event["stream_id"], "status": status, "total_s": plan.total}
        return request_id, json.dumps(told).encode()

    def _highlight(self, event: dict[str, Any], plan: StreamPlan) -> dict[str, Any]:
        planned = next(item for item in plan.highlights if item.id == event["highlight_id"])
        path = f"{MEDIA}/{event['stream_id']}/{planned.id}"
        return {
            "id": planned.id,
            "stream_id": event["stream_id"],
            **event["content"],
            "video_url": f"{path}.mp4?signature={self._seed}",
            "thumbnail_url": f"{path}.jpg?signature={self._seed}",
            "metadata": dict(planned.metadata),
            "created_at": planned.created_at,
        }

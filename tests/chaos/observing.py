"""Observations written by the harness itself, and the account of what became of each."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.reading import Read
from tests.chaos.run import Figures, Scale, Scene

BARREN = Scale(streams=6, workers=1, partitions=3, highlights=(0, 0), seconds=(900.0, 900.0), poll_s=(2.0, 5.0))
"""Streams in which the API finds nothing: every highlight comes from the harness."""

_BEGIN = datetime.now(UTC)


@dataclass
class Observed:
    """What was written, and so has to come out: titles of each highlight, in order, by request.

    Attributes:
        wanted: request id, highlight id, titles.
        written: observations so far.
    """

    wanted: defaultdict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    written: int = 0

    def record(self, request_id: str, highlight_id: str, title: str, **more: Any) -> tuple[str, bytes]:
        """Note one more revision of a highlight and return the observation that tells it: key and value."""
        self.written += 1
        self.wanted[request_id].setdefault(highlight_id, []).append(title)
        at = _BEGIN + timedelta(milliseconds=self.written)
        value = {
            "request_id": request_id,
            "observation_id": f"told-{self.written}",
            "source": "poll",  # a webhook revises nothing by itself
            "observed_at": at.isoformat(),
            "highlights": [{"id": highlight_id, "title": title, "duration": 10.0, "timestamp": 5.0, **more}],
        }
        return request_id, json.dumps(value).encode()

    def withdraw(self, request_id: str, highlight_id: str) -> None:
        """Want a highlight no more: what told it is to end as a dead letter."""
        del self.wanted[request_id][highlight_id]

    def compare(self, highlights: Iterable[Read]) -> Figures:
        """Return missing, doubled and out-of-order highlight records; ``pass`` when there are none."""
        found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        last_seq: defaultdict[str, int] = defaultdict(int)
        gaps = 0
        for read in highlights:
            record = json.loads(read.value or b"{}")
            request_id = record["request_id"]
            gaps += record["seq"] != last_seq[request_id] + 1
            last_seq[request_id] = record["seq"]
            titles = found[request_id][record["highlight_id"]]
            gaps += record["revision"] != len(titles) + 1
            titles.append(record["title"])
        missing = doubled = 0
        for request_id in self.wanted.keys() | found.keys():
            wanted, got = self.wanted[request_id], found[request_id]
            for highlight_id in wanted.keys() | got.keys():
                expected, actual = wanted.get(highlight_id, []), got.get(highlight_id, [])
                missing += sum(title not in actual for title in expected)
                doubled += max(0, len(actual) - len(expected))
        made = sum(len(titles) for highlights_ in self.wanted.values() for titles in highlights_.values())
        counts = {"made": made, "missing": missing, "duplicate": doubled, "out_of_order": gaps}
        return {"pass": not (missing or doubled or gaps), **counts}


async def until_processing(scene: Scene, timeout: float = 60.0) -> None:
    """Wait until every request has its stream.

    Raises:
        TimeoutError: they have not.
    """
    deadline = time.monotonic() + timeout
    while True:
        states = await scene.latest("streams")
        if all(states.get(request, {}).get("state") == "processing" for request in scene.requests):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all requests are processing after {timeout:g} s")
        await asyncio.sleep(0.2)


async def observed_verdict(scene: Scene, observed: Observed, **more: Any) -> Figures:
    """Wait until everything was read and compare."""
    left = await scene.until_quiet()
    await scene.tail("highlights").catch_up()
    figures = observed.compare(scene.tail("highlights").all)
    holds = bool(more.pop("holds", True)) and not any(left.values())
    if any(left.values()):
        figures["left"] = left
    return figures | more | {"pass": figures["pass"] and holds}

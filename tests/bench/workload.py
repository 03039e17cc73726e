"""Observations of one highlight each: the same bytes for every system, from a seed. No I/O."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from aiokafka.partitioner import murmur2

from schemas.records import Observation, ObservedHighlight, encode
from tests.bench.requested import START, request_id, stream_id

PARTITIONS = 12
"""The catalogue's default, for every topic of every system."""

SEED = 20_260_701
_WORDS = ("ace", "clutch", "final", "round", "boss", "escape", "comeback", "double", "kill", "opening", "save", "crowd")
_TAGS = ("ace", "Clutch Play", "comeback", "funny moment", "goal", "Boss Fight", "reaction", "win")


class Input(NamedTuple):
    """One record of the observations topic."""

    partition: int
    key: bytes
    value: bytes


def place(key: str) -> int:
    """Return the partition where a key belongs, as every Java and aiokafka client would."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS)


def distinct(count: int, request_count: int, *, tag: str = "h", seed: int = SEED) -> list[Input]:
    """Return observations, each with a highlight of its own, dealt out over the requests in turn.

    Args:
        count: how many.
        request_count: over so many requests.
        tag: begins the highlights' ids, so that two sets do not meet.
        seed: of everything that looks random.
    """
    draw = random.Random(seed)
    ids = [request_id(number) for number in range(request_count)]
    partitions = [place(each) for each in ids]
    made = []
    for index in range(count):
        number = index % request_count
        observation = _observation(ids[number], stream_id(number), f"{tag}-{index:08}", index, draw)
        made.append(Input(partitions[number], ids[number].encode(), encode(observation)))
    return made


def _observation(request: str, stream: str, highlight: str, index: int, draw: random.Random) -> Observation:
    words = draw.choices(_WORDS, k=12)
    seen_at = START + timedelta(milliseconds=10 * index)
    return Observation(
        request_id=request,
        observation_id=f"obs-{highlight}",
        source="webhook",
        observed_at=seen_at,
        highlights=[
            ObservedHighlight(
                id=highlight,
                stream_id=stream,
                title=" ".join(words[:4]).capitalize(),
                description=" ".join(words[4:]),
                video_url=f"https://cdn.example/clips/{highlight}.mp4?signature={draw.getrandbits(64):016x}",
                thumbnail_url=f"https://cdn.example/thumbs/{highlight}.jpg",
                duration=float(draw.randint(10, 60)),
                timestamp=round(draw.uniform(0, 14_400), 2),
                confidence_score=round(draw.uniform(0.3, 1.0), 3),
                tags=draw.sample(_TAGS, 3),
                metadata={"viewers": draw.randint(50, 50_000), "excitement": round(draw.random(), 3)},
                created_at=seen_at.isoformat(),
            )
        ],
    )


def with_repeats(count: int, request_count: int, *, seed: int = SEED) -> tuple[list[Input], int]:
    """Return ``count`` observations, about half of them identical repeats of an earlier one of the same request.

    The last record of each partition is no repeat, so that a system is done when the last output is out.

    Returns:
        The inputs, and how many of them are distinct.
    """
    draw = random.Random(seed + 1)
    unique = distinct((count + request_count) // 2, request_count, seed=seed)
    return list(_mixed(unique, request_count, draw)), len(unique)


def _mixed(unique: list[Input], request_count: int, draw: random.Random) -> Iterator[Input]:
    for index, each in enumerate(unique):
        earlier = index // request_count
        if earlier:
            yield unique[index - request_count * draw.randint(1, min(earlier, 10))]
        yield each

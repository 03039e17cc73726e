"""Where a key belongs: Kafka's murmur2, as Java and aiokafka clients do it. librdkafka's default (CRC32) differs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from aiokafka.partitioner import murmur2


def partition_of(partitions: int) -> Callable[[bytes], int]:
    """Make a function from key to partition number; it remembers recent keys, murmur2 being slow in Python."""

    @lru_cache(maxsize=100_000)
    def place(key: bytes) -> int:
        return int((murmur2(key) & 0x7FFFFFFF) % partitions)

    return place

"""Where a key belongs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streaming.partitioner import partition_of

KNOWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"abc": 479470107,
}
"""Hashes as Kafka's own client computes them."""


@pytest.mark.parametrize(("key", "hashed"), KNOWN.items())
def test_keys_are_placed_as_java_clients_place_them(key: bytes, hashed: int) -> None:
    """The default partitioner of Java producers and ours agree."""
    assert partition_of(1000)(key) == (hashed & 0x7FFFFFFF) % 1000


@given(st.binary(min_size=1, max_size=64), st.integers(1, 200))
def test_every_key_has_a_partition(key: bytes, partitions: int) -> None:
    """The place is within the topic and never changes."""
    place = partition_of(partitions)
    assert 0 <= place(key) < partitions
    assert place(key) == partition_of(partitions)(key)

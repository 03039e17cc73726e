"""The input of the benchmarks is what the figures claim it is."""

from __future__ import annotations

from collections import Counter

import msgspec

from schemas.records import Observation, decode
from tests.bench import workload
from tests.bench.requested import requests

_decoder = msgspec.json.Decoder(Observation)


def test_records_are_valid_and_of_the_promised_size() -> None:
    """Each input is an observation of one highlight, of 500 to 750 bytes, under its request's key and partition."""
    for each in workload.distinct(200, 50):
        seen = decode(_decoder, each.value)
        assert len(seen.highlights) == 1
        assert 500 <= len(each.value) <= 750
        assert each.key == seen.request_id.encode()
        assert each.partition == workload.place(seen.request_id)


def test_every_record_is_news_without_repeats() -> None:
    """No two records of the plain input show the same highlight."""
    inputs = workload.distinct(500, 50)
    assert len({decode(_decoder, each.value).highlights[0].id for each in inputs}) == 500


def test_half_of_the_records_are_identical_repeats() -> None:
    """Of the mixed input half are byte-for-byte repeats, and the number of distinct ones is told right."""
    inputs, distinct = workload.with_repeats(2_000, 50)
    times = Counter(each.value for each in inputs)
    assert len(times) == distinct
    assert abs(len(inputs) - 2_000) <= 1
    assert 0.45 < 1 - distinct / len(inputs) < 0.5


def test_each_partition_ends_with_news() -> None:
    """The last record of each partition is the first of its kind, so that the last output tells that all is done."""
    inputs, _ = workload.with_repeats(2_000, 50)
    first: dict[bytes, int] = {}
    last: dict[int, int] = {}
    for index, each in enumerate(inputs):
        first.setdefault(each.value, index)
        last[each.partition] = index
    assert all(first[inputs[index].value] == index for index in last.values())


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Every system and every round gets the same input, and it names known requests only."""
    once, _ = workload.with_repeats(600, 20)
    again, _ = workload.with_repeats(600, 20)
    assert once == again
    assert {each.key.decode() for each in once} == {each.request_id for each in requests(20)}

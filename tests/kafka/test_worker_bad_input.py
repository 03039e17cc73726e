"""Bad input to a real worker: each record ends once in dead letters, as it came; the good ones around it are served."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from tests.kafka.worker_scene import Headers, Scene, open_scene, request, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

ODD_HEADERS: Headers = (("app", b"one"), ("app", b"two"), ("empty", b""), ("null", None), ("bytes", b"\xff\x00"))
"""A name twice, an empty value, no value, bytes that are no text."""


class Bad(NamedTuple):
    """A record that cannot be accepted, and the error code it gets."""

    code: str
    key: bytes | None
    value: bytes | None
    topic: str = "requests"


def _future(request_id: str) -> bytes:
    return request(request_id, schema_version=2, options={"analysis_quality": "quantum"})


BAD = {
    "bytes that are no text": Bad("undecodable", b"b-bytes", b"\xff\xfe\x00not json"),
    "broken UTF-8 in a field": Bad("undecodable", b"b-utf8", request("b-utf8").replace(b"acme", b"ac\xc3(me")),
    "half an object": Bad("undecodable", b"b-half", request("b-half")[:-9]),
    "wrong type of a field": Bad("invalid", b"b-type", request("b-type", tenant=7)),
    "a field is missing": Bad("invalid", b"b-missing", b'{"request_id": "b-missing"}'),
    "a list": Bad("invalid", b"b-list", b"[1, 2]"),
    "nested too deep": Bad("too_deep", b"b-deep", b"[" * 100_000),
    "no value": Bad("null_value", b"b-null", None),
    "an empty value": Bad("undecodable", b"b-empty", b""),
    "an empty key": Bad("empty_key", b"", request("b-empty-key")),
    "no key": Bad("empty_key", None, request("b-no-key")),
    "a key of 201 bytes": Bad("oversize_key", b"k" * 201, request("b-long")),
    "a key of bytes that are no text": Bad("key_mismatch", b"\xff\xfe", request("b-key-bytes")),
    "a key that is not the request id": Bad("key_mismatch", b"b-other", request("b-mismatch")),
    "10 MB of a good request": Bad("oversize_request", b"b-10mb", request("b-10mb", metadata={"x": "y" * 10_000_000})),
    "10 MB of nothing": Bad("undecodable", b"b-10mb-junk", b"\x00" * 10_000_000),
    "a future version": Bad("future_version", b"b-future", _future("b-future")),
    "loopback": Bad("blocked_url", b"b-loop", request("b-loop", source_url="http://127.0.0.1:8080/x")),
    "cloud metadata": Bad("blocked_url", b"b-meta", request("b-meta", source_url="http://169.254.169.254/latest")),
    "a malformed URL": Bad("blocked_url", b"b-url", request("b-url", source_url="https://[::1")),
    "not a URL": Bad("invalid", b"b-nourl", request("b-nourl", source_url="gopher://old.example/")),
    "an unknown profile": Bad("unknown_profile", b"b-profile", request("b-profile", profile="astrology")),
    "an id used for something else": Bad(
        "request_conflict", b"good-0", request("good-0", source_url="https://video.example/another")
    ),
    "a bad command": Bad(
        "invalid", b"good-0", b'{"request_id": "good-0", "command_id": "c", "command": "explode"}', "commands"
    ),
    "a command that is no JSON": Bad("undecodable", b"good-0", b"stop!", "commands"),
    "a bad observation": Bad(
        "invalid", b"good-0", b'{"request_id": "good-0", "observation_id": "o", "source": "psychic"}', "observations"
    ),
}


@dataclass
class Outcome:
    """What a worker made of all of it.

    Attributes:
        places: topic, partition and offset of each bad record.
        letters: dead letters by the place they name.
        good: ids of the good requests around and between.
        written_at: when the first record was written.
    """

    scene: Scene
    places: dict[str, tuple[str, int, int]]
    good: list[str]
    written_at: datetime
    letters: dict[tuple[str, int, int], list[Any]] = field(default_factory=dict)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outcome(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outcome]:
    """One worker, given a good request before, between and after all bad records, on one partition."""
    async with open_scene(tmp_path_factory.mktemp("bad"), kafka, "bad-input.") as scene:
        good = [f"good-{number}" for number in range(len(BAD) + 1)]
        records: list[Any] = [("requests", b"good-0", request("good-0"), ODD_HEADERS)]
        for number, bad in enumerate(BAD.values(), start=1):
            records.append((bad.topic, bad.key, bad.value, ODD_HEADERS))
            records.append(("requests", f"good-{number}".encode(), request(f"good-{number}"), ()))
        records += [("requests", b"good-0", request("good-0"), ())] * 2  # asked again, in the same words
        written_at = datetime.now(UTC)
        places = await scene.send_all(records)
        found = Outcome(scene, dict(zip(BAD, places[1::2], strict=False)), good, written_at)
        await scene.stack.start_workers()
        await scene.stack.workers.until_ready()
        await scene.until_state(*good)
        for letter in await scene.read("dead-letters"):
            fields = dict(letter.headers)
            place = tuple(fields[f"__connect.errors.{name}"].decode() for name in ("topic", "partition", "offset"))
            found.letters.setdefault((place[0], int(place[1]), int(place[2])), []).append(letter)
        yield found


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_record_ends_once_in_dead_letters_as_it_came(outcome: Outcome, case: str) -> None:
    """Key, value and headers are the original's byte for byte and in order; behind them stands what happened."""
    bad, place = BAD[case], outcome.places[case]
    (letter,) = outcome.letters[place]
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert tuple(letter.headers[: len(ODD_HEADERS)]) == ODD_HEADERS
    told = {name: (value or b"").decode() for name, value in letter.headers[len(ODD_HEADERS) :]}
    assert told["tldr-error-code"] == bad.code
    assert told["__connect.errors.exception.class.name"] == "RecordError"
    assert told["__connect.errors.exception.message"]
    assert (told["__connect.errors.topic"], told["__connect.errors.partition"]) == (place[0], str(place[1]))
    assert told["__connect.errors.offset"] == str(place[2])
    assert told["tldr-error-attempt"] == "1"
    at = datetime.fromisoformat(told["tldr-error-time"])
    assert outcome.written_at - timedelta(seconds=1) < at <= datetime.now(UTC)


async def test_nothing_else_is_in_dead_letters(outcome: Outcome) -> None:
    """The good records are not there, and neither is a request that was sent again in the same words."""
    assert sum(map(len, outcome.letters.values())) == len(BAD)


async def test_good_records_around_bad_ones_are_served(outcome: Outcome) -> None:
    """Each good request was submitted once, is settled as completed, and its three highlights are published."""
    streams = await outcome.scene.streams(*outcome.good)
    ends = {record.request_id: record.outcome for record in streams if record.state == "settled"}
    assert ends == dict.fromkeys(outcome.good, "completed")
    keys = [record.key.decode() for record in await outcome.scene.read("highlights")]
    assert sorted(keys) == sorted(outcome.good * 3)


async def test_a_request_asked_again_is_answered_and_not_submitted_again(outcome: Outcome) -> None:
    """The same id with the same content: the streams topic tells where it stands, and there is one POST for it."""
    answers = [r for r in await outcome.scene.streams("good-0") if r.reason == "repeated request"]
    assert len(answers) == 2
    assert sum(stream.request_id == "good-0" for stream in outcome.scene.true_streams()) == 1


async def test_dead_letters_are_counted_by_topic_and_reason(outcome: Outcome) -> None:
    """``tldr_dead_letters_total`` agrees with the topic, and every record is counted by what became of it."""
    metrics = await outcome.scene.metrics()
    for topic, code in {(bad.topic, bad.code) for bad in BAD.values()}:
        count = sum((bad.topic, bad.code) == (topic, code) for bad in BAD.values())
        assert metrics[f'tldr_dead_letters_total{{reason="{code}",topic="{topic}"}}'] == count
    assert metrics['tldr_records_total{outcome="known",topic="requests"}'] == 2
    assert metrics['tldr_records_total{outcome="published",topic="requests"}'] == len(outcome.good)


async def test_lag_is_none_when_everything_is_read(outcome: Outcome) -> None:
    """``tldr_consumer_lag`` is 0 for every input topic, although bad records and good ones lie behind."""
    topics = ("requests", "commands", "observations")

    async def caught_up() -> bool:
        metrics = await outcome.scene.metrics()
        return [metrics.get(f'tldr_consumer_lag{{partition="0",topic="{topic}"}}') for topic in topics] == [0.0] * 3

    await until(caught_up, what="lag 0 on all inputs")


async def test_the_log_names_no_content_of_bad_records(outcome: Outcome) -> None:
    """What could not be read is not repeated in the log: it may be somebody's secret, or 10 MB."""
    assert all(len(json.dumps(line)) < 5_000 for line in outcome.scene.logs())

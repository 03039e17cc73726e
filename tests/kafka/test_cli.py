"""The commands against a real broker: what they write, what they show, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from base64 import b64decode
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.settings.groups import TopicSettings
from pipeline.stack.reader import open_reader
from pipeline.stack.topics import apply_topics
from pipeline.worker.exit_codes import ExitCode
from schemas import catalogue
from schemas.records import encode
from tests.kafka.program import environment, highlights, start
from tests.unit.cli.world import REQUEST, highlight, stream, summary

BAD_VALUE = b"\x1b[2Jnot json\xff"


@pytest.fixture
def env(kafka: EmbeddedKafka, topic_prefix: str) -> dict[str, str]:
    """Settings for the shared broker, under a prefix of this test's own."""
    return environment(
        KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers, TLDR_TOPIC_PREFIX=topic_prefix, TLDR_PARTITIONS="2"
    )


async def with_topics(env: dict[str, str]) -> KafkaConnection:
    """Make this test's topics."""
    connection = KafkaConnection.plaintext(env["KAFKA_BOOTSTRAP_SERVERS"])
    await apply_topics(connection, TopicSettings(prefix=env["TLDR_TOPIC_PREFIX"], partitions=2))
    return connection


async def write(connection: KafkaConnection, topic: str, key: bytes, value: bytes, **options: object) -> None:
    """Write one record."""
    producer = AIOKafkaProducer(**connection.aiokafka())
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key, **options)
    finally:
        await producer.stop()


def test_topics_are_planned_then_applied_then_done(env: dict[str, str]) -> None:
    """A plan that finds something ends with 4 and changes nothing; applying it ends with 0, and nothing is left."""
    assert highlights("topics", "plan", env=env).code == ExitCode.TOPICS
    again = highlights("topics", "plan", "-o", "json", env=env)
    assert len(again.records()[0]["create"]) == len(catalogue.load().topics)
    assert highlights("topics", "apply", env=env).code == ExitCode.OK
    assert highlights("topics", "plan", env=env).code == ExitCode.OK


def test_missing_topics_are_named_with_the_command_that_makes_them(env: dict[str, str]) -> None:
    """Exit code 4, and what to type."""
    ended = highlights("submit", "https://example.com/x", env=env)
    assert ended.code == ExitCode.TOPICS
    assert "highlights topics apply" in ended.err


def test_an_address_where_nobody_answers_is_given_up_within_seconds(env: dict[str, str]) -> None:
    """Exit code 3 in well under ten seconds, with the address."""
    began = time.monotonic()
    ended = highlights("streams", "ls", env=env | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert ended.code == ExitCode.KAFKA
    assert "127.0.0.1:1" in ended.err
    assert time.monotonic() - began < 10


async def test_submit_writes_one_request_with_its_key_and_cloudevents_headers(env: dict[str, str]) -> None:
    """The record that a worker reads: keyed by the request id, named as an event, with what was asked for."""
    connection = await with_topics(env)
    words = ("submit", "https://www.twitch.tv/videos/1", "-r", "r-7", "-t", "acme", "--quality", "high", "--tag", "x")
    ended = highlights(*words, "-o", "json", env=env)
    assert ended.code == ExitCode.OK, ended.err
    async with open_reader(connection, ["requests"], prefix=env["TLDR_TOPIC_PREFIX"]) as reader:
        (record,) = await reader.read_to_end()
    assert ended.records()[0]["offset"] == record.offset
    assert record.key == b"r-7"
    headers = dict(record.headers)
    assert headers["ce_id"] == b"r-7"
    assert headers["ce_type"] == b"tldr.requests.v1"
    assert b'"analysis_quality":"high"' in record.value
    assert b'"platform":"twitch"' in record.value


async def test_submit_leaves_out_what_it_is_not_told(env: dict[str, str], tmp_path: Path) -> None:
    """So that the tenant's profile and the profile's options hold; what is told stands there, defaults too."""
    connection = await with_topics(env)
    (tmp_path / "m.json").write_text('{"title": "Board", "attendees": ["Ann"]}')
    (tmp_path / "m.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nAgreed.\n")
    more = (
        "--metadata-file",
        str(tmp_path / "m.json"),
        "--transcript",
        str(tmp_path / "m.vtt"),
        "--metadata",
        "title=B",
    )
    told = ("--profile", "general", "--quality", "standard", *more)
    for words in (("-r", "bare"), ("-r", "told", *told)):
        assert highlights("submit", "https://example.com/x", *words, env=env).code == ExitCode.OK
    async with open_reader(connection, ["requests"], prefix=env["TLDR_TOPIC_PREFIX"]) as reader:
        records = {record.key: json.loads(record.value) for record in await reader.read_to_end()}
    assert set(records[b"bare"]) == {"request_id", "tenant", "source_url", "platform", "requested_at"}
    assert records[b"told"]["profile"] == "general"
    assert records[b"told"]["options"] == {"analysis_quality": "standard"}
    assert records[b"told"]["metadata"]["title"] == "B"
    assert records[b"told"]["metadata"]["attendees"] == ["Ann"]
    assert records[b"told"]["metadata"]["transcript"].startswith("WEBVTT")


async def test_submit_wait_gives_up_at_its_deadline(env: dict[str, str]) -> None:
    """No worker runs: after --timeout seconds exit code 1, and where to look."""
    await with_topics(env)
    ended = highlights("submit", "https://example.com/x", "--wait", "--timeout", "1", env=env)
    assert ended.code == ExitCode.FAILED
    assert "highlights doctor" in ended.err


async def test_streams_are_listed_and_shown(env: dict[str, str]) -> None:
    """The latest state of a request, its summary and its highlights, and a hint when an id is misspelt."""
    connection = await with_topics(env)
    prefix = env["TLDR_TOPIC_PREFIX"]
    await write(connection, f"{prefix}tldr.streams.v1", REQUEST.encode(), encode(stream("processing")))
    records = [highlight(1), highlight(2)]
    for record in records:
        await write(connection, f"{prefix}tldr.highlights.v1", REQUEST.encode(), encode(record))
    shown = highlights("streams", "show", REQUEST, env=env)
    assert "highlights  2" in shown.out  # counted on their topic: the stream record, of the last change, says 0
    await write(connection, f"{prefix}tldr.streams.v1", REQUEST.encode(), encode(stream("settled")))
    ended = summary(records, document={"transcript": {"problem": "the server answered 404"}})
    await write(connection, f"{prefix}tldr.summaries.v1", REQUEST.encode(), encode(ended))

    (listed,) = highlights("streams", "ls", "-o", "json", env=env).records()
    assert (listed["request_id"], listed["state"]) == (REQUEST, "settled")
    shown = highlights("streams", "show", REQUEST, env=env)
    assert "Moment 2" in shown.out
    assert "2 highlights, 0 corrections" in shown.out
    assert "not read: the server answered 404" in shown.out
    assert "did you mean r-1?" in highlights("streams", "show", "r-11", env=env).err


async def test_dead_letters_are_shown_escaped_and_saved_as_they_are(env: dict[str, str], tmp_path: Path) -> None:
    """Bytes that would move the cursor are escaped on the screen, and whole in the file and for programs."""
    connection = await with_topics(env)
    headers = [("app", b"\x07x"), ("tldr-error-code", b"undecodable"), ("__connect.errors.topic", b"t")]
    topic = f"{env['TLDR_TOPIC_PREFIX']}tldr.dead-letters.v1"
    await write(connection, topic, b"k\x1b", BAD_VALUE, headers=headers, partition=1)

    (listed,) = highlights("dlq", "ls", "-o", "json", env=env).records()
    assert (listed["partition"], listed["offset"], listed["code"]) == (1, 0, "undecodable")
    saved = tmp_path / "value.bin"
    shown = highlights("dlq", "show", "--partition", "1", "--offset", "0", "--save", str(saved), env=env)
    assert shown.code == ExitCode.OK
    assert "\x1b" not in shown.out
    assert "\\x1b[2Jnot json\\xff" in shown.out
    assert saved.read_bytes() == BAD_VALUE
    (record,) = highlights("dlq", "show", "--partition", "1", "--offset", "0", "-o", "json", env=env).records()
    assert b64decode(record["key_base64"]) == b"k\x1b"
    assert b64decode(record["value_base64"]) == BAD_VALUE
    assert [(name, b64decode(content)) for name, content in record["headers_base64"]] == [("app", b"\x07x")]
    assert highlights("dlq", "show", "--partition", "1", "--offset", "5", env=env).code == ExitCode.FAILED


async def test_a_request_that_became_a_dead_letter_is_found_by_its_id(env: dict[str, str]) -> None:
    """Who asks for a request that was not accepted learns why, and how to see the dead letter."""
    connection = await with_topics(env)
    headers = [
        ("tldr-error-code", b"undecodable"),
        ("__connect.errors.exception.message", b"not JSON"),
        ("__connect.errors.topic", f"{env['TLDR_TOPIC_PREFIX']}tldr.requests.v1".encode()),
    ]
    topic = f"{env['TLDR_TOPIC_PREFIX']}tldr.dead-letters.v1"
    await write(connection, topic, b"bad-json", BAD_VALUE, headers=headers, partition=1)

    ended = highlights("streams", "show", "bad-json", env=env)
    assert ended.code == ExitCode.FAILED
    assert "bad-json was not accepted: undecodable: not JSON" in ended.err
    assert "highlights dlq show --partition 1 --offset 0" in ended.err
    unknown = highlights("streams", "show", "match-17", env=env)
    assert unknown.code == ExitCode.FAILED
    assert "highlights dlq ls" in unknown.err


async def test_watch_shows_what_is_committed_and_ends_with_ctrl_c(env: dict[str, str]) -> None:
    """Highlights of the request asked for, and 130 after SIGINT."""
    connection = await with_topics(env)
    topic = f"{env['TLDR_TOPIC_PREFIX']}tldr.highlights.v1"
    other = highlight(2, title="Not this one")
    other.request_id = "r-2"
    for record in (other, highlight(1)):
        await write(connection, topic, record.request_id.encode(), encode(record))
    watching = start(["watch", "--from-beginning", "--request", REQUEST, "-o", "json"], env)
    try:
        assert watching.stdout is not None
        assert '"title":"Moment 1"' in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == ExitCode.INTERRUPTED
    finally:
        end(watching)


async def test_ctrl_c_while_waiting_says_that_the_request_goes_on(env: dict[str, str]) -> None:
    """Submit --wait ends with 130, and with the command that shows where the request stands."""
    await with_topics(env)
    waiting = start(["submit", "https://www.twitch.tv/videos/1", "--request-id", REQUEST, "--wait"], env)
    try:
        assert waiting.stdout is not None
        assert "is on its way" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        said = waiting.stdout.read()
        assert waiting.wait(10) == ExitCode.INTERRUPTED
        assert said.endswith(f"interrupted; once written, the request goes on: highlights streams show {REQUEST}\n")
    finally:
        end(waiting)


def test_the_doctor_finds_what_is_wrong_and_says_the_way_out(env: dict[str, str]) -> None:
    """Kafka is there, topics and API are not: exit code 1, each with its fix."""
    ended = highlights("doctor", "-o", "json", env=env | {"TLDR_API_BASE_URL": "http://127.0.0.1:1"})
    assert ended.code == ExitCode.FAILED
    found = {record["check"]: record for record in ended.records()}
    assert found["kafka"]["result"] == "ok"
    assert (found["topics"]["result"], found["topics"]["fixes"]) == ("failed", ["highlights topics apply"])
    assert found["api"]["result"] == "failed"


def end(process: subprocess.Popen[str]) -> None:
    """End a command of ours if it still runs."""
    if process.poll() is None:
        process.kill()
    process.wait(10)
    if process.stdout is not None:
        process.stdout.close()

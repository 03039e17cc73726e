"""The example programs do what the docs say, each as a process of its own, against a real broker."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import aiokafka
import msgspec
import pytest
import pytest_asyncio

from pipeline.kafka import topics
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.stack.reader import open_reader
from schemas.catalogue import load
from schemas.records import Request, decode
from tests.docs.markdown import ROOT

pytestmark = pytest.mark.kafka
HIGHLIGHTS = "tldr.highlights.v1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers() -> AsyncIterator[str]:
    """A broker with our topics, and three committed revisions of highlights with an aborted one between them."""
    async with EmbeddedKafka() as kafka:
        connection = KafkaConnection.plaintext(kafka.bootstrap_servers)
        await topics.apply(connection, await topics.plan(connection, load(), topics.Layout("", 1, 1)))
        async with aiokafka.AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers, transactional_id="docs"
        ) as producer:
            for title, revision, kept in (
                ("first", 1, True),
                ("lost", 2, False),
                ("mended", 2, True),
                ("late", 1, True),
            ):
                await producer.begin_transaction()
                record = {"request_id": "r", "highlight_id": "a", "revision": revision, "seq": 1, "title": title}
                await (await producer.send(HIGHLIGHTS, json.dumps(record).encode(), key=b"r"))
                await (producer.commit_transaction() if kept else producer.abort_transaction())
        yield kafka.bootstrap_servers


def environment(servers: str) -> dict[str, str]:
    """Return what the examples read, and nothing of ours."""
    return {"PATH": os.environ["PATH"], "KAFKA_BOOTSTRAP_SERVERS": servers}


def first_lines(program: str, servers: str, count: int) -> list[str]:
    """Run an example that reads for ever, and return its first lines."""
    command = [sys.executable, str(ROOT / "examples" / program)]
    with subprocess.Popen(command, env=environment(servers), stdout=subprocess.PIPE, text=True) as process:
        deadline = threading.Timer(60, process.kill)  # a program that says nothing fails the test, and does not hang it
        deadline.start()
        try:
            assert process.stdout is not None
            return [process.stdout.readline().strip() for _ in range(count)]
        finally:
            deadline.cancel()
            process.kill()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_program_that_writes_a_request_writes_one_that_is_accepted(servers: str) -> None:
    """What ``submit_request.py`` writes is a request with the right key."""
    command = [sys.executable, str(ROOT / "examples/submit_request.py"), "match-17", "https://www.twitch.tv/videos/1"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment(servers), timeout=60)
    assert done.returncode == 0
    async with open_reader(KafkaConnection.plaintext(servers), ["requests"], prefix="") as reader:
        (record,) = await reader.read_to_end()
    request = decode(msgspec.json.Decoder(Request), record.value)
    assert record.key == request.request_id.encode() == b"match-17"


def test_the_reader_sees_committed_records_and_the_latest_revision(servers: str) -> None:
    """``read_highlights.py`` shows no record of an aborted transaction, and no revision older than one it has."""
    lines = first_lines("read_highlights.py", servers, 2)
    assert lines == ["r\ta\trevision 1\tfirst", "r\ta\trevision 2\tmended"]


def test_the_confluent_reader_sees_committed_records(servers: str) -> None:
    """``read_highlights_confluent.py`` shows no record of an aborted transaction either."""
    lines = first_lines("read_highlights_confluent.py", servers, 3)
    assert [line.rpartition("\t")[2] for line in lines] == ["first", "mended", "late"]

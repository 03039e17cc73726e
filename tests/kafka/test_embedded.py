"""What the embedded broker promises as a broker: it serves, keeps data, comes back, and says why it does not."""

import asyncio
import os
import signal
import socket
import tempfile
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.errors import EmbeddedKafkaError, KafkaStartError
from tests.kafka.clients import create_topic, produce, read_all, until

pytestmark = pytest.mark.kafka


async def test_a_record_written_is_read_back(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """An ordinary client can create a topic, write to it and read from it."""
    topic = f"{topic_prefix}echo"
    await create_topic(kafka.bootstrap_servers, topic)
    await produce(kafka.bootstrap_servers, topic, b"one", b"two")
    assert await read_all(kafka.bootstrap_servers, topic) == [b"one", b"two"]


async def test_transactions_work_on_the_single_broker(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Committed records are visible to a read_committed reader, aborted ones are not."""
    topic = f"{topic_prefix}transactions"
    await create_topic(kafka.bootstrap_servers, topic)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=f"{topic_prefix}t")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(topic, b"committed")
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"aborted")
        await producer.abort_transaction()
    finally:
        await producer.stop()
    seen = await read_all(kafka.bootstrap_servers, topic, isolation_level="read_committed")
    assert seen == [b"committed"]


async def test_a_record_of_19_mib_passes(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """The broker's size limits let the largest record of ours through, in and out."""
    topic, value = f"{topic_prefix}large", os.urandom(19 * 1024 * 1024)
    await create_topic(kafka.bootstrap_servers, topic)
    await produce(kafka.bootstrap_servers, topic, value, max_request_size=20 * 1024 * 1024)
    assert await read_all(kafka.bootstrap_servers, topic, fetch_max_bytes=64 * 1024 * 1024) == [value]


async def test_topics_do_not_appear_by_being_asked_for(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """A misspelt topic stays absent instead of coming into being."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.describe_topics([f"{topic_prefix}misspelt"])
        assert f"{topic_prefix}misspelt" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_data_outlives_a_stop(tmp_path: Path) -> None:
    """A second broker on the same folder serves what the first one was given, and stopping leaves the folder."""
    async with EmbeddedKafka(tmp_path / "broker") as first:
        await create_topic(first.bootstrap_servers, "kept")
        await produce(first.bootstrap_servers, "kept", b"before")
    async with EmbeddedKafka(tmp_path / "broker") as second:
        assert await read_all(second.bootstrap_servers, "kept") == [b"before"]


async def test_a_killed_broker_comes_back_with_its_data_on_its_ports() -> None:
    """After kill -9 from outside, `start` brings back the same address and every confirmed record."""
    async with EmbeddedKafka() as kafka:
        address = kafka.bootstrap_servers
        await create_topic(address, "kept")
        await produce(address, "kept", b"before", acks="all")
        os.kill(kafka.pid, signal.SIGKILL)
        await until(lambda: not kafka.is_running)
        await kafka.start()
        assert kafka.bootstrap_servers == address
        assert await read_all(address, "kept") == [b"before"]
        await kafka.kill()
        assert not kafka.is_running
        await kafka.start()
        assert await read_all(address, "kept") == [b"before"]


async def test_stop_leaves_neither_process_nor_temporary_data() -> None:
    """After `stop` the JVM is gone, and so is the folder nobody asked to keep."""
    kafka = EmbeddedKafka()
    await kafka.start()
    pid, folder = kafka.pid, kafka.log_file.parent
    await kafka.stop()
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


async def test_a_broker_that_hangs_is_ended_all_the_same() -> None:
    """`stop` kills a JVM that does not react to being asked."""
    kafka = EmbeddedKafka()
    await kafka.start()
    os.kill(kafka.pid, signal.SIGSTOP)
    pid = kafka.pid
    await kafka.stop(timeout=0.5)
    assert not psutil.pid_exists(pid)


async def test_a_taken_port_is_named() -> None:
    """Where another program listens on the wanted port, the error says which port, at once."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        kafka = EmbeddedKafka(port=port)
        with pytest.raises(KafkaStartError, match=f"another program listens on port {port}"):
            await kafka.start()


async def test_a_wanted_port_is_used(kafka: EmbeddedKafka) -> None:
    """A second broker can run beside the first, on the port it was given."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with EmbeddedKafka(port=port) as second:
        assert second.bootstrap_servers == f"127.0.0.1:{port}"
        assert kafka.is_running


async def test_a_failed_start_says_why_and_where_the_log_is() -> None:
    """A broker that refuses its settings leaves no process and no data, but its log, and the error quotes it."""
    kafka = EmbeddedKafka(properties={"num.io.threads": "none"})
    with pytest.raises(KafkaStartError, match=r"num\.io\.threads") as caught:
        await kafka.start()
    log = caught.value.log_file
    assert log is not None
    try:
        assert "num.io.threads" in log.read_text(encoding="utf-8")
        assert str(log) in str(caught.value)
        assert not kafka.is_running
    finally:
        log.unlink()


async def test_two_brokers_on_one_folder_is_an_error(tmp_path: Path) -> None:
    """The second broker on a folder in use is refused before it touches anything, and the first goes on."""
    async with EmbeddedKafka(tmp_path) as first:
        with pytest.raises(KafkaStartError, match="another broker runs on"):
            await EmbeddedKafka(tmp_path).start()
        await create_topic(first.bootstrap_servers, "alive")


async def test_starting_twice_is_refused(kafka: EmbeddedKafka) -> None:
    """`start` on a running broker is an error and does no harm."""
    pid = kafka.pid
    with pytest.raises(EmbeddedKafkaError, match="already running"):
        await kafka.start()
    assert psutil.pid_exists(pid)


async def test_a_cancelled_start_leaves_nothing() -> None:
    """Cancelling `start` half-way ends the JVM it had begun."""
    kafka = EmbeddedKafka()
    before = _descendants()
    starting = asyncio.create_task(kafka.start())
    await until(lambda: _descendants() != before)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert _descendants() == before
    with pytest.raises(EmbeddedKafkaError, match="not started"):
        assert kafka.log_file


async def test_a_cancelled_start_leaves_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C needs no explanation: nothing of the broker stays in the temporary folder, however far it had come."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    starting = asyncio.create_task(EmbeddedKafka().start())
    await until(lambda: any(log.stat().st_size for log in tmp_path.glob("*/kafka.log")))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert list(tmp_path.glob("embedded-kafka-*")) == []  # noqa: ASYNC240 - two entries at most


async def test_a_log_elsewhere_outlives_the_data(tmp_path: Path) -> None:
    """With a place of its own named, the log is there after `stop`, and says how the broker ended until then."""
    log = tmp_path / "kafka.log"
    async with EmbeddedKafka(log_file=log) as kafka:
        assert kafka.exit_code() is None
        os.kill(kafka.pid, signal.SIGKILL)
        await until(lambda: not kafka.is_running)
        assert kafka.exit_code() == -signal.SIGKILL
    assert log.read_bytes()


async def test_our_secrets_do_not_reach_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The JVM gets none of our environment but the harmless names, so no API key leaks into it or its crash files."""
    monkeypatch.setenv("TLDR_API_KEY", "not-for-java")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dno.such=option")
    async with EmbeddedKafka() as kafka:
        environment = psutil.Process(kafka.pid).environ()
    assert not {"TLDR_API_KEY", "JAVA_TOOL_OPTIONS"} & environment.keys()


def _descendants() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}

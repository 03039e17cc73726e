"""How a worker that cannot start ends: a code that says who must act, and a text that says what to do."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.settings import TopicSettings
from pipeline.stack.environment import bare_environment
from pipeline.stack.topics import apply_topics
from pipeline.worker.exit_codes import ExitCode
from tests.kafka.worker_scene import open_scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


async def run_worker(variables: Mapping[str, str], timeout: float = 60.0) -> tuple[int | None, str]:
    """Run ``highlights worker`` to its end; return exit code and everything it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agents", "worker"),
        env={**bare_environment(os.environ), "COLUMNS": "300", "TLDR_HEALTH_PORT": "0", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(timeout):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ends(kafka: EmbeddedKafka) -> AsyncIterator[Mapping[str, tuple[int | None, str]]]:
    """Workers that cannot start, all run at the same time."""
    servers = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    await apply_topics(
        KafkaConnection.plaintext(kafka.bootstrap_servers), TopicSettings(prefix="exit-codes.", partitions=1)
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases = {
            "settings": {"TLDR_PARTITIONS": "0", "TLDR_PER_PAGE": "1000", "KAFKA_SECURITY_PROTOCOL": "TLS"},
            "no broker": {},
            "no topics": {**servers, "TLDR_TOPIC_PREFIX": "nobody-made-these."},
            "counts": {**servers, "TLDR_TOPIC_PREFIX": "exit-codes.", "TLDR_PARTITIONS": "2"},
            "port": {**servers, "TLDR_HEALTH_PORT": str(taken.getsockname()[1])},
            "authority": {**servers, "KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": __file__},
        }
        found = await asyncio.gather(*map(run_worker, cases.values()))
    yield dict(zip(cases, found, strict=True))


@pytest.mark.parametrize(
    ("case", "code", "texts"),
    [
        ("settings", ExitCode.SETTINGS, ["TLDR_PARTITIONS", "TLDR_PER_PAGE", "KAFKA_SECURITY_PROTOCOL"]),
        ("no broker", ExitCode.SETTINGS, ["KAFKA_BOOTSTRAP_SERVERS", "highlights dev", "Docker"]),
        ("no topics", ExitCode.TOPICS, ["nobody-made-these.tldr.requests.v1", "highlights topics apply"]),
        ("counts", ExitCode.TOPICS, ["exit-codes.tldr.ledger.v1 has 1 partitions", "TLDR_PARTITIONS is 2"]),
        ("port", ExitCode.SETTINGS, ["TLDR_HEALTH_PORT", "worker.health_port"]),
        ("authority", ExitCode.SETTINGS, ["KAFKA_SSL_CAFILE"]),
    ],
)
async def test_a_worker_that_cannot_start_says_why_and_what_to_do(
    ends: Mapping[str, tuple[int | None, str]], case: str, code: ExitCode, texts: list[str]
) -> None:
    """The exit code is the documented one, the text names each setting or topic at once, and there is no traceback."""
    ended, said = ends[case]
    assert ended == code, said
    for text in texts:
        assert text in said
    assert "Traceback" not in said


async def test_a_second_worker_in_the_group_is_welcome(
    kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Both are ready and share the partitions; when one leaves, the other takes them over, and both leave with 0."""
    folder = tmp_path_factory.mktemp("second")
    overrides = {"topics.partitions": 2}
    async with open_scene(folder, kafka, "second.", workers=2, overrides=overrides) as scene:
        workers = scene.stack.workers
        await scene.stack.start_workers()
        await workers.until_ready()

        async def shared() -> bool:
            return [len((await scene.readiness(number))["partitions"]) for number in (1, 2)] == [1, 1]

        async def taken_over() -> bool:
            return bool((await scene.readiness(2))["ledgers_open"] == [0, 1])

        await until(shared, what="one partition each")
        assert await workers.stop(1) == ExitCode.OK
        await until(taken_over, what="worker 2 has both partitions")
        assert await workers.stop(2) == ExitCode.OK

"""``demo`` and ``dev`` as a user runs them: real broker, simulator, workers, a kill -9, and the account."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import orjson
import psutil
import pytest

from pipeline.cli.kafka_access import topics_of
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.stack.requests import example_requests
from pipeline.worker.exit_codes import ExitCode
from schemas.records import encode
from tests.kafka.program import environment, highlights, start

SCENARIO = """
name = "short"
[time]
compression = 400.0
[streams]
duration_s = [2400, 4800]
pending_s = [20, 60]
highlights = [6, 12]
[content]
revised_share = 0.2
"""


@pytest.fixture
def short(tmp_path: Path) -> list[str]:
    """Options for a short demo: six requests, streams of six to twelve seconds."""
    requests, scenario = tmp_path / "requests.jsonl", tmp_path / "short.toml"
    requests.write_bytes(b"".join(encode(request) + b"\n" for request in example_requests()[:6]))
    scenario.write_text(SCENARIO)
    return ["--requests", str(requests), "--scenario", str(scenario), "--json-file", str(tmp_path / "demo.json")]


def test_the_demo_survives_a_kill_and_its_account_is_clean(short: list[str], tmp_path: Path) -> None:
    """One worker dies by kill -9 on the way: nothing missing, twice or out of order, and the figures say so."""
    former = tmp_path / "documents" / "former" / "report.md"
    former.parent.mkdir(parents=True)
    former.touch()
    (tmp_path / "documents" / ".written-by-demo").write_text("former/report.md\n")
    ended = highlights("demo", *short, "-o", "json", env=environment(), timeout=180)
    assert ended.code == ExitCode.OK, ended.out[-3000:] + ended.err
    shown = {record["request_id"] for record in ended.records() if record["event"] == "document"}
    assert {path.name for path in (tmp_path / "documents").iterdir() if path.is_dir()} == shown
    figures = orjson.loads((tmp_path / "demo.json").read_bytes())
    assert figures["kills"] == 1
    assert figures["made"] == figures["published"] > 0
    assert (figures["missing"], figures["duplicated"], figures["out_of_order"]) == (0, 0, 0)
    assert figures["first_highlight_s"] < figures["total_s"]
    tournaments = [record for record in ended.records() if record["event"] == "tournament"]
    assert [record["final"] for record in tournaments] == [True]
    account = ended.records()[-1]
    assert account["event"] == "account"
    assert account["settled"] == 6


async def test_on_a_given_cluster_the_demo_takes_its_topics_away_again(
    kafka: EmbeddedKafka, short: list[str], tmp_path: Path
) -> None:
    """With KAFKA_BOOTSTRAP_SERVERS set no broker is started, and the cluster is left as it was."""
    connection = KafkaConnection.plaintext(kafka.bootstrap_servers)
    before = await topics_of(connection)
    env = environment(KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)
    ended = highlights("demo", *short, "--no-kill", env=env, timeout=180)
    assert ended.code == ExitCode.OK, ended.out[-3000:] + ended.err
    assert "(yours)" in ended.out
    assert orjson.loads((tmp_path / "demo.json").read_bytes())["kills"] == 0
    assert {name for name in await topics_of(connection) if name.startswith("demo-")} == set()
    assert before <= await topics_of(connection) | {"__consumer_offsets", "__transaction_state"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_dev_takes_everything_with_it_however_it_ends(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """Ctrl-C and even kill -9: broker, simulator, worker and their guardians are gone within seconds."""
    dev = start(["dev", "--workers", "1", "--persist", str(tmp_path / "data")], environment())
    children: list[psutil.Process] = []
    try:
        assert dev.stdout is not None
        assert any("Ctrl-C" in line for line in dev.stdout), "it ended before it was up"
        children = psutil.Process(dev.pid).children(recursive=True)
        assert len(children) >= 6
        os.kill(dev.pid, number)
        assert dev.wait(40) == code
        assert psutil.wait_procs(children, timeout=20)[1] == []
    finally:
        _kill(dev)
        for child in children:
            _kill(child)


def test_a_demo_whose_broker_dies_ends_at_once(short: list[str], tmp_path: Path) -> None:
    """It says what ended, and where the log is, and leaves no figures of a former demo that look like its own."""
    (tmp_path / "demo.json").write_text("{}")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    demo = start(["demo", *short], environment(TMPDIR=str(temporary)))
    try:
        assert demo.stdout is not None
        assert any("topics" in line for line in demo.stdout), "it ended before it was up"
        for child in psutil.Process(demo.pid).children(recursive=True):
            if child.name() == "java":
                child.kill()
        said = demo.stdout.read()
        assert demo.wait(15) == ExitCode.FAILED
    finally:
        _kill(demo)
    (log,) = temporary.glob("highlights-*/kafka.log")
    assert "the embedded Kafka ended with exit code -9" in said
    assert f"the whole log: {log}" in said
    assert (tmp_path / "demo.json").read_bytes() == b""


@pytest.mark.parametrize(("option", "code"), [("--kafka-port", ExitCode.KAFKA), ("--api-port", ExitCode.SETTINGS)])
def test_a_busy_port_is_named(option: str, code: ExitCode, tmp_path: Path) -> None:
    """Another program listens where a part should: the error says which port, and no folder is left behind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = highlights("dev", "--workers", "1", option, str(port), env=environment(TMPDIR=str(tmp_path)))
    assert ended.code == code
    assert str(port) in ended.err
    assert f"{option} PORT" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_dev_brings_back_a_worker_that_died(tmp_path: Path) -> None:
    """With --kill-every a worker dies by kill -9 now and then, and runs again; SIGTERM ends all of it."""
    words = ["dev", "--workers", "1", "--kill-every", "1", "--persist", str(tmp_path / "data"), "-o", "json"]
    dev = start(words, environment())
    try:
        assert dev.stdout is not None
        deadline = time.monotonic() + 60
        told = (line for line in dev.stdout if time.monotonic() < deadline)
        assert any("kill -9" in line for line in told)
        assert any("runs again as pid" in line for line in told)
        dev.terminate()
        assert dev.wait(40) == 143
    finally:
        _kill(dev)


def _kill(process: psutil.Process | subprocess.Popen[str]) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
    if isinstance(process, subprocess.Popen) and process.stdout is not None:
        process.wait(10)
        process.stdout.close()

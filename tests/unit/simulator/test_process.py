"""The simulator as a process of its own."""

import signal
import socket
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.unit.simulator.child import COMMAND, base_url, process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_works_and_ends_with_zero(number: signal.Signals, tmp_path: Path) -> None:
    """One ready line, real answers, a truth log that survives, exit code 0 without noise on stderr."""
    log = tmp_path / "truth.jsonl"
    with process("--scenario", "steady", "--seed", "3", "--truth-log", str(log)) as child:
        url = base_url(child)
        body = {"source_url": "https://x.example/1"}
        answer = httpx.post(f"{url}/streams", json=body, headers={"X-API-Key": "k"})
        assert answer.status_code == 201
        child.send_signal(number)
        _, errors = child.communicate(timeout=10)
        assert (child.returncode, errors) == (0, b"")
    assert '"event":"accepted"' in log.read_text()


def test_hung_requests_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """With a request hanging for a minute, SIGTERM still ends the process at once."""
    scenario = tmp_path / "hang.toml"
    scenario.write_text('[[faults]]\nkind = "hang"\nseconds = 60.0\n')
    with process("--scenario", str(scenario)) as child:
        url = httpx.URL(base_url(child))
        with socket.create_connection((url.host, url.port or 0)) as sock:
            sock.sendall(b"GET /v1/highlights HTTP/1.1\r\nHost: x\r\nX-API-Key: k\r\n\r\n")
            struck = threading.Event()
            door = f"http://{url.host}:{url.port}/_sim/summary"
            while httpx.get(door).json()["requests"] == 0:
                struck.wait(0.02)
            child.terminate()
            _, errors = child.communicate(timeout=10)
        assert (child.returncode, errors) == (0, b"")


def test_a_port_that_is_taken_is_said_and_ends_with_two() -> None:
    """The message names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr.decode()
    assert done.stdout == b""


def test_a_scenario_with_mistakes_lists_them_and_ends_with_two(tmp_path: Path) -> None:
    """One line for each problem."""
    scenario = tmp_path / "bad.toml"
    scenario.write_text("[time]\ncompression = 0\n[pages]\norder = 1\n")
    done = subprocess.run([*COMMAND, "--scenario", str(scenario)], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    assert [line.split(": ")[2] for line in done.stderr.decode().splitlines()] == ["time.compression", "pages.order"]


def test_resets_and_cut_bodies_are_real_under_the_loop_of_production(tmp_path: Path) -> None:
    """The process runs uvloop: there too a reset is ECONNRESET, and a truncated body ends before its length."""
    scenario = tmp_path / "cut.toml"
    scenario.write_text(
        '[[faults]]\nkind = "reset_after"\nmethods = ["POST"]\n[[faults]]\nkind = "truncate"\nmethods = ["GET"]\n'
    )
    with process("--scenario", str(scenario)) as child:
        url = httpx.URL(base_url(child))
        with socket.create_connection((url.host, url.port or 0), timeout=5) as sock:
            sock.sendall(b"POST /v1/streams HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                sock.recv(100)
        with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
            httpx.get(f"{url}/highlights", headers={"X-API-Key": "k"})

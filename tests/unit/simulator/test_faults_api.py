"""Faults on demand, seen from a client's side of the socket."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from tests.unit.simulator.harness import HEADERS, Running, running

BODY = {"source_url": "https://x.example/1"}


def fault(kind: str, **fields: Any) -> dict[str, Any]:
    """Return a scenario part with one fault."""
    return {"faults": [{"kind": kind, **fields}]}


async def last_request(sim: Running) -> dict[str, Any]:
    """Return the newest request line of the truth log."""
    return (await sim.truth("request"))[-1]


async def test_a_storm_of_429_carries_retry_after_and_applies_nothing() -> None:
    """An error fault answers in the envelope with the status asked for."""
    async with running(fault("error", status=429, retry_after_s=3)) as sim:
        answer = await sim.api.post("/streams", json=BODY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert answer.headers["retry-after"] == "3"
        assert await sim.truth("accepted") == []
        assert (await last_request(sim))["fault"] == "error"


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (503, "service_unavailable")])
async def test_server_errors_have_their_codes(status: int, code: str) -> None:
    """5xx come in the envelope, with the budget headers of a key that is known."""
    async with running(fault("error", status=status, limit=1)) as sim:
        answer = await sim.api.get("/highlights")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert (await sim.api.get("/highlights")).status_code == 200


async def test_a_reset_before_applies_nothing() -> None:
    """The client sees a broken connection, and the truth log no stream."""
    async with running(fault("reset_before", limit=1)) as sim:
        with pytest.raises(httpx.TransportError):
            await sim.api.post("/streams", json=BODY)
        assert await sim.truth("accepted") == []
        assert (await last_request(sim))["status"] is None


async def test_a_reset_after_applies_and_answers_nothing() -> None:
    """The ambiguous case: the stream exists, the client cannot know."""
    async with running(fault("reset_after", limit=1)) as sim:
        with pytest.raises(httpx.TransportError):
            await sim.api.post("/streams", json=BODY)
        (accepted,) = await sim.truth("accepted")
        line = await last_request(sim)
        assert (line["stream_id"], line["status"]) == (accepted["stream_id"], None)


async def test_a_reset_is_a_tcp_reset() -> None:
    """The socket reports ECONNRESET, not an orderly end."""
    async with running(fault("reset_before")) as sim:
        url = httpx.URL(sim.base_url)
        with socket.create_connection((url.host, url.port or 0), timeout=5) as sock:
            sock.sendall(b"GET /v1/highlights HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(sock.recv, 100)


async def test_a_truncated_body_is_shorter_than_announced() -> None:
    """The client reads less than content-length says; the request was applied."""
    async with running(fault("truncate", limit=1)) as sim:
        with pytest.raises(httpx.RemoteProtocolError):
            await sim.api.post("/streams", json=BODY)
        assert len(await sim.truth("accepted")) == 1


async def test_broken_json_is_complete_as_http_and_unreadable_as_json() -> None:
    """The length is right, the content is not."""
    async with running(fault("broken_json", limit=1)) as sim:
        answer = await sim.api.post("/streams", json=BODY)
        assert answer.status_code == 201
        with pytest.raises(ValueError, match=r"delimiter|value|Unterminated"):
            answer.json()


async def test_a_hang_never_answers_and_lets_a_patient_client_go_by_reset() -> None:
    """After its seconds the connection is reset, and nothing was applied."""
    async with running(fault("hang", seconds=0.2, limit=1)) as sim:
        with pytest.raises(httpx.TransportError):
            await sim.api.post("/streams", json=BODY)
        assert await sim.truth("accepted") == []


async def test_a_hang_outlives_an_impatient_client_and_can_have_applied_the_request() -> None:
    """The client's timeout comes first; with `applied` the stream is there."""
    async with running(fault("hang", seconds=60, applied=True, limit=1)) as sim:
        with pytest.raises(httpx.ReadTimeout):
            await sim.api.post("/streams", json=BODY, timeout=0.2)
        assert len(await sim.truth("accepted")) == 1
        assert (await sim.api.get("/highlights")).status_code == 200


async def test_a_slow_body_trickles_and_arrives_whole() -> None:
    """Headers come at once, the body takes its time; the first bytes come long before the last."""
    async with running(fault("slow_body", seconds=0.3, limit=1)) as sim:
        loop = asyncio.get_running_loop()
        async with sim.api.stream("GET", "/highlights") as answer:
            times = [loop.time() async for _ in answer.aiter_raw()]
        assert len(times) > 3
        assert times[-1] - times[0] >= 0.2


async def test_a_delay_answers_late_and_right() -> None:
    """The answer takes at least its seconds."""
    async with running(fault("delay", seconds=0.2, limit=1)) as sim:
        answer = await sim.api.get("/highlights")
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() >= 0.2


async def test_rate_headers_can_lie() -> None:
    """Limit, remaining and reset are wrong or missing in many ways; the body is right."""
    async with running(fault("bad_rate_headers")) as sim:
        seen = set()
        for _ in range(40):
            answer = await sim.api.get("/highlights")
            assert answer.status_code == 200
            seen.add(answer.headers.get("x-ratelimit-remaining"))
        assert None in seen
        assert len(seen) > 3


async def test_a_fault_keeps_to_its_route_and_method() -> None:
    """A fault on POST /streams leaves everything else alone, and none hits /health unless it is named."""
    async with running(fault("error", routes=["/streams"], methods=["POST"])) as sim:
        assert (await sim.api.post("/streams", json=BODY)).status_code == 503
        assert (await sim.api.get("/highlights")).status_code == 200
    async with running(fault("error")) as sim:
        assert (await sim.door.get("/health")).status_code == 200
    async with running(fault("error", routes=["/health"])) as sim:
        assert (await sim.door.get("/health")).status_code == 503


async def test_a_fault_keeps_to_its_window() -> None:
    """Before and after its time nothing happens."""
    async with running(fault("error", from_s=10, until_s=20)) as sim:
        seen = []
        for _ in range(3):
            seen.append((await sim.api.get("/highlights")).status_code)
            sim.clock.advance(10)
        assert seen == [200, 503, 200]


async def test_draws_repeat_with_the_seed_and_keep_to_the_probability() -> None:
    """The same seed strikes the same requests; about a third of 200 at one third."""
    runs = []
    for seed in (5, 5, 6):
        async with running(fault("error", probability=0.33), seed=seed) as sim:
            runs.append([(await sim.api.get("/highlights")).status_code for _ in range(200)])
    assert runs[0] == runs[1] != runs[2]
    assert 40 <= runs[0].count(503) <= 95


async def test_faults_can_be_replaced_while_running() -> None:
    """POST /_sim/faults sets a new set, whose windows start then; an empty one ends all trouble."""
    async with running() as sim:
        sim.clock.advance(100)
        answer = await sim.door.post("/_sim/faults", json={"faults": [{"kind": "error", "until_s": 5}]})
        assert answer.status_code == 200
        assert (await sim.api.get("/highlights")).status_code == 503
        assert (await sim.door.get("/_sim/faults")).json()["faults"][0]["struck"] == 1
        await sim.door.post("/_sim/faults", json={"faults": []})
        assert (await sim.api.get("/highlights")).status_code == 200
        assert [item["kind"] for item in await sim.truth("fault")] == ["error"]


@pytest.mark.parametrize(
    ("body", "status"), [('{"faults": [{"kind": "x"}]}', 422), ("{}", 400), ("no", 400), ("1", 400)]
)
async def test_wrong_faults_change_nothing(body: str, status: int) -> None:
    """A set with a mistake is refused, and the old one stays in force."""
    async with running(fault("error")) as sim:
        assert (await sim.door.post("/_sim/faults", content=body)).status_code == status
        assert (await sim.api.get("/highlights")).status_code == 503


async def test_pipelined_and_parallel_requests_do_not_disturb_each_other() -> None:
    """Resets of some connections leave the others alone."""
    async with running(fault("reset_before", probability=0.3)) as sim:

        async def one() -> int:
            async with httpx.AsyncClient(base_url=sim.base_url, headers=HEADERS) as client:
                try:
                    return (await client.get("/highlights")).status_code
                except httpx.TransportError:
                    return 0

        seen = await asyncio.gather(*(one() for _ in range(30)))
        assert set(seen) == {0, 200}
        struck = await sim.truth("fault")
        assert len(struck) == seen.count(0)

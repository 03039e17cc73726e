"""The client against a server that breaks its answers: what is known afterwards, and what is tried again."""

import asyncio

import httpx
import pytest

from pipeline.api import (
    Ambiguous,
    HighlightClient,
    NeverSent,
    RateLimited,
    Rejected,
    RetryPolicy,
    ServerError,
    Unavailable,
    UnreadableAnswer,
)
from pipeline.api.transport import LARGEST_BODY
from tests.unit.api.servers import (
    STREAM_BODY,
    Script,
    close_after_request,
    closed_port,
    cut_off,
    drip,
    greet_with_garbage,
    hang,
    raw_server,
    reply,
    reset_after_request,
    reset_at_once,
    speak_garbage,
)
from tests.unit.api.support import NOW, FakeClock, Recorder, make_client


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock at `NOW`."""
    return FakeClock()


async def submit(client: HighlightClient, *, timeout_s: float = 5.0, not_after: float | None = None) -> str:
    """Create a stream and return its id."""
    stream = await client.create_stream(
        "https://twitch.tv/x", platform="twitch", timeout_s=timeout_s, not_after=not_after
    )
    return stream.id


@pytest.mark.parametrize(
    "script",
    [reset_at_once, reset_after_request, close_after_request, speak_garbage],
    ids=lambda script: script.__name__,
)
async def test_post_that_may_have_arrived_is_ambiguous_and_sent_once(
    http: httpx.AsyncClient, clock: FakeClock, script: Script
) -> None:
    """Once bytes have left, a broken connection says nothing of the POST, and the client does not send it again."""
    async with raw_server(script) as server:
        with pytest.raises(Ambiguous) as caught:
            await submit(make_client(http, server.base_url, clock))
        assert (caught.value.outcome, server.connections, clock.slept) == ("ambiguous", 1, [])


@pytest.mark.parametrize(
    ("script", "error", "outcome"),
    [
        (cut_off(), UnreadableAnswer, "ambiguous"),
        (reply(201, b"<html>"), UnreadableAnswer, "ambiguous"),
        (reply(200, b'{"ok":true}'), UnreadableAnswer, "ambiguous"),
        (reply(500, b""), ServerError, "ambiguous"),
        (reply(503, b"{}", {"retry-after": "1"}), Unavailable, "ambiguous"),
        (reply(429, b"{}", {"retry-after": "1"}), RateLimited, "refused"),
        (cut_off(429), RateLimited, "refused"),
    ],
)
async def test_post_is_never_sent_again_after_an_answer(
    http: httpx.AsyncClient, clock: FakeClock, script: Script, error: type[UnreadableAnswer], outcome: str
) -> None:
    """Whatever was answered to a POST, one request arrived, and the error says what is known."""
    async with raw_server(script) as server:
        with pytest.raises(error) as caught:
            await submit(make_client(http, server.base_url, clock))
        assert (caught.value.outcome, len(server.requests), clock.slept) == (outcome, 1, [])


async def test_post_without_an_answer_ends_at_its_limit(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A server that never answers costs a POST its timeout, and the POST is ambiguous."""
    async with raw_server(hang) as server:
        with pytest.raises(Ambiguous) as caught:
            await submit(make_client(http, server.base_url, clock), timeout_s=0.1)
        assert (caught.value.outcome, len(server.requests)) == ("ambiguous", 1)


async def test_post_with_a_dripping_answer_ends_at_its_limit(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A body that drips for ever never trips the read timeout, and still ends, as an answer cut off."""
    async with raw_server(drip) as server:
        with pytest.raises(UnreadableAnswer) as caught:
            await submit(make_client(http, server.base_url, clock), timeout_s=0.1)
        assert (caught.value.status, caught.value.outcome) == (200, "ambiguous")


async def test_refused_connection_was_never_sent_and_is_tried_again(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """With nobody listening no byte leaves, so even a POST is tried again, up to the policy's attempts."""
    client = make_client(http, f"http://127.0.0.1:{closed_port()}/v1", clock, policy=RetryPolicy(attempts=3))
    with pytest.raises(NeverSent) as caught:
        await submit(client)
    assert (caught.value.outcome, caught.value.attempts, len(clock.slept)) == ("never_sent", 3, 2)


async def test_submit_never_takes_longer_than_20_seconds(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """Whatever time a caller allows and however patient the policy, a drain need not wait longer for a submit."""
    patient = RetryPolicy(attempts=1000, base_s=3.0, cap_s=3.0)
    client = make_client(http, f"http://127.0.0.1:{closed_port()}/v1", clock, policy=patient)
    with pytest.raises(NeverSent):
        await submit(client, timeout_s=300.0)
    assert 15 < clock.now - NOW < 20


async def test_unknown_host_was_never_sent(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A name that does not resolve is never_sent."""
    client = make_client(http, "https://no-such-host.invalid/v1", clock, policy=RetryPolicy(attempts=1))
    with pytest.raises(NeverSent):
        await submit(client)


async def test_failed_tls_was_never_sent(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A server that speaks no TLS sees a handshake, never the request."""
    async with raw_server(greet_with_garbage) as server:
        base_url = server.base_url.replace("http:", "https:")
        with pytest.raises(NeverSent):
            await submit(make_client(http, base_url, clock, policy=RetryPolicy(attempts=1)), timeout_s=1.0)
        assert server.requests == []


async def test_full_pool_was_never_sent(clock: FakeClock) -> None:
    """A request that got no connection in time never left."""
    narrow = httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(5.0, pool=0.05))
    async with raw_server(hang) as server, narrow as http:
        client = make_client(http, server.base_url, clock, policy=RetryPolicy(attempts=1))
        first = asyncio.create_task(submit(client))
        await server.arrived.wait()
        with pytest.raises(NeverSent):
            await submit(client)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert len(server.requests) == 1


async def test_submit_after_its_time_never_leaves(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """At `not_after` no byte leaves any more, and nothing is tried again."""
    async with raw_server(reply()) as server:
        with pytest.raises(NeverSent) as caught:
            await submit(make_client(http, server.base_url, clock), not_after=NOW)
        assert (caught.value.attempts, server.requests) == (1, [])


async def test_time_is_checked_after_the_wait_for_a_connection(clock: FakeClock) -> None:
    """A submit that was in time when called, and late when it got its connection, does not leave."""
    async with raw_server(hang, reply()) as server:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(5.0)) as http:
            client = make_client(http, server.base_url, clock)
            blocker = asyncio.create_task(client.get_stream("str_1"))
            await server.arrived.wait()
            late = asyncio.create_task(submit(client, not_after=NOW + 10))
            await asyncio.sleep(0)
            clock.now += 11
            blocker.cancel()
            with pytest.raises(NeverSent):
                await late
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [reset_at_once, reset_after_request, close_after_request, cut_off(), reply(200, b"{"), reply(500), reply(503)],
)
async def test_get_is_tried_again_until_it_succeeds(http: httpx.AsyncClient, clock: FakeClock, script: Script) -> None:
    """A GET outlives each kind of passing trouble."""
    async with raw_server(script, script, reply()) as server:
        stream = await make_client(http, server.base_url, clock).get_stream("str_1")
        assert (stream.id, server.connections, len(clock.slept)) == ("str_1", 3, 2)


async def test_get_gives_up_after_its_attempts(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """The last error comes out and tells how often the call was tried."""
    async with raw_server(reply(502, b"")) as server:
        with pytest.raises(ServerError, match="after 4 attempts") as caught:
            await make_client(http, server.base_url, clock).get_stream("str_1")
        assert (caught.value.attempts, server.connections) == (4, 4)


async def test_get_waits_as_long_as_it_is_asked_to(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """`Retry-After` is the least pause; jitter comes on top."""
    async with raw_server(reply(429, b"{}", {"retry-after": "7"}), reply()) as server:
        await make_client(http, server.base_url, clock).get_stream("str_1")
        assert 7.0 <= clock.slept[0] <= 7.25


async def test_wait_beyond_the_deadline_reaches_the_caller_at_once(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A `Retry-After` that does not fit is not slept through: the caller, who owns the budget, learns of it."""
    async with raw_server(reply(429, b"{}", {"retry-after": "3600"})) as server:
        with pytest.raises(RateLimited) as caught:
            await make_client(http, server.base_url, clock).get_stream("str_1")
        assert (caught.value.retry_after, clock.slept, len(server.requests)) == (3600.0, [], 1)


async def test_stop_is_tried_again_though_it_is_a_post(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """Stopping twice leaves a stream stopped, so a reset is no reason to give up."""
    async with raw_server(reset_after_request, reply(204, b"")) as server:
        assert await make_client(http, server.base_url, clock).stop_stream("str_1") is None
        assert [request.split(b" ")[:2] for request in server.requests] == [[b"POST", b"/v1/streams/str_1/stop"]] * 2


async def test_health_is_asked_once(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A probe that retried would hide what it is there to see."""
    async with raw_server(reply(503, b"{}")) as server:
        with pytest.raises(Unavailable):
            await make_client(http, server.base_url, clock).check_health()
        assert server.connections == 1
        assert server.requests[0].startswith(b"GET /health HTTP/1.1")


async def test_oversized_answer_is_cut_off(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """An answer larger than our bound is not read into memory; it is unreadable, whatever it holds."""
    body = STREAM_BODY + b" " * LARGEST_BODY
    async with raw_server(reply(200, body)) as server:
        with pytest.raises(UnreadableAnswer):
            await submit(make_client(http, server.base_url, clock))


async def test_every_attempt_is_observed(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """Each attempt counts against the rate budget, so each is reported, by status or by the error's name."""
    seen = Recorder()
    pace = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "41"}
    async with raw_server(reset_after_request, reply(200, b"{"), reply(503, b"", pace), reply()) as server:
        client = make_client(http, server.base_url, clock, observer=seen)
        await client.get_stream("str_1")
    route = ("GET", "/streams/{id}")
    assert seen.seen == [(*route, "Ambiguous"), (*route, "UnreadableAnswer"), (*route, 503), (*route, 200)]
    assert client.rate_limit is not None
    assert client.rate_limit.remaining == 41


async def test_redirect_is_not_followed(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """A redirect would carry the key to another host: it ends the call."""
    async with raw_server(reply()) as other:
        script = reply(307, b"", {"location": f"http://127.0.0.1:{other.port}/v1/streams/str_1"})
        async with raw_server(script) as server:
            with pytest.raises(UnreadableAnswer):
                await make_client(http, server.base_url, clock).get_stream("str_1")
        assert other.connections == 0


async def test_cancelled_call_is_not_tried_again(http: httpx.AsyncClient, clock: FakeClock) -> None:
    """Cancellation passes through at once and is told to the observer as what it is, never as not sent."""
    seen = Recorder()
    async with raw_server(hang) as server:
        task = asyncio.create_task(make_client(http, server.base_url, clock, observer=seen).get_stream("str_1"))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.connections == 1
    assert seen.seen == [("GET", "/streams/{id}", "Cancelled")]


@pytest.mark.parametrize("stream_id", ["", ".", "..", "\ud800"])
async def test_an_id_that_no_path_can_hold_is_a_refusal(http: httpx.AsyncClient, stream_id: str) -> None:
    """Whatever id a caller was told, it gets an error of ours that says "not applied", and nothing is sent."""
    async with raw_server(reply()) as server:
        client = make_client(http, server.base_url, FakeClock())
        for ask in (client.get_stream, client.list_stream_highlights, client.stop_stream, client.delete_stream):
            with pytest.raises(Rejected, match="unusable_id") as caught:
                await ask(stream_id)
            assert (caught.value.outcome, caught.value.retryable) == ("refused", False)
    assert server.requests == []

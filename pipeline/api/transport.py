"""The thin httpx adapter: one attempt over the wire, sorted by whether any byte of it left."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

import h2.errors
import h2.events
import h2.exceptions
import httpcore
import httpx

from pipeline.api.errors import Ambiguous, NeverSent, TransportError
from pipeline.api.protocol import Answer, Call
from pipeline.api.retry import Clock

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes of an answer that are read; a longer one counts as cut off."""

_FAILURES = (
    httpx.RequestError,
    OSError,  # includes TimeoutError, by which asyncio.timeout reports
    # the next two escape httpx's own mapping while a body is read over HTTP/2
    httpcore.ConnectionNotAvailable,
    h2.exceptions.H2Error,
)


def open_http_client(
    *,
    verify: ssl.SSLContext | bool = True,
    proxy: str | None = None,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 30.0,
    max_connections: int = 100,
    keepalive_connections: int = 20,
) -> httpx.AsyncClient:
    """Return the HTTP client to share between all API clients of a process; the caller closes it.

    HTTP/2 where the server offers it, no redirects (they would carry the key elsewhere), no retries beneath ours, and
    nothing taken from the environment: a proxy or a CA of one's own is passed in.
    """
    return httpx.AsyncClient(
        transport=None,
        http2=True,
        limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=keepalive_connections),
        timeout=httpx.Timeout(connect=connect_timeout_s, read=read_timeout_s, write=10.0, pool=1.0),
        verify=verify,
        proxy=proxy,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "tldr-highlight-pipeline", "Accept": "application/json"},
    )


class _TooLateError(Exception):
    """The moment after which the call must not be sent came before its first byte."""


class _TooLargeError(Exception):
    """An answer is larger than `LARGEST_BODY`."""


@dataclass(slots=True)
class _SendWatch:
    """Learns from httpcore's trace when the first byte of a request is about to leave, and may still forbid it."""

    clock: Clock
    not_after: float | None
    sent: bool = False
    stream_id: int = 0

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the start of sending; a proxy's CONNECT is not yet our request."""
        if not event.endswith(".send_request_headers.started") or info["request"].method == b"CONNECT":
            return
        if self.not_after is not None and self.clock.time() >= self.not_after:
            raise _TooLateError("its time had passed before it could be sent")
        self.sent = True
        self.stream_id = info.get("stream_id", 0)


async def exchange(
    http: httpx.AsyncClient,
    call: Call[Any],
    *,
    url: str,
    headers: dict[str, str],
    limit_s: float,
    not_after: float | None,
    clock: Clock,
) -> Answer:
    """Send `call` once and return the answer, of any status; one whose body did not arrive whole says so.

    Args:
        http: the shared HTTP client.
        call: what to send.
        url: where to, with the query.
        headers: key, signature, content type.
        limit_s: seconds for all of it, on top of the HTTP client's own limits for each step.
        not_after: unix seconds after which no byte may leave any more, or None.
        clock: says whether `not_after` has passed.

    Raises:
        NeverSent: no byte of the request left.
        Ambiguous: bytes left and no answer came.
    """
    watch = _SendWatch(clock, not_after)
    request = http.build_request(
        call.method, url, content=call.body or None, headers=headers, extensions={"trace": watch.trace}
    )
    response: httpx.Response | None = None
    try:
        async with asyncio.timeout(max(limit_s, 0.0)):
            response = await http.send(request, stream=True, follow_redirects=False, auth=None)
            return await _read_answer(response)
    except (*_FAILURES, _TooLateError, _TooLargeError) as error:
        if response is not None:
            return Answer(response.status_code, dict(response.headers), cut_off=error)
        raise _transport_error(call, error, watch) from error


async def _read_answer(response: httpx.Response) -> Answer:
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise _TooLargeError(f"more than {LARGEST_BODY} bytes")
    finally:
        await response.aclose()
    return Answer(response.status_code, dict(response.headers), bytes(body))


def _transport_error(call: Call[Any], error: Exception, watch: _SendWatch) -> TransportError:
    kind = Ambiguous if watch.sent and not _vouched_unprocessed(error, watch.stream_id) else NeverSent
    why = str(error) or "time is up"
    failure = kind(f"{type(error).__name__}: {why}", method=call.method, route=call.route)
    failure.retryable = not isinstance(error, _TooLateError)
    return failure


def _vouched_unprocessed(error: Exception, stream_id: int) -> bool:
    """Whether an HTTP/2 peer promised by RFC 9113 (6.8, 8.7) that it did nothing of this request."""
    cause = error.__cause__
    event = cause.args[0] if isinstance(cause, httpcore.RemoteProtocolError) and cause.args else None
    if isinstance(event, h2.events.StreamReset):
        return event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
    if isinstance(event, h2.events.ConnectionTerminated):
        return event.last_stream_id is not None and event.last_stream_id < stream_id
    return False

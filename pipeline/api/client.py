"""The API client: builds on the protocol, signs, retries what may be retried, and tells an observer of each attempt."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Protocol, TypeVar

import httpx
import msgspec
from pydantic import SecretStr

from pipeline.api import endpoints
from pipeline.api.errors import ApiError, HttpError, UnreadableAnswer, UnusableId
from pipeline.api.models import HighlightPage, Stream, StreamOptions
from pipeline.api.protocol import Answer, Call, interpret
from pipeline.api.rate_limit import RateLimit, read_rate_limit
from pipeline.api.retry import Clock, RetryPolicy, Sleep, call_with_retries
from pipeline.api.signing import signature_headers
from pipeline.api.transport import exchange

T = TypeVar("T")
LONGEST_POST_S = 20.0
"""A POST that creates something takes no longer, so that a drain can wait for it."""
LONGEST_ATTEMPT_S = 40.0
"""One attempt of a call that can be tried again takes no longer, even if its answer drips in."""
_VERSION_FOLDER = re.compile(r"/v[0-9]+$")


class Observer(Protocol):
    """Is told of every attempt, for metrics and budgets; must not raise."""

    def on_answer(
        self, method: str, route: str, status_or_error: int | str, seconds: float, rate_limit: RateLimit | None
    ) -> None:
        """One attempt ended.

        Args:
            method: such as `GET`.
            route: the path's template: few values, fit for a label.
            status_or_error: the HTTP status; or `NeverSent`, `Ambiguous`, `UnreadableAnswer` or `Cancelled`.
            seconds: how long the attempt took.
            rate_limit: pace as of this answer, or None.
        """


class SilentObserver:
    """An observer that keeps nothing."""

    def on_answer(
        self, method: str, route: str, status_or_error: int | str, seconds: float, rate_limit: RateLimit | None
    ) -> None:
        """Do nothing."""


class HighlightClient:
    """A client of one base URL and one API key.

    Every endpoint is a builder in `pipeline.api.endpoints`, `account` or `uploads`, sent by `send`; what the pipeline
    calls all day has a method of its own. Closing the HTTP client is up to who opened it.

    Attributes:
        rate_limit: pace as of the last answer that told it, or None.
    """

    def __init__(  # noqa: PLR0913 -- each is a port or a credential, none has a good default
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        api_key: SecretStr | None,
        signing_secret: SecretStr | None,
        clock: Clock,
        sleep: Sleep,
        random: Random,
        observer: Observer | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._http = http
        self._base_url = _checked_base_url(base_url)
        self._api_key = _checked_key(api_key)
        self._signing_secret = signing_secret
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._observer = observer or SilentObserver()
        self._policy = policy or RetryPolicy()
        self.rate_limit: RateLimit | None = None

    def __repr__(self) -> str:
        return f"HighlightClient({self._base_url!r})"

    async def send(
        self,
        call: Call[T],
        *,
        deadline_s: float | None = None,
        attempts: int | None = None,
        not_after: float | None = None,
    ) -> T:
        """Send a call and return its result.

        An idempotent call is tried again after 5xx, 429, a cut-off answer and transport errors; any other only if no
        byte of it left.

        Args:
            call: from a builder.
            deadline_s: seconds for all attempts and pauses together; the policy's by default.
            attempts: at most so many; the policy's by default.
            not_after: unix seconds after which no byte of an attempt may leave.

        Raises:
            ApiError: see the tree in `pipeline.api.errors`.
        """
        policy = msgspec.structs.replace(
            self._policy,
            total_s=self._policy.total_s if deadline_s is None else deadline_s,
            attempts=self._policy.attempts if attempts is None else attempts,
        )

        async def attempt(left_s: float) -> T:
            # what goes out only once, an upload perhaps, may use all the time there is
            limit_s = min(left_s, LONGEST_ATTEMPT_S) if call.idempotent else left_s
            return await self._attempt(call, limit_s=limit_s, not_after=not_after)

        def may_retry(error: ApiError) -> bool:
            return error.retryable and (call.idempotent or error.outcome == "never_sent")

        return await call_with_retries(
            attempt, may_retry=may_retry, policy=policy, clock=self._clock, sleep=self._sleep, random=self._random
        )

    async def create_stream(
        self,
        source_url: str,
        *,
        platform: str,
        options: StreamOptions | Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_s: float = LONGEST_POST_S,
        not_after: float | None = None,
    ) -> Stream:
        """Start processing a stream, at most once.

        It is tried again only while no byte has left; read `outcome` of the error for what is known otherwise.

        Args:
            source_url: where the stream is.
            platform: twitch, youtube, custom, ...
            options: see `StreamOptions`.
            metadata: free, carried by the API.
            timeout_s: seconds for all of it, at most 20.
            not_after: unix seconds; checked right before the first byte leaves, after any wait for a connection.

        Raises:
            ApiError: see the tree in `pipeline.api.errors`.
        """
        call = endpoints.create_stream(source_url, platform=platform, options=options, metadata=metadata)
        return await self.send(call, deadline_s=min(timeout_s, LONGEST_POST_S), not_after=not_after)

    async def get_stream(self, stream_id: str, *, deadline_s: float | None = None) -> Stream:
        """Return the status of a stream."""
        with _usable_id("GET", endpoints.STREAM):
            call = endpoints.get_stream(stream_id)
        return await self.send(call, deadline_s=deadline_s)

    async def list_stream_highlights(
        self,
        stream_id: str,
        *,
        page: int | None = None,
        per_page: int | None = None,
        deadline_s: float | None = None,
    ) -> HighlightPage:
        """Return one page of a stream's highlights, from 1."""
        with _usable_id("GET", endpoints.STREAM_HIGHLIGHTS):
            call = endpoints.list_stream_highlights(stream_id, page=page, per_page=per_page)
        return await self.send(call, deadline_s=deadline_s)

    async def list_highlights(
        self, *, page: int | None = None, per_page: int | None = None, deadline_s: float | None = None
    ) -> HighlightPage:
        """Return one page of all the account's highlights, from 1."""
        return await self.send(endpoints.list_highlights(page=page, per_page=per_page), deadline_s=deadline_s)

    async def stop_stream(self, stream_id: str, *, deadline_s: float | None = None) -> Stream | None:
        """Stop a stream; return it if the answer shows it."""
        with _usable_id("POST", endpoints.STREAM_STOP):
            call = endpoints.stop_stream(stream_id)
        return await self.send(call, deadline_s=deadline_s)

    async def delete_stream(self, stream_id: str, *, deadline_s: float | None = None) -> None:
        """Delete a stream and its highlights; `NotFound` means that it is gone already."""
        with _usable_id("DELETE", endpoints.STREAM):
            call = endpoints.delete_stream(stream_id)
        await self.send(call, deadline_s=deadline_s)

    async def check_health(self, *, timeout_s: float = 5.0) -> dict[str, Any]:
        """Ask once whether the API is up; an `ApiError` says that it is not."""
        return await self.send(endpoints.health(), deadline_s=timeout_s, attempts=1)

    async def _attempt(self, call: Call[T], *, limit_s: float, not_after: float | None) -> T:
        started = self._clock.monotonic()
        told: int | str = "Cancelled"
        rate_limit: RateLimit | None = None
        try:
            answer = await exchange(
                self._http,
                call,
                url=self._url(call),
                headers=self._headers(call),
                limit_s=limit_s,
                not_after=not_after,
                clock=self._clock,
            )
            told, rate_limit = answer.status, read_rate_limit(answer.headers)
            self.rate_limit = rate_limit or self.rate_limit
            return interpret(call, self._without_key(answer), now=self._clock.time())
        except ApiError as error:
            if not isinstance(error, HttpError) or isinstance(error, UnreadableAnswer):
                told = type(error).__name__
            raise
        finally:
            self._observer.on_answer(call.method, call.route, told, self._clock.monotonic() - started, rate_limit)

    def _url(self, call: Call[Any]) -> str:
        base = _VERSION_FOLDER.sub("", self._base_url) if call.beside_base else self._base_url
        return base + call.target

    def _headers(self, call: Call[Any]) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self._api_key is not None:
            headers["X-API-Key"] = self._api_key.get_secret_value()
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if self._signing_secret is not None:
            headers |= signature_headers(
                self._signing_secret.get_secret_value(),
                method=call.method,
                path=call.path,
                now=self._clock.time(),
                body=call.body,
            )
        return headers

    def _without_key(self, answer: Answer) -> Answer:
        """Return the answer with our key taken out of an error's text, which may quote it."""
        if answer.status < 400 or self._api_key is None:
            return answer
        body = answer.body.replace(self._api_key.get_secret_value().encode(), b"[redacted]")
        return Answer(answer.status, answer.headers, body, answer.cut_off)


@contextlib.contextmanager
def _usable_id(method: str, route: str) -> Iterator[None]:
    """Turn an id that no path can hold into the error of a refusal: whoever calls us is prepared for that one."""
    try:
        yield
    except ValueError as error:
        raise UnusableId(str(error), method=method, route=route) from error


def _checked_base_url(base_url: str) -> str:
    url = httpx.URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query or url.fragment:
        raise ValueError("base_url must be http(s)://host[:port][/path], without user, query or fragment")
    return base_url.rstrip("/")


def _checked_key(api_key: SecretStr | None) -> SecretStr | None:
    if api_key is not None:
        text = api_key.get_secret_value()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("api_key must be printable ASCII without spaces")
    return api_key

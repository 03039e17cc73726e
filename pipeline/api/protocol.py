"""The protocol without I/O: what a call is, what an answer is, and what an answer to a call means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import orjson

from pipeline.api.errors import HttpError, Told, UnreadableAnswer, error_class
from pipeline.api.rate_limit import read_rate_limit, read_retry_after, seconds_to_reset
from pipeline.api.tolerant import WrongShapeError
from schemas.records.base import MAX_DEPTH, too_deep

T = TypeVar("T")
JSON = "application/json"
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id")


class BrokenBodyError(ValueError):
    """The body of an answer is cut off, no JSON, or nested too deeply to be written again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: the bytes after content decoding.
        cut_off: why the body is not whole, or None.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    cut_off: Exception | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request to make, and how to read its answer.

    Attributes:
        method: upper case.
        path: below the base URL and percent-encoded: what is sent, and what is signed.
        route: the template of `path`, such as `/streams/{id}`: a label with few values.
        read: makes the result from a 2xx answer; raises `WrongShapeError` or `BrokenBodyError`.
        query: names and values, in the order sent.
        body: the exact bytes sent.
        content_type: of the body; None without one.
        idempotent: whether running it twice leaves the same as once.
        beside_base: whether the path stands beside the base's version folder, as `/health` does.
    """

    method: str
    path: str
    route: str
    read: Callable[[Answer], T] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    content_type: str | None = None
    idempotent: bool = True
    beside_base: bool = False

    @property
    def target(self) -> str:
        """The path with the query, as it goes behind the base URL."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def fill_path(route: str, **ids: str) -> str:
    """Return `route` with its `{names}` replaced by percent-encoded ids.

    Raises:
        ValueError: an id is empty or a dot segment, which would name another endpoint.
    """
    for name, value in ids.items():
        if value in {"", ".", ".."}:
            raise ValueError(f"{name} {value!r} cannot stand in {route}")
    return route.format(**{name: quote(value, safe="") for name, value in ids.items()})


def interpret(call: Call[T], answer: Answer, *, now: float) -> T:
    """Return what `answer` means for `call`; total over any bytes. `now` is unix seconds, for a `Retry-After` date.

    Raises:
        HttpError: every status outside 2xx, and a 2xx that cannot be read as what the call asks for.
    """
    if 200 <= answer.status < 300:
        try:
            return call.read(answer)
        except BrokenBodyError as error:
            raise _unreadable(call, answer, str(error), retryable=True) from (answer.cut_off or error)
        except WrongShapeError as error:
            raise _unreadable(call, answer, str(error), retryable=False) from error
    if answer.status < 400:
        raise _unreadable(call, answer, "an answer of this status was not expected", retryable=False)
    raise _refusal(call, answer, now=now) from answer.cut_off


def json_of(answer: Answer) -> Any:
    """Return the decoded body.

    Raises:
        BrokenBodyError: it is cut off, empty, no JSON, or deeper than records may be.
    """
    if answer.cut_off is not None:
        raise BrokenBodyError("the body is cut off")
    if too_deep(answer.body):
        raise BrokenBodyError(f"lists and objects inside each other, more than {MAX_DEPTH} levels")
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise BrokenBodyError(f"the body is no JSON ({len(answer.body)} bytes)") from error


def _unreadable(call: Call[Any], answer: Answer, why: str, *, retryable: bool) -> UnreadableAnswer:
    return UnreadableAnswer(
        retryable=retryable,
        method=call.method,
        route=call.route,
        status=answer.status,
        headers=answer.headers,
        told=Told(message=why, request_id=_request_id(answer, {})),
        rate_limit=read_rate_limit(answer.headers),
    )


def _refusal(call: Call[Any], answer: Answer, *, now: float) -> HttpError:
    envelope = _error_envelope(answer)
    rate_limit = read_rate_limit(answer.headers)
    retry_after = read_retry_after(answer.headers, now=now)
    if retry_after is None and answer.status == 429:
        retry_after = seconds_to_reset(rate_limit, now=now)
    return error_class(answer.status)(
        method=call.method,
        route=call.route,
        status=answer.status,
        headers=answer.headers,
        told=Told(
            code=_text(envelope.get("code")),
            message=_text(envelope.get("message")),
            details=envelope.get("details"),
            request_id=_request_id(answer, envelope),
        ),
        retry_after=retry_after,
        rate_limit=rate_limit,
    )


def _error_envelope(answer: Answer) -> dict[str, Any]:
    """Return the error object of an answer; {} where a proxy answered in words of its own."""
    try:
        payload = json_of(answer)
    except BrokenBodyError:
        return {}
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("error", payload)
    # some gateways send {"error": "text"}, without an object
    return inner if isinstance(inner, dict) else {"message": inner}


def _request_id(answer: Answer, envelope: Mapping[str, Any]) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        if answer.headers.get(name):
            return answer.headers[name]
    return _text(envelope.get("request_id")) or None


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)

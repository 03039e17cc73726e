"""What the API says: a status, headers and a JSON body; errors in the one envelope of the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, ready to be sent: `headers` without content-type and content-length."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    def with_headers(self, headers: Headers) -> "Answer":
        """Return the same answer with more headers."""
        return Answer(self.status, self.body, self.headers + headers)


class ApiError(Exception):
    """A refusal that the caller of the API gets to see.

    Attributes:
        status: HTTP status.
        code: machine-readable code of the envelope.
        message: one sentence for people.
        details: by field or by fact, or empty.
        headers: extra headers, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.headers = headers

    def answer(self) -> Answer:
        """Return the error as the API sends it."""
        payload = {"error": {"code": self.code, "message": self.message, "details": self.details}}
        return Answer(self.status, orjson.dumps(payload), self.headers)


def ok(payload: Any, status: int = 200) -> Answer:
    """Return a JSON answer."""
    return Answer(status, orjson.dumps(payload))


def nothing() -> Answer:
    """Return 204, the answer to a deletion."""
    return Answer(204)


def not_found(what: str, ident: str) -> ApiError:
    """Return the 404 for an object that does not exist or belongs to another account."""
    return ApiError(404, "not_found", f"{what} not found", {"id": ident})

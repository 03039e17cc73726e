"""Everything that can go wrong with a call, split by who must act.

    ApiError
    ├── HttpError               an answer came; it keeps status, headers, request id, code, message, details
    │   ├── Rejected            ours to fix: any 4xx without a class of its own
    │   │   ├── BadRequest      400
    │   │   ├── NotFound        404
    │   │   ├── Conflict        409
    │   │   ├── Invalid         422
    │   │   └── UnusableId      never asked: an id that would name another endpoint
    │   ├── CredentialsRejected the key's owner must act
    │   │   ├── Unauthorized    401
    │   │   └── Forbidden       403
    │   ├── RateLimited         429: slow down
    │   ├── ServerError         5xx: theirs
    │   │   └── Unavailable     503, 408
    │   └── UnreadableAnswer    theirs: a 2xx that is truncated, no JSON or of another shape; also 1xx and 3xx
    └── TransportError          no answer came
        ├── NeverSent           DNS, refused, TLS, pool full, too late: no byte of the request left
        └── Ambiguous           timeout, reset or write error after bytes left: may have been applied

Two properties sort them for a caller. `retryable`: the same call may succeed later. `outcome`: what is known of a
call that must not run twice: `never_sent`, `refused` (certainly not applied), `ambiguous` (may have been applied).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.api.rate_limit import RateLimit
from pipeline.api.redact import safe_text

Outcome = Literal["never_sent", "refused", "ambiguous"]


class ApiError(Exception):
    """A call to the API failed.

    Attributes:
        method: of the call, such as `POST`.
        route: the template of its path, such as `/streams/{id}`.
        attempts: how often the call was tried.
    """

    retryable: bool = False
    outcome: Outcome = "ambiguous"

    def __init__(self, text: str, *, method: str, route: str) -> None:
        super().__init__(safe_text(text))
        self.method = method
        self.route = route
        self.attempts = 1

    def __str__(self) -> str:
        again = f" (after {self.attempts} attempts)" if self.attempts > 1 else ""
        return f"{self.method} {self.route}: {self.args[0]}{again}"


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of itself in words: the fields of the error envelope, and its request id."""

    code: str = ""
    message: str = ""
    details: Any = None
    request_id: str | None = None


class HttpError(ApiError):
    """The API answered, and not with what was asked for.

    Attributes:
        status: HTTP status.
        headers: of the answer, names in lower case, without cookies.
        request_id: the vendor's name for this call, for a support ticket; None if it gave none.
        code: machine-readable code of the error envelope, or "".
        message: its text as sent, or "". May hold what we sent: show `str(error)` instead.
        details: its details as sent, or None.
        retry_after: seconds the server asks to wait, or None; of a 429 that does not say, those to the next window if
            this one is used up.
        rate_limit: pace as of this answer, or None.
    """

    def __init__(
        self,
        *,
        method: str,
        route: str,
        status: int,
        headers: Mapping[str, str],
        told: Told,
        retry_after: float | None = None,
        rate_limit: RateLimit | None = None,
    ) -> None:
        number = f"request id {told.request_id}" if told.request_id else ""
        words = [f"{status} {told.code}".rstrip(), told.message, number]
        super().__init__(", ".join(word for word in words if word), method=method, route=route)
        self.status = status
        self.headers = {name: value for name, value in headers.items() if name != "set-cookie"}
        self.code = told.code
        self.message = told.message
        self.details = told.details
        self.request_id = told.request_id
        self.retry_after = retry_after
        self.rate_limit = rate_limit


class Rejected(HttpError):
    """4xx: the request is wrong; sending it again changes nothing."""

    outcome = "refused"


class BadRequest(Rejected):
    """400: the request cannot be understood."""


class NotFound(Rejected):
    """404: no such object, or not this account's."""


class Conflict(Rejected):
    """409: the object's state does not allow it."""


class Invalid(Rejected):
    """422: understood, and a value is not allowed."""


class UnusableId(Rejected):
    """An id that cannot stand in a path. The client refuses it in the API's place, as 400: nothing was sent."""

    def __init__(self, text: str, *, method: str, route: str) -> None:
        super().__init__(method=method, route=route, status=400, headers={}, told=Told("unusable_id", text))


class CredentialsRejected(HttpError):
    """The key or its rights do not do; an operator must act."""

    outcome = "refused"


class Unauthorized(CredentialsRejected):
    """401: key missing, unknown or revoked, or a signature that does not hold."""


class Forbidden(CredentialsRejected):
    """403: the key lacks the scope, or the plan lacks the feature."""


class RateLimited(HttpError):
    """429: slow down; `retry_after` says for how long, if known."""

    retryable = True
    outcome = "refused"


class ServerError(HttpError):
    """5xx: their fault; what was asked for may have happened all the same."""

    retryable = True


class Unavailable(ServerError):
    """503 (or 408, which a proxy may send for a server that did get the request)."""


class UnreadableAnswer(HttpError):
    """The status alone does not tell what was asked for: truncated, no JSON, another shape, or a redirect."""

    def __init__(self, *, retryable: bool, **about: Any) -> None:
        super().__init__(**about)
        self.retryable = retryable


class TransportError(ApiError):
    """No answer came."""

    retryable = True


class NeverSent(TransportError):
    """No byte of the request left, or the peer vouched that it did not look at it."""

    outcome = "never_sent"


class Ambiguous(TransportError):
    """Bytes of the request left and no answer came: it may have been applied."""


_BY_STATUS: dict[int, type[HttpError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
    503: Unavailable,
}


def error_class(status: int) -> type[HttpError]:
    """Return the class for a status of 400 and above; for one without a class of its own, the class of its hundred."""
    return _BY_STATUS.get(status) or (Rejected if status < 500 else ServerError)

"""One request to the API, taken apart: which route, whose object, what was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from pipeline.simulator.answers import Answer, ApiError
from pipeline.simulator.keys import ApiKey

if TYPE_CHECKING:
    from pipeline.simulator.services import Services

COLLECTIONS = frozenset({"streams", "batch", "highlights", "webhooks", "api-keys"})


@dataclass(slots=True)
class Call:
    """A request.

    Attributes:
        route: template below /v1, such as "/streams/{id}/highlights"; "/health" beside it.
        path: the path below /v1, which is what signatures cover.
        ident: the id in the path, or of what the request created, or "".
        headers: by lower-case name.
        now: when it came, in unix seconds.
        caller: the API key, once it was checked.
    """

    method: str
    route: str
    path: str
    ident: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes
    now: float
    caller: ApiKey | None = None

    @property
    def key(self) -> ApiKey:
        """Return the caller of a route that needs a key."""
        if self.caller is None:
            raise ApiError(401, "unauthorized", "X-API-Key is missing")
        return self.caller

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            ApiError: 400, it is none.
        """
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, "invalid_request", "the body is not JSON") from error
        if not isinstance(value, dict):
            raise ApiError(400, "invalid_request", "the body is not a JSON object")
        return value

    def paging(self, most: int) -> tuple[int, int]:
        """Return `page` (from 1) and `per_page` (default 10, at most `most`).

        Raises:
            ApiError: 422, not positive whole numbers.
        """
        if not self.query:
            return 1, min(10, most)
        given = dict(parse_qsl(self.query, keep_blank_values=True))
        problems = {
            name: "must be a whole number from 1"
            for name in ("page", "per_page")
            if not (
                given.get(name, "1").isascii() and given.get(name, "1").isdigit() and 0 < len(given.get(name, "1")) < 10
            )
            or int(given.get(name, "1")) < 1
        }
        if problems:
            raise ApiError(422, "validation_error", "the page cannot be found", problems)
        return int(given.get("page", "1")), min(int(given.get("per_page", "10")), most)


Handler = Callable[["Services", Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a route: `scope` is the scope a key needs; `open` routes need no key."""

    handler: Handler
    scope: str | None = None
    open: bool = False


Routes = Mapping[tuple[str, str], Endpoint]


def split_path(path: str) -> tuple[str, str]:
    """Return the route template and the id of a path below /v1."""
    parts = path.split("/")
    if len(parts) > 2 and parts[1] in COLLECTIONS and parts[2]:
        ident = parts[2]
        parts[2] = "{id}"
        return "/".join(parts), ident
    return path, ""

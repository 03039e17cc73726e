"""Client of the TL;DR Highlight API.

Three layers, each usable without the next:

* protocol, no I/O: `endpoints`, `account` and `uploads` build a `Call` for every endpoint, `interpret` turns an
  `Answer` into a model or into one error of the tree drawn in `errors`;
* `transport`: one attempt over httpx, sorted by whether any byte left;
* `client`: key, signature, the one retry layer, an observer told of each attempt.

    async with open_http_client() as http:
        client = HighlightClient(http, base_url=..., api_key=..., signing_secret=None, clock=time, sleep=asyncio.sleep,
                                 random=Random())
        stream = await client.create_stream("https://twitch.tv/somebody", platform="twitch")
        keys = await client.send(account.list_api_keys())
"""

from pipeline.api import account, endpoints
from pipeline.api.client import HighlightClient, Observer, SilentObserver
from pipeline.api.errors import (
    Ambiguous,
    ApiError,
    BadRequest,
    Conflict,
    CredentialsRejected,
    Forbidden,
    HttpError,
    Invalid,
    NeverSent,
    NotFound,
    Outcome,
    RateLimited,
    Rejected,
    ServerError,
    TransportError,
    Unauthorized,
    Unavailable,
    UnreadableAnswer,
    UnusableId,
)
from pipeline.api.models import (
    TERMINAL_STATUSES,
    Batch,
    BatchOptions,
    Highlight,
    HighlightPage,
    Pagination,
    Progress,
    Stream,
    StreamOptions,
)
from pipeline.api.protocol import Answer, Call, interpret
from pipeline.api.rate_limit import RateLimit, read_rate_limit, read_retry_after
from pipeline.api.retry import Clock, RetryPolicy
from pipeline.api.signing import sign
from pipeline.api.tolerant import WrongShapeError
from pipeline.api.transport import open_http_client
from pipeline.api.uploads import Upload, upload_batch

__all__ = [
    "TERMINAL_STATUSES",
    "Ambiguous",
    "Answer",
    "ApiError",
    "BadRequest",
    "Batch",
    "BatchOptions",
    "Call",
    "Clock",
    "Conflict",
    "CredentialsRejected",
    "Forbidden",
    "Highlight",
    "HighlightClient",
    "HighlightPage",
    "HttpError",
    "Invalid",
    "NeverSent",
    "NotFound",
    "Observer",
    "Outcome",
    "Pagination",
    "Progress",
    "RateLimit",
    "RateLimited",
    "Rejected",
    "RetryPolicy",
    "ServerError",
    "SilentObserver",
    "Stream",
    "StreamOptions",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "UnreadableAnswer",
    "UnusableId",
    "Upload",
    "WrongShapeError",
    "account",
    "endpoints",
    "interpret",
    "open_http_client",
    "read_rate_limit",
    "read_retry_after",
    "sign",
    "upload_batch",
]

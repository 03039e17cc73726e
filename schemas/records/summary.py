"""``tldr.summaries.v1`` (compacted): the end of a request. The latest revision is the final word."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from schemas.records.base import Identifier, Instant, Record, Seconds
from schemas.records.stream import Outcome


class Counts(msgspec.Struct, kw_only=True):
    """How many highlights came how.

    Attributes:
        by_webhook: First seen in a webhook.
        by_poll: First seen in a poll or the final sweep.
        late: Came after the request was settled.
        corrected: Revisions beyond a highlight's first.
    """

    by_webhook: int = 0
    by_poll: int = 0
    late: int = 0
    corrected: int = 0


class Summary(Record, kw_only=True):
    """The manifest of a settled request. The Kafka key is ``request_id``.

    Attributes:
        request_id: The request.
        tenant: Who the work was for.
        user_id: The user on whose behalf the tenant asked.
        stream_id: The API's id of the stream, if there was one.
        revision: Counts this request's summaries from 1. The highest is the final word.
        outcome: How the request ended.
        reason: Why it ended so.
        count: Number of distinct highlights published.
        last_seq: Number of highlight records published; the highest seq.
        counts: How many highlights came how.
        ids_sha256: SHA-256, in hex, of the sorted highlight ids joined by newlines.
        api_total: How many highlights the API claimed there are.
        incomplete: True when the final sweep gave up before it was clean.
        processed_s: Seconds of the stream that were analysed.
        cost_usd: List price of the processed hours at the request's quality (source: API contract, "Prices").
        profile: The profile that enriched the highlights, with its version: general@1.
        source_url: The stream, as the request named it.
        accepted_at: When the pipeline accepted the request.
        submitted_at: When the API took it.
        settled_at: When the request was settled.
        document: The profile's document about the whole stream; its fields depend on the profile.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    tenant: Identifier
    user_id: Identifier | None = None
    stream_id: str | None = None
    revision: Annotated[int, msgspec.Meta(ge=1)]
    outcome: Outcome
    reason: str = ""
    count: Annotated[int, msgspec.Meta(ge=0)]
    last_seq: Annotated[int, msgspec.Meta(ge=0)]
    counts: Counts
    ids_sha256: str
    api_total: int | None = None
    incomplete: bool = False
    processed_s: Seconds = 0.0
    cost_usd: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    profile: str
    source_url: str
    accepted_at: Instant
    submitted_at: Instant | None = None
    settled_at: Instant
    document: dict[str, Any] = {}
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

"""``tldr.streams.v1`` (compacted): where a request stands now, and how it came there."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.records.base import Identifier, Instant, Record, Seconds

StreamState = Literal[
    "accepted", "scheduled", "queued", "submitting", "in_doubt", "processing", "settling", "settled", "rejected"
]
"""``accepted`` -> (``scheduled``) -> ``queued`` -> ``submitting`` -> ``processing`` -> ``settling`` -> ``settled``;
aside ``rejected`` (the API refused it for good) and ``in_doubt`` (a submission whose outcome is unknown)."""

Outcome = Literal["completed", "failed", "cancelled"]


class Stream(Record, kw_only=True):
    """The latest state of a request. The Kafka key is ``request_id``.

    Attributes:
        request_id: The request.
        tenant: Who the work is for.
        user_id: The user on whose behalf the tenant asked.
        state: Where the request stands.
        previous: The state before this one; empty on the first record.
        reason: Why it changed.
        outcome: How it ended, once it is settled.
        stream_id: The API's id of the stream, once there is one.
        source_url: The stream, as the request named it.
        platform: Where the stream lives.
        profile: The profile that enriches the highlights, with its version: general@1.
        api_status: The API's own word for where the stream stands, as of `changed_at`.
        processed_s: Seconds of the stream that are analysed, as of `changed_at`.
        total_s: Length of the stream in seconds, once it is known, as of `changed_at`.
        highlights: Distinct highlights published, as of `changed_at`.
        accepted_at: When the pipeline accepted the request.
        submitted_at: When the API took it.
        settled_at: When it was settled.
        changed_at: When this change happened.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    tenant: Identifier
    user_id: Identifier | None = None
    state: StreamState
    previous: StreamState | None = None
    reason: str = ""
    outcome: Outcome | None = None
    stream_id: str | None = None
    source_url: str
    platform: str
    profile: str
    api_status: str | None = None
    processed_s: Seconds = 0.0
    total_s: Seconds | None = None
    highlights: Annotated[int, msgspec.Meta(ge=0)] = 0
    accepted_at: Instant
    submitted_at: Instant | None = None
    settled_at: Instant | None = None
    changed_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

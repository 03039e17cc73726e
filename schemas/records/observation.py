"""``tldr.observations.v1``: one webhook delivery or one polled page, in the API's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from schemas.records.base import NO_LAST_NEWLINE, Identifier, Instant, Record, Seconds

ObservationSource = Literal["poll", "webhook", "sweep"]

_API_ID = r"[!-\-0-\[\]-~][!-.0-\[\]-~]*"

ApiId = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=f"^{_API_ID}${NO_LAST_NEWLINE}")]
"""An id chosen by the API: visible ASCII without slashes, not beginning with a dot. One safe segment of a URL path."""

ApiIdOrEmpty = Annotated[str, msgspec.Meta(max_length=200, pattern=f"^({_API_ID})?${NO_LAST_NEWLINE}")]
"""The same, or empty where the API named none."""


class ObservedHighlight(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A highlight as the API showed it. Fields the contract does not name are carried in ``extra``.

    Attributes:
        id: The API's id of the highlight.
        stream_id: The API's id of its stream.
        title: Title.
        description: Description.
        video_url: Where the clip is; may be signed and expire.
        thumbnail_url: Where the still picture is; may be signed and expire.
        duration: Length of the clip, in seconds.
        timestamp: Where the moment starts in the stream, in seconds from its beginning.
        confidence_score: How sure the API is, 0 to 1.
        tags: The API's tags.
        metadata: The API's free-form values.
        created_at: When the API made the highlight, in its own words.
        extra: Fields that the API sent and its contract does not name.
    """

    id: ApiId
    stream_id: ApiIdOrEmpty = ""
    title: str = ""
    description: str = ""
    video_url: str | None = None
    thumbnail_url: str | None = None
    duration: Seconds = 0.0
    timestamp: Seconds = 0.0
    confidence_score: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    created_at: str | None = None
    extra: dict[str, Any] = {}


class ObservedStream(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A stream's status as the API showed it. An unknown status is carried as it came.

    Attributes:
        id: The API's id of the stream.
        status: The API's word for where the stream stands.
        processed_s: Seconds of the stream that are analysed.
        total_s: Length of the stream in seconds, once it is known.
        highlights_found: Highlights that the API says it found so far.
        error: Why it failed, in the API's words.
    """

    id: ApiId
    status: str
    processed_s: Seconds = 0.0
    total_s: Seconds | None = None
    highlights_found: Annotated[int, msgspec.Meta(ge=0)] = 0
    error: str = ""


class Observation(Record, kw_only=True):
    """What was seen of one request's stream at one moment. The Kafka key is ``request_id``.

    Attributes:
        request_id: The request whose stream was seen.
        observation_id: Names this observation; the same one again changes nothing.
        source: How it was seen: a poll, a webhook, or the final sweep.
        observed_at: When it stood as it was seen: the time that a webhook tells, or when a poll began.
        observed_until: Until when that may have been, where it is not one moment: when a poll had its last answer.
        stream: The stream's status, if it was seen.
        highlights: The highlights that were seen, if any.
        total: How many highlights the API says there are.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    observation_id: Identifier
    source: ObservationSource
    observed_at: Instant
    stream: ObservedStream | None = None
    highlights: list[ObservedHighlight] = []
    total: Annotated[int, msgspec.Meta(ge=0)] | None = None
    observed_until: Instant | None = None
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

"""``tldr.requests.v1``: find the highlights of this stream, for this tenant, with this profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from schemas.records.base import Identifier, Instant, Record

MAX_REQUEST_BYTES = 1_048_576
"""Largest request record with its headers: the ledger keeps it until retention forgets it."""

HttpUrl = Annotated[str, msgspec.Meta(min_length=8, max_length=4096, pattern=r"^https?://[^\s]+$(?!\n)")]


class Options(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Options of the API's stream request that a producer may set (source: API contract, "Objects").

    Attributes:
        analysis_quality: How thorough the analysis is; better costs more.
        sensitivity: How readily a moment counts as a highlight.
        clip_duration: Length of a clip, in seconds.
        include_chat: Whether the stream's chat is analysed.
        include_audio: Whether the sound is analysed.
        custom_tags: Tags that the API puts on each highlight.
        frame_interval: Seconds between analysed frames; the API decides when it is left out.
        max_highlights: Most highlights wanted; no limit when it is left out.
        privacy_mode: Whether the API blurs faces and hides names.
        retention_days: Days that the API keeps clips; its own default when it is left out.
    """

    analysis_quality: Literal["premium", "high", "standard", "fast"] = "standard"
    sensitivity: Literal["low", "medium", "high"] = "medium"
    clip_duration: Annotated[int, msgspec.Meta(ge=10, le=120)] = 30
    include_chat: bool = False
    include_audio: bool = True
    custom_tags: Annotated[list[str], msgspec.Meta(max_length=50)] = []
    frame_interval: Annotated[float, msgspec.Meta(gt=0)] | None = None
    max_highlights: Annotated[int, msgspec.Meta(ge=1)] | None = None
    privacy_mode: bool = False
    retention_days: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Request(Record, kw_only=True):
    """One request. The Kafka key is ``request_id``; the same id with the same content is the same request.

    Attributes:
        request_id: Chosen by the producer; names the request on every topic.
        tenant: Who the work is for; every output record carries it.
        source_url: The stream to analyse. It must be reachable for the API.
        user_id: The user on whose behalf the tenant asks.
        platform: Where the stream lives, such as twitch, youtube or custom.
        profile: Rules that enrich the highlights, such as gaming, with a version after @ if it must not move.
        options: Options passed on to the API.
        metadata: Free-form values of the producer; its profile may read some of them.
        not_before: The request waits until then.
        requested_at: When the producer made the request.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    tenant: Identifier
    source_url: HttpUrl
    user_id: Identifier | None = None
    platform: Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"^[a-z0-9_-]+$(?!\n)")] = "custom"
    profile: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[a-z0-9_-]+(@[0-9]+)?$(?!\n)")] = (
        "general"
    )
    options: Options = msgspec.field(default_factory=Options)
    metadata: dict[str, Any] = {}
    not_before: Instant | None = None
    requested_at: Instant | None = None
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1


def request_bytes(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> int:
    """Return the bytes of a record's value and headers, as ``MAX_REQUEST_BYTES`` counts them."""
    return len(value or b"") + sum(len(name.encode()) + len(content or b"") for name, content in headers)

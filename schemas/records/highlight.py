"""``tldr.highlights.v1``: the product. One revision of one highlight, enriched, exactly once, in order per request."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from schemas.records.base import Identifier, Instant, Record, Seconds
from schemas.records.observation import ObservationSource


class Observed(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How and when the pipeline came to know this revision.

    Attributes:
        by: A poll, a webhook, or the final sweep.
        observation_id: The observation that brought it.
    """

    by: ObservationSource
    observation_id: str


class Highlight(Record, kw_only=True):
    """One revision of a highlight. The Kafka key is ``request_id``.

    ``seq`` counts this request's published highlight records from 1 without gaps; ``revision`` counts one
    highlight's from 1. ``rank`` is the place by confidence among those seen so far, 1 being the best.

    Attributes:
        request_id: The request that asked for it.
        tenant: Who the work is for.
        user_id: The user on whose behalf the tenant asked.
        stream_id: The API's id of the stream.
        highlight_id: The API's id of the highlight; the same over all its revisions.
        revision: Counts this highlight's revisions from 1. The highest is the valid one.
        seq: Counts this request's published highlight records from 1, without gaps.
        title: Title, as the API sent it.
        description: Description, as the API sent it.
        start_s: Where the moment starts in the stream, in seconds from its beginning.
        end_s: Where it ends.
        duration_s: How long it is, in seconds.
        confidence: How sure the API is, 0 to 1.
        rank: Place by confidence among those of the request seen so far; 1 is the best.
        tags: Tags after the profile's rules: in lower case, words joined by hyphens, each once, in order of appearance.
        api_tags: Tags as the API gave them; without what is private where title and description are.
        clip_url: Where the clip is; may be signed and expire.
        thumbnail_url: Where the still picture is; may be signed and expire.
        moment_url: A link into the source at the moment, where the platform has such links.
        source_url: The stream, as the request named it.
        platform: Where the stream lives.
        profile: The profile that enriched it, with its version: general@1.
        quality: The analysis quality that the request asked for.
        observed: How the pipeline came to know this revision.
        observed_at: When it was seen.
        published_at: When this record was made.
        api_created_at: When the API made the highlight, in its own words.
        api_metadata: The API's free-form values. URLs in them have no query and fragment, unless signed URLs are
            published.
        api_extra: Fields that the API sent and its contract does not name; URLs likewise.
        enrichment: What the profile found out; its fields depend on the profile.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    tenant: Identifier
    user_id: Identifier | None = None
    stream_id: str
    highlight_id: str
    revision: Annotated[int, msgspec.Meta(ge=1)]
    seq: Annotated[int, msgspec.Meta(ge=1)]
    title: str
    description: str = ""
    start_s: Seconds
    end_s: Seconds
    duration_s: Seconds
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    rank: Annotated[int, msgspec.Meta(ge=1)]
    tags: list[str] = []
    api_tags: list[str] = []
    clip_url: str | None = None
    thumbnail_url: str | None = None
    moment_url: str | None = None
    source_url: str
    platform: str
    profile: str
    quality: str
    observed: Observed
    observed_at: Instant
    published_at: Instant
    api_created_at: str | None = None
    api_metadata: dict[str, Any] = {}
    api_extra: dict[str, Any] = {}
    enrichment: dict[str, Any] = {}
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

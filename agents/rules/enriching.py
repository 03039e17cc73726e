"""From an observed highlight to its output record. Pure: no state, no stage, no clock. The benchmarks share it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from agents.profiles import Enriched
from agents.rules.canonical import Plain, plain
from agents.rules.context import Context
from agents.rules.guarding import enrich
from agents.rules.marks import unmarked
from agents.rules.unsigned import unsigned
from schemas.records.highlight import Highlight, Observed
from schemas.records.observation import ObservedHighlight


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a revision stands among the records of its request (see :class:`schemas.records.Highlight`)."""

    revision: int
    seq: int
    rank: int


class Seen(msgspec.Struct, frozen=True, gc=False):
    """How a highlight was seen."""

    by: Observed
    stream_id: str
    observed_at: datetime
    published_at: datetime


def enriched(
    highlight: ObservedHighlight,
    context: Context,
    seen: Seen,
    place: Place,
    *,
    signed: bool,
    parts: Plain | None = None,
) -> tuple[Highlight, Enriched]:
    """Make the output record of one revision.

    Args:
        highlight: as the API showed it.
        context: of its request; its profile adds what it knows, and may hide what is private.
        seen: how it was seen; its stream counts when the highlight does not name one.
        place: its numbers.
        signed: publish URLs with their signatures, those of the media and those in free-form values.
        parts: the highlight's plain parts, if they are made already.

    Returns:
        The record, and what the profile made of it: the note for the summary's document, what a tournament is told.
    """
    asked = context.asked
    parts = parts or plain(highlight)
    extra = highlight.extra
    added = enrich(context.profile, context.rules, highlight, parts.tags)
    record = Highlight(
        request_id=asked.request_id,
        tenant=asked.tenant,
        user_id=asked.user_id,
        stream_id=highlight.stream_id or seen.stream_id,
        highlight_id=highlight.id,
        revision=place.revision,
        seq=place.seq,
        title=highlight.title,
        description=highlight.description,
        start_s=highlight.timestamp,
        end_s=highlight.timestamp + highlight.duration,
        duration_s=highlight.duration,
        confidence=highlight.confidence_score,
        rank=place.rank,
        tags=added.tags,
        api_tags=unmarked(highlight.tags),
        clip_url=highlight.video_url if signed else parts.video_url,
        thumbnail_url=highlight.thumbnail_url if signed else parts.thumbnail_url,
        moment_url=context.moment(highlight.timestamp),
        source_url=context.source_url,
        platform=asked.platform,
        profile=context.profile_name,
        quality=context.options.analysis_quality,
        observed=seen.by,
        observed_at=seen.observed_at,
        published_at=seen.published_at,
        api_created_at=highlight.created_at,
        api_metadata=highlight.metadata if signed else parts.metadata,
        api_extra=extra if signed or not extra else unsigned(extra),
        enrichment=added.enrichment,
    )
    if added.shown is not None:
        shown = added.shown
        record.title, record.description = shown.title, shown.description
        record.api_metadata, record.api_extra, record.api_tags = shown.metadata, shown.extra, shown.tags
    return record, added

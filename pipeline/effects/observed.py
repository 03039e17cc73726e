"""From the API's objects, which promise nothing, to the observed ones, which keep their bounds."""

from __future__ import annotations

import math

from pipeline.api.models import Highlight, Stream
from schemas.records.observation import ObservedHighlight, ObservedStream

_LONGEST_STATUS = 100


def observed_stream(stream: Stream) -> ObservedStream:
    """Return a stream's status as observed. An unknown status is carried as it came."""
    progress = stream.progress
    error = stream.extra.get("error")
    return ObservedStream(
        id=stream.id,
        status=stream.status[:_LONGEST_STATUS],
        processed_s=_at_least_zero(progress.processed_duration),
        total_s=None if progress.total_duration is None else _at_least_zero(progress.total_duration),
        highlights_found=max(0, progress.highlights_found or 0),
        error="" if error is None else str(error)[:300],
    )


def observed_highlight(highlight: Highlight) -> ObservedHighlight:
    """Return a highlight as observed; values out of bounds are brought to the nearest one within."""
    return ObservedHighlight(
        id=highlight.id,
        stream_id=highlight.stream_id or "",
        title=highlight.title or "",
        description=highlight.description or "",
        video_url=highlight.video_url,
        thumbnail_url=highlight.thumbnail_url,
        duration=_at_least_zero(highlight.duration),
        timestamp=_at_least_zero(highlight.timestamp),
        confidence_score=min(1.0, _at_least_zero(highlight.confidence_score)),
        tags=highlight.tags,
        metadata=highlight.metadata,
        created_at=highlight.created_at,
        extra=highlight.extra,
    )


def _at_least_zero(number: float | None) -> float:
    return max(0.0, float(number)) if number is not None and math.isfinite(number) else 0.0

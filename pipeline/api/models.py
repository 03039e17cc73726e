"""The API's objects: streams, highlights, batches, pages, and the options of a request."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from pipeline.api.tolerant import Model, WrongShapeError
from schemas.records.observation import ApiId, ApiIdOrEmpty

TERMINAL_STATUSES = frozenset({"completed", "error", "cancelled"})
STREAM_STATUSES = TERMINAL_STATUSES | {"pending", "processing"}
BATCH_STATUSES = frozenset({"uploading", "queued", "processing", "completed", "error"})
UNKNOWN_STATUS = "unknown"
"""Stands for a status that the answer left out."""


class StreamOptions(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Options of a stream; what is None is left to the API. A plain mapping serves as well.

    `clip_duration` 10 to 120 s, `frame_interval` s, `analysis_quality` premium, high, standard or fast,
    `sensitivity` low, medium or high.
    """

    analysis_quality: str | None = None
    sensitivity: str | None = None
    clip_duration: int | None = None
    include_chat: bool | None = None
    include_audio: bool | None = None
    custom_tags: list[str] | None = None
    webhook_url: str | None = None
    frame_interval: float | None = None
    max_highlights: int | None = None
    privacy_mode: bool | None = None
    retention_days: int | None = None
    custom_headers: dict[str, str] | None = None

    def __repr__(self) -> str:
        # custom_headers and webhook_url may carry secrets
        return f"StreamOptions(analysis_quality={self.analysis_quality!r})"


class BatchOptions(StreamOptions, kw_only=True, omit_defaults=True):
    """Options of a batch: a stream's, and how its videos are worked on."""

    parallel_processing: bool | None = None
    priority: str | None = None
    max_highlights_per_video: int | None = None

    def __repr__(self) -> str:
        return f"BatchOptions(analysis_quality={self.analysis_quality!r})"


class Progress(Model, kw_only=True):
    """How far a stream is, in seconds of content; `total_duration` is None for a live one."""

    processed_duration: float | None = None
    total_duration: float | None = None
    highlights_found: int | None = None


class Stream(Model, kw_only=True):
    """One stream being processed. `status` is as sent, known or not; times are RFC 3339 texts as sent."""

    id: ApiId
    status: str = UNKNOWN_STATUS
    source_url: str | None = None
    platform: str | None = None
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    progress: Progress = msgspec.field(default_factory=Progress)
    created_at: str | None = None
    updated_at: str | None = None

    parts: ClassVar[Mapping[str, type[Model]]] = {"progress": Progress}

    @property
    def is_terminal(self) -> bool:
        """Whether the API will do no more; False for a status we do not know."""
        return self.status in TERMINAL_STATUSES


class Highlight(Model, kw_only=True):
    """One highlight. `duration` s, `timestamp` s into the stream, `confidence_score` 0 to 1, all as sent."""

    id: ApiId
    stream_id: ApiIdOrEmpty | None = None
    title: str | None = None
    description: str | None = None
    video_url: str | None = None
    thumbnail_url: str | None = None
    duration: float | None = None
    timestamp: float | None = None
    confidence_score: float | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: str | None = None


class Batch(Model, kw_only=True):
    """One batch of videos."""

    id: ApiId
    status: str = UNKNOWN_STATUS
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the API will do no more; False for a status we do not know."""
        return self.status in TERMINAL_STATUSES


class Pagination(Model, kw_only=True):
    """Where a page stands: `page` counts from 1, `total` over all pages; None where the answer does not say."""

    total: int | None = None
    page: int | None = None
    per_page: int | None = None


class HighlightPage(msgspec.Struct, frozen=True):
    """One page of highlights.

    `unreadable` holds the entries without a readable id, as sent: one bad entry does not hide its page.
    """

    highlights: tuple[Highlight, ...]
    pagination: Pagination
    unreadable: tuple[Any, ...] = ()

    @classmethod
    def read(cls, entries: list[Any], pagination: Pagination) -> "HighlightPage":
        """Sort decoded entries into highlights and unreadable ones, order kept."""
        highlights: list[Highlight] = []
        unreadable: list[Any] = []
        for entry in entries:
            inner = entry.get("highlight") if isinstance(entry, dict) and "id" not in entry else None
            try:
                highlights.append(Highlight.read(entry if inner is None else inner))
            except WrongShapeError:
                unreadable.append(entry)
        return cls(tuple(highlights), pagination, tuple(unreadable))

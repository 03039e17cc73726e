"""What the performers need of the API client. ``pipeline.api.HighlightClient`` fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.api.models import HighlightPage, Stream


class StreamApi(Protocol):
    """The calls that effects make. Each raises ``ApiError`` and is bounded in time."""

    async def create_stream(
        self,
        source_url: str,
        *,
        platform: str,
        options: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_s: float = ...,
        not_after: float | None = None,
    ) -> Stream:
        """Start processing a stream, at most once."""

    async def get_stream(self, stream_id: str) -> Stream:
        """Return the status of a stream."""

    async def list_stream_highlights(
        self, stream_id: str, *, page: int | None = None, per_page: int | None = None
    ) -> HighlightPage:
        """Return one page of a stream's highlights, from 1."""

    async def list_highlights(self, *, page: int | None = None, per_page: int | None = None) -> HighlightPage:
        """Return one page of all the account's highlights, from 1."""

    async def stop_stream(self, stream_id: str) -> Stream | None:
        """Stop a stream."""

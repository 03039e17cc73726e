"""One builder per endpoint of content: streams, highlights, batches, health. Each returns a `Call` to send."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from pipeline.api.envelope import document, highlight_page, nothing, one, one_if_told
from pipeline.api.models import Batch, BatchOptions, Highlight, HighlightPage, Stream, StreamOptions
from pipeline.api.protocol import JSON, Call, fill_path

Document = dict[str, Any]
STREAMS = "/streams"
STREAM = "/streams/{id}"
STREAM_HIGHLIGHTS = "/streams/{id}/highlights"
STREAM_STOP = "/streams/{id}/stop"
BATCHES = "/batch"
BATCH = "/batch/{id}"
BATCH_HIGHLIGHTS = "/batch/{id}/highlights"
HIGHLIGHTS = "/highlights"
HIGHLIGHT = "/highlights/{id}"
HEALTH = "/health"


def create_stream(
    source_url: str,
    *,
    platform: str,
    options: StreamOptions | Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Call[Stream]:
    """Start processing a stream. Not idempotent: the API knows no idempotency key."""
    body = to_json({"source_url": source_url, "platform": platform, "options": options, "metadata": metadata})
    read = one(Stream, wrapper="stream")
    return Call("POST", STREAMS, STREAMS, read, body=body, content_type=JSON, idempotent=False)


def get_stream(stream_id: str) -> Call[Stream]:
    """Status of a stream."""
    return Call("GET", fill_path(STREAM, id=stream_id), STREAM, one(Stream, wrapper="stream"))


def list_stream_highlights(
    stream_id: str, *, page: int | None = None, per_page: int | None = None
) -> Call[HighlightPage]:
    """One page of a stream's highlights, from 1; the list of a running stream grows and shifts under the reader."""
    path = fill_path(STREAM_HIGHLIGHTS, id=stream_id)
    return Call("GET", path, STREAM_HIGHLIGHTS, highlight_page, query=to_query(page=page, per_page=per_page))


def stop_stream(stream_id: str) -> Call[Stream | None]:
    """Stop a stream; stopping it twice leaves it stopped. The result is the stream if the answer shows it."""
    return Call("POST", fill_path(STREAM_STOP, id=stream_id), STREAM_STOP, one_if_told(Stream, wrapper="stream"))


def delete_stream(stream_id: str) -> Call[None]:
    """Delete a stream and its highlights; 404 after a retry means that the first try did it."""
    return Call("DELETE", fill_path(STREAM, id=stream_id), STREAM, nothing)


def create_batch(video_urls: Sequence[str], *, options: BatchOptions | Mapping[str, Any] | None = None) -> Call[Batch]:
    """Start a batch of videos by their URLs. Not idempotent."""
    body = to_json({"video_urls": list(video_urls), "options": options})
    read = one(Batch, wrapper="batch")
    return Call("POST", BATCHES, BATCHES, read, body=body, content_type=JSON, idempotent=False)


def get_batch(batch_id: str) -> Call[Batch]:
    """Status of a batch."""
    return Call("GET", fill_path(BATCH, id=batch_id), BATCH, one(Batch, wrapper="batch"))


def list_batch_highlights(
    batch_id: str, *, page: int | None = None, per_page: int | None = None
) -> Call[HighlightPage]:
    """One page of a batch's highlights, from 1."""
    path = fill_path(BATCH_HIGHLIGHTS, id=batch_id)
    return Call("GET", path, BATCH_HIGHLIGHTS, highlight_page, query=to_query(page=page, per_page=per_page))


def cancel_batch(batch_id: str) -> Call[None]:
    """Cancel a batch."""
    return Call("DELETE", fill_path(BATCH, id=batch_id), BATCH, nothing)


def list_highlights(*, page: int | None = None, per_page: int | None = None) -> Call[HighlightPage]:
    """One page of all the account's highlights, from 1."""
    return Call("GET", HIGHLIGHTS, HIGHLIGHTS, highlight_page, query=to_query(page=page, per_page=per_page))


def get_highlight(highlight_id: str) -> Call[Highlight]:
    """One highlight."""
    return Call("GET", fill_path(HIGHLIGHT, id=highlight_id), HIGHLIGHT, one(Highlight, wrapper="highlight"))


def update_highlight(highlight_id: str, changes: Mapping[str, Any]) -> Call[Highlight | None]:
    """Change a highlight's metadata; the result is the highlight if the answer shows it."""
    path = fill_path(HIGHLIGHT, id=highlight_id)
    read = one_if_told(Highlight, wrapper="highlight")
    return Call("PUT", path, HIGHLIGHT, read, body=to_json(changes), content_type=JSON)


def delete_highlight(highlight_id: str) -> Call[None]:
    """Delete a highlight."""
    return Call("DELETE", fill_path(HIGHLIGHT, id=highlight_id), HIGHLIGHT, nothing)


def health() -> Call[Document]:
    """Whether the API is up; stands beside the version folder."""
    return Call("GET", HEALTH, HEALTH, document, beside_base=True)


def to_json(value: object) -> bytes:
    """Encode a request body; fields that are None at the top are left out.

    Raises:
        TypeError: a value has no JSON form.
    """
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if inner is not None}
    return orjson.dumps(value, default=_plain)


def to_query(**values: str | int | None) -> tuple[tuple[str, str], ...]:
    """Return query pairs without the values that are None."""
    return tuple((name, str(value)) for name, value in values.items() if value is not None)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return msgspec.to_builtins(value)

"""What counts as a change of a highlight: a digest over named fields, blind to what the API merely writes anew."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from agents.rules.links import bare
from agents.rules.marks import MARK
from agents.rules.unsigned import unsigned
from schemas.records.observation import ObservedHighlight

_encode = msgspec.json.Encoder(order="deterministic").encode


class Plain(msgspec.Struct, frozen=True, gc=False):
    """The parts of a highlight that the API writes in many ways, in the one way in which they are compared.

    Attributes:
        tags: normalised, in order of appearance.
        video_url: without query and fragment, where signatures are; ``thumbnail_url`` likewise.
        metadata: with the URLs in it likewise.
        written: that metadata as JSON, keys in order.
    """

    tags: list[str]
    video_url: str | None
    thumbnail_url: str | None
    metadata: dict[str, Any]
    written: msgspec.Raw


def plain(highlight: ObservedHighlight) -> Plain:
    """Return the plain parts of a highlight."""
    tags, video, thumbnail = highlight.tags, highlight.video_url, highlight.thumbnail_url
    written = _encode(highlight.metadata)
    metadata = unsigned(highlight.metadata, written)
    if metadata is not highlight.metadata:
        written = _encode(metadata)
    return Plain(
        normal_tags(tags) if tags else [],
        None if video is None else bare(video),
        None if thumbnail is None else bare(thumbnail),
        metadata,
        msgspec.Raw(written),
    )


def digest_of(highlight: ObservedHighlight, parts: Plain | None = None) -> int:
    """Return 64 bits that differ if, and for all practical purposes only if, the content differs.

    Over title, description, times, confidence, tags (as a set, normalised), metadata (order of keys aside) and media
    URLs. All URLs are without query and fragment, also those in metadata: a rotated signature is no change.
    """
    parts = parts or plain(highlight)
    named = (
        highlight.title,
        highlight.description,
        highlight.timestamp,
        highlight.duration,
        highlight.confidence_score,
        sorted(parts.tags),
        parts.written,
        parts.video_url,
        parts.thumbnail_url,
    )
    return int.from_bytes(blake2b(_encode(named), digest_size=8).digest())


def normal_tags(tags: Iterable[str]) -> list[str]:
    """Return tags in lower case, words joined by hyphens, each once, in order of first appearance, without marks."""
    normal = dict.fromkeys(map(_normal_tag, tags))
    normal.pop("", None)
    return list(normal)


@lru_cache(maxsize=8_192)
def _normal_tag(tag: str) -> str:
    return "" if tag.startswith(MARK) else "-".join(tag.casefold().split())

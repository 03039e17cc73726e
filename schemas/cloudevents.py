"""CloudEvents 1.0 headers in Kafka's binary mode, for every output record.

The event's type is the topic's name without the prefix (``tldr.highlights.v1``). ``ce_id`` is made of ids that a
replay makes again, so that a consumer can drop what it has seen (source: CloudEvents Kafka protocol binding 1.0.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

JSON = b"application/json"

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def schema_uri(topic_name: str) -> str:
    """Return the identifier of a topic's JSON Schema: its ``$id``, and ``ce_dataschema`` on each record."""
    return f"urn:tldr-highlight:schema:{topic_name}"


def find_traceparent(headers: Iterable[tuple[str, bytes | None]]) -> bytes | None:
    """Return the W3C trace parent of a consumed record; ``None`` when there is none or it is malformed."""
    for name, value in headers:
        if name == "traceparent" and value is not None and _TRACEPARENT.fullmatch(value):
            return value
    return None


class EventHeaders:
    """Makes the headers of one topic's records. What never changes is encoded once, here.

    Args:
        type: the topic's name without the prefix, such as ``tldr.highlights.v1``.
        source: who writes, a URI reference such as ``/tldr-highlight/pipeline``.
    """

    __slots__ = ("_static",)

    def __init__(self, type: str, source: str) -> None:  # noqa: A002  # the attribute's name in CloudEvents
        self._static: tuple[tuple[str, bytes], ...] = (
            ("ce_specversion", b"1.0"),
            ("ce_type", type.encode()),
            ("ce_source", source.encode()),
            ("ce_dataschema", schema_uri(type).encode()),
            ("content-type", JSON),
        )

    def make(
        self, event_id: str, time: bytes | str, subject: str, traceparent: bytes | None = None
    ) -> list[tuple[str, bytes]]:
        """Return the headers of one record.

        Args:
            event_id: deterministic: the same fact gives the same id, however often it is written.
            time: when it happened, RFC 3339.
            subject: what it is about, the request id.
            traceparent: carried through from the record that caused this one (:func:`find_traceparent`).
        """
        headers = [
            *self._static,
            ("ce_id", event_id.encode()),
            ("ce_time", time if isinstance(time, bytes) else time.encode()),
            ("ce_subject", subject.encode()),
        ]
        if traceparent is not None:
            headers.append(("traceparent", traceparent))
        return headers


def highlight_id(request_id: str, highlight_id: str, revision: int) -> str:
    """Return the ``ce_id`` of one revision of a highlight."""
    return f"{request_id}/{highlight_id}/{revision}"


def stream_id(request_id: str, change: int) -> str:
    """Return the ``ce_id`` of a request's n-th change of state."""
    return f"{request_id}/{change}"


def summary_id(request_id: str, revision: int) -> str:
    """Return the ``ce_id`` of one revision of a summary."""
    return f"{request_id}/summary/{revision}"

"""A dead letter: the original key, value and headers untouched, and why it came here in further headers.

One thing cannot be kept as it was: our client writes no header whose name is not UTF-8. Such headers are kept in hex.

The first family is Kafka Connect's, which readers know; the second is ours (source: KIP-298, conventions section 2).
"""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.domain import Headers, Incoming
from schemas.records import ErrorCode, RecordError

TOPIC = "dead-letters"

_MAX_REASON = 4_000

_HINTS: dict[ErrorCode, str] = {
    "undecodable": "send JSON in UTF-8",
    "too_deep": "send JSON of fewer levels",
    "invalid": "make the record follow its JSON Schema in schemas/json",
    "undecodable_header": "name headers in UTF-8",
    "null_value": "do not send tombstones to this topic",
    "future_version": "upgrade the workers before the producers",
    "empty_key": "send the request_id as key",
    "oversize_key": "send the request_id as key, at most 200 bytes",
    "key_mismatch": "send the record's request_id as key",
    "blocked_url": "send a public http or https URL",
    "request_conflict": "use a new request_id for a new request",
    "misplaced_key": "give all topics the same partition count",
}


def error_headers(record: Incoming, error: RecordError, now: float, attempt: int = 1) -> list[tuple[str, bytes]]:
    """The headers of a dead letter: the record's own, byte for byte and in order, then what happened.

    Headers whose names are not UTF-8 are left out, and are in ``tldr-error-omitted-headers`` (see :func:`in_hex`).

    Args:
        record: as read.
        error: why it cannot be accepted.
        now: unix seconds.
        attempt: which attempt at the record failed, from 1.
    """
    fields = {
        "__connect.errors.topic": record.topic,
        "__connect.errors.partition": str(record.partition),
        "__connect.errors.offset": str(record.offset),
        "__connect.errors.stage": "VALUE_CONVERTER"
        if error.code in {"undecodable", "too_deep", "invalid"}
        else "TRANSFORMATION",
        "__connect.errors.exception.class.name": type(error).__name__,
        "__connect.errors.exception.message": error.reason[:_MAX_REASON],
        "tldr-error-code": error.code,
        "tldr-error-attempt": str(attempt),
        "tldr-error-time": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
        "tldr-error-record-time": str(record.timestamp),
        "tldr-error-hint": _HINTS.get(error.code, ""),
    }
    omitted = unwritable(record.headers)
    if omitted:
        fields["tldr-error-omitted-headers"] = in_hex(omitted)
    kept = [header for header in record.headers if header not in omitted] if omitted else record.headers
    return [*kept, *((name, value.encode()) for name, value in fields.items())]


def unwritable(headers: Headers) -> Headers:
    """The headers whose names are not UTF-8; they hold lone surrogates (see ``pipeline.streaming.lenient``)."""
    return [header for header in headers if not header[0].isascii() and not _is_text(header[0])]


def in_hex(headers: Headers) -> str:
    """Headers as ``name=value`` in hex, separated by spaces; a null value has no ``=``."""
    pairs = ((name.encode(errors="surrogateescape"), value) for name, value in headers)
    return " ".join(name.hex() if value is None else f"{name.hex()}={value.hex()}" for name, value in pairs)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def without_content(
    record: Incoming, headers: list[tuple[str, bytes]]
) -> tuple[bytes | None, None, list[tuple[str, bytes]]]:
    """Key, value and headers of a dead letter that is too large to be kept whole: where it was, and how large.

    Args:
        record: as read.
        headers: made by :func:`error_headers`.
    """
    own = headers[len(record.headers) - len(unwritable(record.headers)) :]
    own = [header for header in own if header[0] != "tldr-error-omitted-headers"]  # it may be what is too large
    omitted = str(len(record.value or b"")).encode()
    return (record.key or b"")[:200] or None, None, [*own, ("tldr-error-omitted-bytes", omitted)]

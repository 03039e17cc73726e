"""What all records share: version, identifiers, and the one way to decode and encode them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec

SCHEMA_VERSION = 1
"""The version this code writes, and the newest it reads. The topic name carries it too (``.v1``)."""

MAX_DEPTH = 400
"""Lists and objects inside each other. Far below Python's recursion limit, so that what was read can be written."""

NO_LAST_NEWLINE = r"(?!\n)"
"""Stands behind "$" in each pattern: to Python, "$" alone also matches before a last newline."""

Identifier = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]*$(?!\n)")
]
"""An id chosen by a producer. Kept to characters that are safe in a Kafka key, a URL path and a metric."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment, RFC 3339 with an offset."""

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Record(msgspec.Struct, kw_only=True):
    """Base of every record on a public topic. Defaults are written out, so that every record has the same columns."""


class VersionOnly(msgspec.Struct):
    """Just enough of a record to tell which version it claims."""

    schema_version: int = SCHEMA_VERSION


ErrorCode = Literal[
    "undecodable",
    "undecodable_header",
    "too_deep",
    "invalid",
    "future_version",
    "null_value",
    "empty_key",
    "oversize_key",
    "key_mismatch",
    "misplaced_key",
    "oversize_request",
    "blocked_url",
    "unknown_profile",
    "profile_failed",
    "request_conflict",
    "no_stream",
    "rejected",
    "parked_full",
    "parked_expired",
    "oversize_output",
    "refused_by_broker",
]
"""Every class of error that a dead letter may carry, in the order of the runbook, which says what to do about each."""


class RecordError(ValueError):
    """A record that cannot be accepted. ``code`` is the stable error class that dead letters and metrics carry."""

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


R = TypeVar("R", bound=Record)

_version_decoder = msgspec.json.Decoder(VersionOnly)
_encoder = msgspec.json.Encoder()


def decode(decoder: msgspec.json.Decoder[R], value: bytes | None) -> R:
    """Decode and check one record.

    Args:
        decoder: the decoder of the record type, made once per topic.
        value: the bytes as read from Kafka.

    Raises:
        RecordError: ``null_value``, ``undecodable`` (not JSON), ``too_deep`` (more than ``MAX_DEPTH`` levels),
            ``future_version`` or ``invalid`` (JSON that breaks the schema; the reason names the field).
    """
    if value is None:
        raise RecordError("null_value", "the record has no value; this topic has no tombstones")
    if too_deep(value):
        raise RecordError("too_deep", f"lists and objects inside each other, more than {MAX_DEPTH} levels")
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise RecordError(*_why_invalid(value, error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError("undecodable", f"not JSON: {error}") from error


def too_deep(value: bytes) -> bool:
    """Say whether lists and objects of a JSON text are inside each other at more than ``MAX_DEPTH`` levels."""
    # counting brackets is cheap and never too low; only a text with very many is looked at closely
    return value.count(b"[") + value.count(b"{") > MAX_DEPTH and _deeper_than(MAX_DEPTH, value)


# an unclosed string runs to the end: retrying at each later quote would take quadratic time
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z|\\\Z)', re.DOTALL)
_RUNS = re.compile(rb"\[+|\]+")
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _deeper_than(limit: int, value: bytes) -> bool:
    """Say whether brackets nest deeper than the limit, in linear time whatever the bytes are."""
    brackets = _STRINGS.sub(b"", value).translate(_ONE_KIND, delete=_NO_BRACKETS)
    for _ in range(8):  # most records are flat: take the innermost pairs out at the speed of C
        brackets = brackets.replace(b"[]", b"")
    depth = 8
    for run in _RUNS.finditer(brackets):
        length = run.end() - run.start()
        depth += length if run[0][0] == ord("[") else -length
        if depth > limit:
            return True
    return False


def _why_invalid(value: bytes, error: msgspec.ValidationError) -> tuple[ErrorCode, str]:
    try:
        version = _version_decoder.decode(value).schema_version
    except msgspec.MsgspecError:
        return "invalid", str(error)
    if version > SCHEMA_VERSION:
        return (
            "future_version",
            f"schema_version {version} is newer than {SCHEMA_VERSION}, the newest this worker reads",
        )
    return "invalid", str(error)


def encode(record: msgspec.Struct) -> bytes:
    """Encode a record as JSON: UTF-8, fields in the order of the class, which also says what becomes of defaults."""
    return _encoder.encode(record)

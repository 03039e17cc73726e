"""Dead letters: the original untouched, the reason beside it."""

from types import SimpleNamespace
from typing import Any

from pipeline.streaming.dead_letter import error_headers, without_content
from schemas.records import RecordError


def record(**fields: Any) -> Any:
    """A consumed record."""
    defaults = {"topic": "in", "partition": 3, "offset": 7, "timestamp": 5, "key": b"k", "value": b"v", "headers": ()}
    return SimpleNamespace(**{**defaults, **fields})


def test_the_records_own_headers_come_first_and_untouched() -> None:
    """Original headers keep bytes and order, repeated names included."""
    original = (("a", b"\xff\x00"), ("a", b"2"), ("tldr-error-code", b"old"))
    headers = error_headers(record(headers=original), RecordError("invalid", "why"), 0.0)
    assert tuple(headers[:3]) == original
    assert ("tldr-error-code", b"invalid") in headers[3:]
    assert ("__connect.errors.offset", b"7") in headers[3:]


def test_a_reason_of_any_length_fits() -> None:
    """An error text that quotes megabytes is cut."""
    headers = dict(error_headers(record(), RecordError("invalid", "x" * 1_000_000), 0.0))
    assert len(headers["__connect.errors.exception.message"]) < 5_000


def test_what_is_too_large_to_keep_says_how_large_it_was() -> None:
    """Without content a dead letter still says where the record is and how many bytes are missing."""
    large = record(value=b"x" * 1000, key=b"k" * 5000, headers=(("huge", b"h" * 9999),))
    key, value, headers = without_content(large, error_headers(large, RecordError("invalid", "why"), 0.0))
    assert (key, value) == (b"k" * 200, None)
    assert ("tldr-error-omitted-bytes", b"1000") in headers
    assert "huge" not in dict(headers)

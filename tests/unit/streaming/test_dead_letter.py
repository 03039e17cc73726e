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


def test_a_header_whose_name_is_no_text_is_kept_in_hex() -> None:
    """Such a header cannot be written; its bytes are still in the dead letter, and the others stay as they were."""
    headers = (("a", b"1"), ("\udcff\udcfe", b"\x00x"), ("\udcff", None), ("\xe9", b"2"))
    made = error_headers(record(headers=headers), RecordError("undecodable_header", "why"), 0.0)
    assert made[:2] == [("a", b"1"), ("\xe9", b"2")]
    assert dict(made)["tldr-error-omitted-headers"] == b"fffe=0078 ff"
    assert [name.encode() for name, _ in made]


def test_a_dead_letter_without_content_has_none_of_the_records_headers() -> None:
    """Cut down, it keeps what we say of the record and nothing else, whatever the record's headers were named."""
    odd = record(headers=(("a", b"1"), ("\udcff", b"x" * 9999)))
    _, _, headers = without_content(odd, error_headers(odd, RecordError("undecodable_header", "why"), 0.0))
    assert headers[0] == ("__connect.errors.topic", b"in")
    assert "tldr-error-omitted-headers" not in dict(headers)

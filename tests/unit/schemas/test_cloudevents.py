"""CloudEvents headers: complete, the same on every replay, and with the trace carried through."""

import pytest

from schemas.cloudevents import EventHeaders, find_traceparent, highlight_id, schema_uri, stream_id, summary_id

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def headers() -> EventHeaders:
    """Headers of the highlights topic."""
    return EventHeaders("tldr.highlights.v1", "/tldr-highlight/pipeline")


def test_a_record_has_all_binary_mode_headers(headers: EventHeaders) -> None:
    """A CloudEvents reader finds each required attribute, the schema and the media type of the value."""
    assert dict(headers.make("r/h/1", "2026-11-22T10:00:00Z", "r")) == {
        "ce_specversion": b"1.0",
        "ce_type": b"tldr.highlights.v1",
        "ce_source": b"/tldr-highlight/pipeline",
        "ce_dataschema": b"urn:tldr-highlight:schema:tldr.highlights.v1",
        "content-type": b"application/json",
        "ce_id": b"r/h/1",
        "ce_time": b"2026-11-22T10:00:00Z",
        "ce_subject": b"r",
    }


def test_the_same_fact_gives_the_same_headers(headers: EventHeaders) -> None:
    """A replay cannot be told from the first time, so consumers can drop it by ce_id."""
    first = headers.make("r/h/1", b"2026-11-22T10:00:00Z", "r", TRACE)
    assert headers.make("r/h/1", "2026-11-22T10:00:00Z", "r", TRACE) == first


def test_text_beyond_ascii_is_utf_8(headers: EventHeaders) -> None:
    """The binding asks for UTF-8."""
    assert dict(headers.make("é", b"t", "ü"))["ce_id"] == "é".encode()


def test_records_do_not_share_a_list(headers: EventHeaders) -> None:
    """What a caller adds to one record's headers is not on the next."""
    headers.make("1", b"t", "r").append(("x", b"y"))
    assert "x" not in dict(headers.make("2", b"t", "r"))


def test_the_trace_is_carried_from_the_consumed_record(headers: EventHeaders) -> None:
    """A consumer's span joins the trace of whoever sent the request."""
    trace = find_traceparent([("a", b"b"), ("traceparent", TRACE)])
    assert dict(headers.make("1", b"t", "r", trace))["traceparent"] == TRACE


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"nonsense",
        TRACE + b"\n",
        TRACE.upper(),
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-" + b"0" * 16 + b"-01",
        b"ff" * 5000,
    ],
)
def test_a_malformed_trace_is_not_carried(value: bytes | None) -> None:
    """Nothing a producer puts into the header reaches our outputs unless it is a trace parent."""
    assert find_traceparent([("traceparent", value)]) is None


def test_ids_are_made_of_what_a_replay_knows_too() -> None:
    """Each kind of record has its own form of id, so that no two facts share one."""
    assert highlight_id("r", "hl_1", 2) == "r/hl_1/2"
    assert stream_id("r", 3) == "r/3"
    assert summary_id("r", 1) == "r/summary/1"


def test_the_schema_is_named_by_the_topic() -> None:
    """The prefix of a cluster is no part of it: the schema is the same everywhere."""
    assert schema_uri("tldr.streams.v1") == "urn:tldr-highlight:schema:tldr.streams.v1"

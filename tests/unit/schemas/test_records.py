"""Decoding: whatever the bytes are, the answer is a record or a ``RecordError``; and what was read can be written."""

import contextlib
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Command, Highlight, Observation, RecordError, Request, Stream, Summary, decode, encode
from schemas.records.base import MAX_DEPTH

DECODER = msgspec.json.Decoder(Request)


def request_with(rest: bytes = b"", request_id: bytes = b"r1", source_url: bytes = b"https://x.example/y") -> bytes:
    """Return the JSON of a request, with more members at its end."""
    return b'{"request_id":"%s","tenant":"t","source_url":"%s"%s}' % (request_id, source_url, rest)


def nested(levels: int) -> bytes:
    """Return a request whose metadata makes it ``levels`` deep."""
    return request_with(b',"metadata":{"a":' + b"[" * (levels - 2) + b"]" * (levels - 2) + b"}")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "null_value"),
        (b"", "undecodable"),
        (b"null", "invalid"),
        (b"{", "undecodable"),
        (b"\xef\xbb\xbf" + request_with(), "undecodable"),
        (request_with(b',"metadata":{"a":"\xff"}'), "undecodable"),
        (request_with(b',"metadata":{"a":"\\ud800"}'), "undecodable"),
        (request_with() + b" x", "undecodable"),
        (request_with(b',"metadata":{"a":1e999}'), "invalid"),
        (request_with(b',"schema_version":2'), "future_version"),
        (request_with(b',"schema_version":2,"platform":7'), "future_version"),
        (request_with(b',"schema_version":0'), "invalid"),
        (request_with(b',"not_before":"2026-11-22T10:00:00"'), "invalid"),
        (request_with(request_id=b""), "invalid"),
        (request_with(request_id=b"a b"), "invalid"),
        (request_with(request_id=b"../x"), "invalid"),
        (request_with(request_id=b"r1\\n"), "invalid"),
        (request_with(request_id=b"r" * 201), "invalid"),
        (request_with(source_url=b"https://x.example/y\\n"), "invalid"),
        (request_with(source_url=b"ftp://x.example/y"), "invalid"),
        (request_with(b',"platform":"twitch\\n"'), "invalid"),
        (request_with(b',"profile":"gaming@1\\n"'), "invalid"),
        (nested(MAX_DEPTH + 1), "too_deep"),
        (request_with(b',"unknown":' + b"[" * 100_000), "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_a_bad_record_ends_as_its_error_class(value: bytes | None, code: str) -> None:
    """Each way to be bad has a stable code, for the dead letter and the metric."""
    with pytest.raises(RecordError) as caught:
        decode(DECODER, value)
    assert caught.value.code == code


UNFIT_API_IDS = (
    ".",
    "..",
    "...",
    ".a",
    "a/b",
    "/",
    "a\\b",
    "a b",
    "a\t",
    "a\n",
    "\x00",
    "a\x7f",
    "a\u00a0b",
    "a" * 201,
)


def observation_with(**parts: object) -> bytes:
    """Return the JSON of an observation."""
    known = {"request_id": "r1", "observation_id": "o1", "source": "webhook", "observed_at": "2026-01-01T00:00:00Z"}
    return msgspec.json.encode({**known, **parts})


@pytest.mark.parametrize("unfit", UNFIT_API_IDS)
def test_an_api_id_that_no_path_can_hold_is_invalid(unfit: str) -> None:
    """An observation cannot bind a request to a stream that could never be asked for, or to another endpoint."""
    for parts in (
        {"stream": {"id": unfit, "status": "processing"}},
        {"highlights": [{"id": unfit}]},
        {"highlights": [{"id": "hl_1", "stream_id": unfit}]},
    ):
        with pytest.raises(RecordError) as caught:
            decode(msgspec.json.Decoder(Observation), observation_with(**parts))
        assert caught.value.code == "invalid"


@pytest.mark.parametrize("fit", ["str_1", "7", "-", "a.b..c", "a=b+c", "urn:x:~1%2F?#&", "f" * 200])
def test_any_other_api_id_is_accepted(fit: str) -> None:
    """How the API writes its ids is up to the API; a highlight need not name its stream."""
    decoder = msgspec.json.Decoder(Observation)
    seen = decode(decoder, observation_with(stream={"id": fit, "status": "x"}, highlights=[{"id": fit}]))
    assert seen.stream is not None
    assert (seen.stream.id, seen.highlights[0].id) == (fit, fit)
    named = decode(
        decoder, observation_with(highlights=[{"id": "hl_1", "stream_id": fit}, {"id": "x", "stream_id": ""}])
    )
    assert [highlight.stream_id for highlight in named.highlights] == [fit, ""]


def test_an_invalid_record_is_told_by_field() -> None:
    """The reason says which field breaks the schema."""
    with pytest.raises(RecordError, match=r"options\.clip_duration"):
        decode(DECODER, request_with(b',"options":{"clip_duration":5}'))


def test_unknown_fields_are_tolerated() -> None:
    """An older reader accepts a newer record of its version."""
    assert decode(DECODER, request_with(b',"added_later":{"a":[1]}')).request_id == "r1"


def test_the_deepest_record_that_is_read_can_be_written_from_a_deep_stack() -> None:
    """What is accepted never becomes a fault of ours when it is encoded later, deeper in the program."""

    def encoded_at(frames: int, record: Request) -> bytes:
        return encode(record) if frames == 0 else encoded_at(frames - 1, record)

    assert encoded_at(200, decode(DECODER, nested(MAX_DEPTH)))


def test_a_wide_record_is_not_a_deep_one() -> None:
    """Many lists beside each other, and brackets inside texts, are fine."""
    wide = request_with(b',"metadata":{"a":[' + b"[],{}," * 10_000 + b'"' + b"[{" * 5_000 + b'\\""]}')
    assert decode(DECODER, wide).request_id == "r1"


@pytest.mark.parametrize(
    "value",
    [
        b"[[" * 5_000_000,
        b'{"' * 5_000_000,
        b"{]" * 5_000_000,
        b'"\\' * 5_000_000 + b"[" * 500,
        b"[" * 9 + b"[]" * 5_000_000,
    ],
    ids=["lists", "objects", "mismatched", "escapes", "flat"],
)
def test_ten_hostile_megabytes_do_not_hold_up_the_worker(value: bytes) -> None:
    """The work to refuse grows with the length only: seconds would stall the event loop, minutes the group."""
    started = time.process_time()  # of this process: a busy machine is no fault of the decoder's
    with pytest.raises(RecordError):
        decode(DECODER, value)
    assert time.process_time() - started < 5


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_record_or_a_record_error(value: bytes) -> None:
    """No input leaves ``decode`` in another way, for any topic's record."""
    for model in (Command, Highlight, Observation, Request, Stream, Summary):
        with contextlib.suppress(RecordError):
            assert isinstance(decode(msgspec.json.Decoder(model), value), model)


def test_public_records_write_their_defaults_out() -> None:
    """Every record of an output topic has the same columns, which table readers need."""
    written = msgspec.json.decode(encode(Request(request_id="r", tenant="t", source_url="https://x.example/y")))
    assert set(written) == {field.encode_name for field in msgspec.structs.fields(Request)}

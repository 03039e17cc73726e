"""The rule of the requests topic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.domain import Outcome
from pipeline.effects.calls import Failed, Submit
from schemas.records import ObservedStream, RecordError, encode
from tests.unit.agents.support import START, Bench, header, make_request, observation, seen_highlight


def test_a_request_is_accepted_and_queued() -> None:
    """A new request is published as accepted and as queued, and its submission is due at once."""
    bench = Bench()
    assert bench.request() == Outcome.PUBLISHED
    assert bench.states() == ["accepted", "queued"]
    assert isinstance(bench.call(), Submit)
    assert bench.now == START


def test_event_ids_count_the_changes() -> None:
    """A change of state has the same event id however often it is written: request id and number of the change."""
    bench = Bench()
    bench.request()
    assert [header(item.headers, "ce_id") for item in bench.stage.published] == ["r1/1", "r1/2"]
    assert header(bench.stage.published[0].headers, "ce_type") == "tldr.streams.v1"


def test_a_trace_is_carried_through() -> None:
    """The trace parent of the request record is on what is published about it."""
    bench = Bench()
    trace = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    bench.feed("requests", make_request(), headers=[("traceparent", trace)])
    assert {dict(item.headers)["traceparent"] for item in bench.stage.published} == {trace}


def test_a_request_for_later_is_scheduled() -> None:
    """With ``not_before`` in the future nothing is submitted before that time, and then it is."""
    bench = Bench()
    bench.request(not_before=datetime.fromtimestamp(START + 3_600, UTC))
    assert bench.states() == ["accepted", "scheduled"]
    assert isinstance(bench.call(), Submit)
    assert bench.now == START + 3_600
    assert bench.states() == ["accepted", "scheduled", "queued", "submitting"]


def test_the_same_request_again_is_answered_from_state() -> None:
    """A repeat publishes where the request stands, changes nothing, and submits nothing."""
    bench = Bench()
    bench.request()
    bench.begin()
    before, written = bench.state.snapshot(), len(bench.stage.log)
    assert bench.request(requested_at=datetime.fromtimestamp(START, UTC)) == Outcome.KNOWN
    assert bench.of("streams")[-1].state == "submitting"
    assert bench.of("streams")[-1].reason == "repeated request"
    assert (bench.state.snapshot(), len(bench.stage.log)) == (before, written)
    assert bench.begin() is None


@pytest.mark.parametrize(
    "other", [{"tenant": "other"}, {"source_url": "https://twitch.tv/videos/43"}, {"metadata": {"a": 1}}]
)
def test_the_same_id_for_another_request_is_a_conflict(other: dict[str, Any]) -> None:
    """An id is used for one request; another content under it is refused and changes nothing."""
    bench = Bench()
    bench.request()
    with pytest.raises(RecordError) as refusal:
        bench.request(**other)
    assert refusal.value.code == "request_conflict"
    assert bench.states() == ["accepted", "queued"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"{", "undecodable"),
        (b"\xff", "undecodable"),
        (b'{"request_id":"r1"}', "invalid"),
        (encode(make_request(source_url="http://localhost/a")), "blocked_url"),
        (encode(make_request(profile="cooking")), "unknown_profile"),
        (encode(make_request("r2")), "key_mismatch"),
        (encode(make_request(metadata={"a": "x" * 2_000_000})), "oversize_request"),
        (encode(make_request())[:-1] + b',"later":"\xff"}', "undecodable"),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(value: bytes, code: str) -> None:
    """Each fault of a record has its own code, and nothing is staged."""
    bench = Bench()
    with pytest.raises(RecordError) as refusal:
        bench.feed("requests", value, key="r1")
    assert refusal.value.code == code
    assert bench.stage.log == []
    assert bench.stage.published == []


def test_a_rejected_request_is_tried_again_only_when_redriven() -> None:
    """A plain repeat of a rejected request is answered; one that a person sent again is queued anew."""
    bench = Bench()
    bench.request()
    bench.finish(bench.call(), Failed(fault="refused", reason="no such channel"))
    assert bench.request() == Outcome.KNOWN
    assert bench.begin() is None
    assert bench.feed("requests", make_request(), headers=[("tldr-redriven", b"1")]) == Outcome.PUBLISHED
    assert bench.states()[-1] == "queued"
    assert isinstance(bench.call(), Submit)


def test_what_came_early_is_applied_when_its_request_comes() -> None:
    """An observation parked before its request binds the stream, and no second one is started."""
    bench = Bench()
    early = observation(seen_highlight("h1"), stream=ObservedStream(id="str_9", status="processing"))
    assert bench.observe(early) == Outcome.FOLDED
    assert bench.of("highlights") == []
    bench.request()
    assert bench.states() == ["accepted", "queued", "processing"]
    assert [highlight.stream_id for highlight in bench.of("highlights")] == ["str_9"]
    assert bench.state.parked == 0


def test_a_cancel_that_came_early_keeps_the_request_from_starting() -> None:
    """A cancel parked before its request settles it without a submission."""
    bench = Bench()
    bench.command("cancel")
    bench.request()
    assert bench.states() == ["accepted", "queued", "settled"]
    assert bench.begin() is None


def test_a_parked_record_that_cannot_be_applied_is_a_dead_letter() -> None:
    """What turns out to be of no use when its request comes is not lost: its bytes and the reason are kept."""
    bench = Bench()
    useless = observation(seen_highlight("h1"))
    bench.observe(useless)
    bench.request()
    (letter,) = bench.dead_letters()
    assert letter.value == encode(useless)
    assert header(letter.headers, "tldr-error-code") == "no_stream"
    assert header(letter.headers, "__connect.errors.topic") == "tldr.observations.v1"

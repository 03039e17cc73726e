"""The rule of the requests topic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profiles import Profiles
from agents.profiles.gaming import Gaming
from pipeline.domain import Outcome
from pipeline.effects.calls import Accepted, Failed, Read, Submit
from schemas import catalogue
from schemas.records import ObservedStream, RecordError, encode
from tests.unit.agents.support import START, Bench, MemoryStage, header, make_request, observation, seen_highlight


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


def test_a_repeat_has_an_event_id_of_its_own() -> None:
    """Each repeat that is answered is an event of its own, under an id that a replay of the repeat makes again."""
    ends = []
    for _ in range(2):
        bench = Bench()
        for _ in range(3):
            bench.request()
        ends.append([header(item.headers, "ce_id") for item in bench.stage.published])
    assert ends[0] == ends[1] == ["r1/1", "r1/2", "r1/2/repeat/1", "r1/2/repeat/2"]


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


def test_metadata_that_a_profile_cannot_use_is_refused_with_the_page_to_read() -> None:
    """A producer who sees the dead letter alone knows the field, the profile, and where its form is written down."""
    bench = Bench(domain=HighlightDomain(Policy(), profiles=Profiles([Gaming()])))
    with pytest.raises(RecordError, match=r"metadata\.players: .*profile gaming@1.*docs/profiles\.md") as refusal:
        bench.request(profile="gaming", metadata={"players": 7})
    assert refusal.value.code == "invalid"


@pytest.mark.parametrize("asked", ["general", "general@1"])
def test_records_name_the_profile_and_its_version(asked: str) -> None:
    """However a request names its profile, what is published says which version of the rules applied."""
    bench = Bench()
    bench.request(profile=asked)
    bench.command("cancel")
    published = [*bench.of("streams"), *bench.of("summaries")]
    assert {record.profile for record in published} == {"general@1"}


class LimitedStage(MemoryStage):
    """Takes no state record that is larger than half of what the ledger topic takes."""

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Fold a state record, if it is small enough."""
        if value is not None and len(msgspec.json.encode(value)) > catalogue.load()["ledger"].max_message_bytes // 2:
            raise AssertionError(f"{key} is too large")
        super().put(key, value)


@settings(max_examples=40, deadline=None)
@given(
    letter=st.sampled_from(('"', "x", "\\", "\u00e9", "\n")),
    text=st.sampled_from((10, 250_000, 350_000, 390_000, 520_000, 1_000_000, 1_048_000)),
    header=st.sampled_from((0, 300_000, 500_000, 1_000_000)),
    headers=st.sampled_from((0, 50_000, 400_000)),
)
def test_a_request_that_is_accepted_fits_the_ledger_for_life(letter: str, text: int, header: int, headers: int) -> None:
    """It is refused when it comes or not at all: no later change can make its state too large, whatever it holds."""
    bench = Bench()
    bench.stage = LimitedStage(bench.state)
    given_headers = [("h", b"x" * header), *[("", b"")] * headers]
    refused = ""
    try:
        bench.feed("requests", make_request(metadata={"a": letter * text}), headers=given_headers)
    except RecordError as error:
        refused = error.code
    if refused:
        assert (refused, bench.stage.log) == ("oversize_request", [])
        assert len(letter) * text + header + 10 * headers > 400_000
        return
    bench.finish(bench.call(), Failed(fault="ambiguous", reason="x" * 100_000))
    for number in range(150):
        bench.command("refresh", f"{number:0>200}")
    for number in range(150):
        shown = ObservedStream(id=f"str_{number:0>190}", status="y" * 100_000, error="z" * 100_000)
        bench.observe(observation(stream=shown, at=START + number))
    assert bench.one().stream_id is not None


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


def test_a_request_sent_again_by_a_person_is_wanted() -> None:
    """What a command asked of a rejected request is over once it is redriven: it runs, and is not stopped."""
    bench = Bench()
    bench.request()
    bench.finish(bench.call(), Failed(fault="refused", reason="no such channel"))
    cancelled = msgspec.structs.replace(bench.one(), wish="cancel", stopped=True)  # as an older version left it
    bench.stage.put("request/r1", cancelled)
    bench.feed("requests", make_request(), headers=[("tldr-redriven", b"1")])
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), bench.now))
    assert isinstance(bench.call(), Read)
    assert (bench.one().wish, bench.one().stopped) == (None, False)


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

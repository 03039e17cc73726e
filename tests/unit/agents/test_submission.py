"""POST /streams, effectively once: what is sent, and what each outcome leads to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects.calls import Accepted, Failed, Fault, Locate, Located, Read, Stop, Stopped, Submit
from schemas.records import ObservedStream, Options, encode
from tests.unit.agents.support import START, Bench, header, make_request, observation, seen_highlight

QUICK: dict[str, Any] = {"locate_tries": 1, "doubt_wait_s": 0.0, "submit_window_s": 5.0}


def asked(**policy: Any) -> tuple[Bench, Submit]:
    """A request whose submission has begun."""
    bench = Bench(**policy)
    bench.request(metadata={"a": 1}, options=Options(analysis_quality="high", custom_tags=["x"]))
    call = bench.call()
    assert isinstance(call, Submit)
    return bench, call


def stream(stream_id: str = "str_1", status: str = "processing") -> ObservedStream:
    """A stream's status."""
    return ObservedStream(id=stream_id, status=status)


def in_doubt(**policy: Any) -> tuple[Bench, str]:
    """A request whose submission is in doubt, and the nonce it went with."""
    bench, call = asked(**policy)
    bench.finish(call, Failed(fault="ambiguous", reason="reset"))
    return bench, call.nonce


def test_the_intent_is_staged_before_the_call() -> None:
    """What will be sent, under which nonce and until when, is in the ledger before anything is called."""
    bench, call = asked(submit_window_s=30.0)
    assert call.durable_first
    assert (bench.one().state, bench.one().nonce) == ("submitting", call.nonce)
    assert bench.one().not_after == call.not_after == START + 30.0


def test_the_call_says_all_that_was_asked() -> None:
    """Options are sent in full, so that no default of the API decides; the nonce goes wherever it may show again."""
    bench, call = asked(webhook_url="https://hooks.example.com/{request_id}/{nonce}")
    assert call.options["analysis_quality"] == "high"
    assert call.options["sensitivity"] == "medium"
    assert call.options["custom_tags"] == ["x", f"tldr-nonce-{call.nonce}"]
    assert "max_highlights" not in call.options
    assert call.options["webhook_url"] == f"https://hooks.example.com/r1/{call.nonce}"
    assert call.metadata == {"a": 1, "request_id": "r1", "pipeline_nonce": call.nonce}
    assert bench.one().submissions == 1


def test_a_submission_is_marked_only_where_the_policy_allows() -> None:
    """With marks in tags switched off, the API gets the tags that were asked for, and no other."""
    _, call = asked(mark_in_tags=False)
    assert call.options["custom_tags"] == ["x"]


def test_every_submission_has_a_nonce_of_its_own() -> None:
    """Two tries can be told apart."""
    bench, first = asked()
    bench.finish(first, Failed(fault="never_sent", reason="refused"))
    second = bench.call()
    assert isinstance(second, Submit)
    assert first.nonce != second.nonce


def test_accepted_is_processing() -> None:
    """The stream is bound, published, and polled after the shortest interval."""
    bench, call = asked()
    bench.finish(call, Accepted(stream(), bench.now))
    assert bench.states() == ["accepted", "queued", "submitting", "processing"]
    assert bench.of("streams")[-1].stream_id == "str_1"
    assert isinstance(bench.call(), Read)
    assert bench.now == START + bench.policy.poll_min_s


@pytest.mark.parametrize("fault", ["never_sent", "throttled", "no_slot", "credentials"])
def test_what_was_certainly_not_applied_is_queued_again(fault: Fault) -> None:
    """It waits and is tried again, without a limit on tries: none of it is the request's fault."""
    bench, call = asked(max_submissions=1)
    for _ in range(5):
        bench.finish(call, Failed(fault=fault, reason="drawn"))
        assert bench.one().state == "queued"
        again = bench.call()
        assert isinstance(again, Submit)
        call = again
    assert bench.now > START
    assert bench.dead_letters() == []


def test_a_request_that_is_not_allowed_is_tried_less_and_less() -> None:
    """403 for ever: pauses grow up to a bound, slowly at first, since a new key has to be noticed soon."""
    bench, call = asked(credentials_retry_s=5.0, backoff_max_s=300.0)
    pauses = []
    while bench.now < START + 86_400.0:
        before = bench.now
        bench.finish(call, Failed(fault="credentials", reason="403"))
        again = bench.call()
        assert isinstance(again, Submit)
        call = again
        pauses.append(bench.now - before)
        if bench.now < START + 60.0:
            assert 5.0 <= pauses[-1] < 10.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 300.0
    assert bench.dead_letters() == []


def test_the_servers_delay_is_honoured() -> None:
    """``Retry-After`` is the least that is waited."""
    bench, call = asked()
    bench.finish(call, Failed(fault="throttled", reason="429", retry_after=77.0))
    bench.call()
    assert bench.now >= START + 77.0


def test_a_refusal_for_good_is_rejected_and_dead_lettered() -> None:
    """The reason is on the streams topic, and the request record itself is a dead letter, byte for byte."""
    bench = Bench()
    bench.feed("requests", make_request(), headers=[("x", b"1")])
    bench.finish(bench.call(), Failed(fault="refused", reason="422 no such channel"))
    assert bench.states()[-1] == "rejected"
    assert "no such channel" in bench.of("streams")[-1].reason
    (letter,) = bench.dead_letters()
    assert (letter.key, letter.value) == (b"r1", encode(make_request()))
    assert header(letter.headers, "x") == "1"
    assert header(letter.headers, "tldr-error-code") == "rejected"
    assert header(letter.headers, "__connect.errors.topic") == "tldr.requests.v1"
    assert bench.of("summaries") == []


def test_full_plans_are_asked_one_at_a_time() -> None:
    """Once the API has no slot, waiting requests do not all ask again: one does, and the next when it was let in."""
    bench = Bench(slot_retry_s=2.0)
    for number in range(20):
        bench.request(f"r{number}")
    bench.finish(bench.call(), Failed(fault="no_slot", reason="full"))
    assert bench.begin() is None
    tries = 0
    while bench.now < START + 20.0:
        bench.finish(bench.call(), Failed(fault="no_slot", reason="full"))
        tries += 1
    assert tries <= 11


def test_an_ambiguous_submission_is_found_by_its_nonce() -> None:
    """A stream that carries the nonce is the request's; nothing is sent a second time."""
    bench, nonce = in_doubt()
    call = bench.call()
    assert isinstance(call, Locate)
    assert call.nonces == (nonce,)
    bench.finish(call, Located({nonce: stream("str_7")}, bench.now))
    assert bench.states()[-2:] == ["in_doubt", "processing"]
    assert bench.one().stream_id == "str_7"


def test_an_ambiguous_submission_is_found_by_a_webhook() -> None:
    """An observation under the request's id names its stream."""
    bench, _ = in_doubt()
    bench.observe(observation(seen_highlight("h1", stream_id="str_7")))
    assert bench.states()[-1] == "processing"
    assert bench.one().stream_id == "str_7"
    assert len(bench.of("highlights")) == 1


def test_a_webhook_faster_than_the_reply_binds_the_stream() -> None:
    """The reply that comes later changes nothing, whether it names the stream or was lost."""
    for result in (Accepted(stream(), START), Failed(fault="ambiguous", reason="reset")):
        bench, call = asked()
        bench.observe(observation(stream=stream()))
        before = bench.one()
        bench.finish(call, result)
        assert bench.one() == before
        assert isinstance(bench.call(), Read)


def test_nothing_is_concluded_before_the_submission_can_no_longer_arrive() -> None:
    """However often it is not found: until ``not_after`` and the longest POST have passed, nothing is sent again."""
    bench, _ = in_doubt(locate_tries=1, submit_window_s=30.0, doubt_wait_s=25.0)
    while bench.one().state == "in_doubt":
        bench.finish(bench.call(), Located({}, bench.now))
    assert bench.now >= START + 55.0


def test_a_blind_search_sends_nothing_again() -> None:
    """While a stream that may be ours is not shown, a second submission waits: for as long as doubts are followed."""
    bench = Bench(in_doubt="resubmit", locate_tries=1, doubt_wait_s=0.0, submit_window_s=0.0, doubt_for_s=600.0)
    bench.request()
    bench.finish(bench.call(), Failed(fault="ambiguous", reason="reset"))
    began = bench.now
    while isinstance(call := bench.call(), Locate):
        bench.finish(call, Located({}, bench.now, blind=True))
    assert isinstance(call, Submit)
    assert bench.now >= began + 600.0
    assert bench.now < began + 1_300.0


def test_waiting_for_a_slot_is_no_failure() -> None:
    """However long a request waited for a slot: what fails afterwards is tried again as soon as any first failure."""
    bench = Bench()
    bench.request()
    for _ in range(150):
        bench.finish(bench.call(), Failed(fault="no_slot", reason="full"))
    bench.finish(bench.call(), Failed(fault="credentials", reason="403"))
    failed_at = bench.now
    assert isinstance(bench.call(), Submit)
    assert bench.now <= failed_at + bench.policy.credentials_retry_s


def test_not_found_is_sent_again() -> None:
    """By policy it is submitted anew, and its first submission goes on being looked for."""
    bench, nonce = in_doubt(**QUICK)
    while bench.one().state == "in_doubt":
        bench.finish(bench.call(), Located({}, bench.now))
    assert bench.one().doubts == (nonce,)
    second = bench.call()
    while not isinstance(second, Submit):
        bench.finish(second, Located({}, bench.now))
        second = bench.call()
    assert bench.one().submissions == 2


def test_submissions_are_bounded() -> None:
    """After so many unconfirmed submissions the request waits for a person: each one may cost money."""
    bench, _ = in_doubt(**QUICK, max_submissions=2)
    sent = 1
    while (due := bench.domain.effects.next_due(bench.state)) is not None and due < START + 3_000:
        call = bench.call()
        sent += isinstance(call, Submit)
        failed = Failed(fault="ambiguous", reason="reset")
        bench.finish(call, failed if isinstance(call, Submit) else Located({}, bench.now))
    assert sent == 2
    assert bench.one().state == "in_doubt"


def test_by_policy_a_doubt_is_a_dead_letter() -> None:
    """With ``dead_letter`` nothing is sent twice; the request ends as rejected, with its bytes kept."""
    bench, _ = in_doubt(**QUICK, in_doubt="dead_letter")
    while bench.one().state == "in_doubt":
        bench.finish(bench.call(), Located({}, bench.now))
    assert bench.states()[-1] == "rejected"
    assert len(bench.dead_letters()) == 1


def resubmitted() -> tuple[Bench, str]:
    """A request that runs as str_2, whose first submission was never confirmed; and the first nonce."""
    bench, nonce = in_doubt(**QUICK)
    while bench.one().state != "processing":
        call = bench.call()
        second = Accepted(stream("str_2"), bench.now)
        bench.finish(call, second if isinstance(call, Submit) else Located({}, bench.now))
    return bench, nonce


def next_stop(bench: Bench) -> str:
    """The stream that is stopped next."""
    call = bench.call()
    assert isinstance(call, Stop)
    return call.stream_id


def test_of_two_streams_the_older_is_kept() -> None:
    """The first submission turns up while nothing of the second is published: the second is stopped."""
    bench, _ = resubmitted()
    bench.observe(observation(stream=stream("str_1"), at=bench.now))
    assert bench.one().stream_id == "str_1"
    assert next_stop(bench) == "str_2"


def test_once_published_a_stream_is_kept() -> None:
    """When highlights of the second are out already, the first is stopped, or moments would come twice."""
    bench, _ = resubmitted()
    bench.observe(observation(seen_highlight("h1", stream_id="str_2"), at=bench.now))
    bench.observe(observation(seen_highlight("h9", stream_id="str_1"), at=bench.now))
    assert [record.highlight_id for record in bench.of("highlights")] == ["h1"]
    assert next_stop(bench) == "str_1"


def test_a_surplus_stream_is_looked_for_and_stopped() -> None:
    """Without webhooks too: the search goes on beside the polls, and stops what it finds."""
    bench, nonce = resubmitted()
    bench.observe(observation(seen_highlight("h1", stream_id="str_2"), at=bench.now))
    call = bench.call()
    while not isinstance(call, Locate):
        bench.finish(call, Failed(fault="unavailable", reason="503"))
        call = bench.call()
    assert call.nonces == (nonce,)
    bench.finish(call, Located({nonce: stream("str_1")}, bench.now))
    assert next_stop(bench) == "str_1"
    assert bench.one().doubts == ()


def test_a_surplus_stream_has_all_its_tries() -> None:
    """How often the stream of the request itself could not be stopped is not counted against a surplus one."""
    bench, _ = resubmitted()
    bench.observe(observation(seen_highlight("h1", stream_id="str_2"), at=bench.now))
    bench.command("stop")
    while bench.one().stop_failures < bench.policy.stop_tries:
        bench.finish(bench.call(), Failed(fault="unavailable", reason="503"))
    bench.observe(observation(seen_highlight("h9", stream_id="str_1"), at=bench.now))
    assert next_stop(bench) == "str_1"
    bench.finish(Stop(stream_id="str_1"), Failed(fault="unavailable", reason="503"))
    assert bench.one().extras == ("str_1",)


def test_a_surplus_stream_is_stopped_once() -> None:
    """Late webhooks of a stream that was stopped do not have it stopped again."""
    bench, _ = resubmitted()
    bench.observe(observation(seen_highlight("h1", stream_id="str_2"), at=bench.now))
    for _ in range(3):
        bench.observe(observation(seen_highlight("h9", stream_id="str_1"), at=bench.now))
        call = bench.call()
        if isinstance(call, Stop):
            bench.finish(call, Failed(fault="refused", reason="409"))
        else:
            bench.finish(call, Failed(fault="unavailable", reason="503"))
    assert bench.one().extras == ()
    assert bench.one().ignored == ("str_1",)


def unconfirmed(count: int) -> tuple[Bench, list[str]]:
    """A request whose first so many submissions were never confirmed, the last one still in doubt; and their nonces."""
    bench, nonce = in_doubt(**QUICK, max_submissions=count)
    nonces = [nonce]
    while len(nonces) < count:
        call = bench.call()
        if isinstance(call, Submit):
            nonces.append(call.nonce)
            bench.finish(call, Failed(fault="ambiguous", reason="reset"))
        else:
            bench.finish(call, Located({}, bench.now))
    return bench, nonces


@given(st.sets(st.integers(0, 2), min_size=1), st.sets(st.integers(0, 2)), st.booleans())
def test_of_any_streams_found_the_oldest_is_kept(first: set[int], second: set[int], running: bool) -> None:  # noqa: FBT001
    """Whichever of three submissions turn up, at once or one after another, the oldest of them is kept.

    The others are stopped, each once, and what was seen of one stream is not told of another.
    """
    bench, nonces = unconfirmed(3)
    stopped: list[str] = []
    for found in (first, second):
        for _ in range(3):
            call = bench.call()
            while not isinstance(call, Locate):
                if isinstance(call, Stop):
                    stopped.append(call.stream_id)
                    bench.finish(call, Stopped())
                else:
                    bench.finish(call, Failed(fault="unavailable", reason="503"))
                call = bench.call()
            there = {nonces[place]: stream(f"str_{place}") for place in found if nonces[place] in call.nonces}
            bench.finish(call, Located(there, bench.now))
            if not bench.one().doubts or not running:
                break
        if not bench.one().doubts:
            break
    seen = first | second if len(first) < 3 else first
    assert bench.one().stream_id == f"str_{min(seen)}"
    lost = {*stopped, *bench.one().extras}
    assert lost == {f"str_{place}" for place in seen} - {bench.one().stream_id}
    assert len(stopped) == len(set(stopped))
    assert set(bench.one().doubts) == {nonces[place] for place in {0, 1, 2} - seen}


def test_what_was_seen_of_one_stream_is_not_told_of_another() -> None:
    """When an older stream takes the place of a younger one, status and progress start anew with it."""
    bench, _ = resubmitted()
    younger = ObservedStream(id="str_2", status="processing", processed_s=900.0, total_s=1_000.0, highlights_found=7)
    bench.observe(observation(stream=younger, at=bench.now + 50))
    bench.observe(observation(stream=stream("str_1", "pending"), at=bench.now))
    request = bench.one()
    assert (request.stream_id, request.api_status, request.status_at) == ("str_1", "pending", bench.now)
    assert (request.processed_s, request.total_s, request.found) == (0.0, None, 0)

"""Submissions that may still turn up beside the stream that is bound: how they are searched for, and when that ends."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects.calls import Accepted, Call, Failed, Fault, Locate, Located, Read, Stop, Stopped, Submit
from schemas.records import ObservedStream
from tests.unit.agents.support import START, Bench, observation, seen_highlight, shown_by_read

C = TypeVar("C", Locate, Submit)


def stream(stream_id: str) -> ObservedStream:
    """A stream that runs."""
    return ObservedStream(id=stream_id, status="processing")


def answered(bench: Bench, call: Call, fault: Fault = "unavailable") -> None:
    """Have a search fail, a submission made as str_2, and a read show its stream running, with one more highlight."""
    match call:
        case Locate():
            bench.finish(call, Failed(fault=fault, reason="no"))
        case Submit():
            bench.finish(call, Accepted(stream("str_2"), bench.now))
        case Stop():
            bench.finish(call, Stopped())
        case Read():
            shown = seen_highlight(f"h{bench.now}", stream_id=call.stream_id)
            bench.finish(call, shown_by_read(stream(call.stream_id), shown, at=bench.now, whole=False, clean=False))


def doubted(**policy: Any) -> tuple[Bench, str]:
    """A request that was queued again after its first submission was never confirmed, and that one's nonce."""
    bench = Bench(locate_tries=1, doubt_wait_s=0.0, submit_window_s=5.0, **policy)
    bench.request()
    call = bench.call()
    assert isinstance(call, Submit)
    bench.finish(call, Failed(fault="ambiguous", reason="reset"))
    while bench.one().state != "queued":
        bench.finish(bench.call(), Located({}, bench.now))
    return bench, call.nonce


def test_a_search_that_fails_holds_up_nothing_else() -> None:
    """While every search fails, the request is submitted and its stream is read as often as ever."""
    bench, _ = doubted(poll_max_s=10.0)
    kinds = []
    while bench.now < START + 600.0:
        call = bench.call()
        kinds.append(call.kind)
        answered(bench, call)
    assert kinds.count("submit") == 1
    assert kinds.count("poll") + kinds.count("sweep") > 60
    assert 2 <= kinds.count("locate") < 40
    assert len(bench.of("highlights")) > 60


def test_a_search_that_never_succeeds_ends() -> None:
    """After ``doubt_for_s`` the submission that was given up is looked for no more, whatever the searches said."""
    bench, nonce = doubted(doubt_for_s=300.0, poll_max_s=10.0)
    assert bench.one().doubts == (nonce,)
    while bench.one().doubts:
        answered(bench, bench.call(), "credentials")
        assert bench.now < START + 1_000.0
    for _ in range(5):
        call = bench.call()
        assert isinstance(call, Read)
        answered(bench, call)


def test_a_failed_search_waits_as_long_as_the_server_asked() -> None:
    """``Retry-After`` is the least that is waited before the next search."""
    bench, _ = doubted()
    call = bench.call()
    while not isinstance(call, Locate):
        answered(bench, call)
        call = bench.call()
    bench.finish(call, Failed(fault="throttled", reason="429", retry_after=500.0))
    failed_at = bench.now
    call = bench.call()
    while not isinstance(call, Locate):
        answered(bench, call)
        call = bench.call()
    assert bench.now >= failed_at + 500.0


def until(bench: Bench, kind: type[C]) -> C:
    """The next call of a kind, after others that bring nothing new."""
    call = bench.call()
    while not isinstance(call, kind):
        answered(bench, call)
        call = bench.call()
    return call


def submitted_again() -> tuple[Bench, str, Submit]:
    """A request whose second submission is under way while the first is in doubt; the first nonce, and the second."""
    bench, nonce = doubted()
    return bench, nonce, until(bench, Submit)


def older_one_named(bench: Bench) -> None:
    """A webhook names the stream of the first submission."""
    bench.observe(observation(seen_highlight("h1", stream_id="str_1"), at=bench.now))
    assert bench.one().stream_id == "str_1"


def test_the_latest_submission_is_looked_for_when_an_older_stream_is_named() -> None:
    """Its reply is lost, and a webhook names the older stream: the younger one is found and stopped."""
    bench, first, call = submitted_again()
    bench.finish(call, Failed(fault="ambiguous", reason="reset"))
    older_one_named(bench)
    search = until(bench, Locate)
    assert search.nonces == (first, call.nonce)
    bench.finish(search, Located({first: stream("str_1"), call.nonce: stream("str_2")}, bench.now))
    assert bench.call() == Stop(stream_id="str_2")
    assert (bench.one().stream_id, bench.one().doubts) == ("str_1", ())


@pytest.mark.parametrize("restarted", [True, False])
def test_a_submission_under_way_is_looked_for_when_an_older_stream_is_named(restarted: bool) -> None:  # noqa: FBT001
    """Whether its reply is lost afterwards, or with the process: the younger stream is found and stopped."""
    bench, first, call = submitted_again()
    older_one_named(bench)
    if restarted:
        bench.domain.effects.release(bench.state, "r1")
    else:
        bench.finish(call, Failed(fault="ambiguous", reason="reset"))
    search = until(bench, Locate)
    assert search.nonces == (first, call.nonce)
    bench.finish(search, Located({call.nonce: stream("str_2")}, bench.now))
    assert bench.call() == Stop(stream_id="str_2")
    assert (bench.one().stream_id, bench.one().doubts) == ("str_1", (first,))


@given(st.booleans(), st.sampled_from(("str_1", "str_2")), st.sampled_from(("never_sent", "ambiguous", None)))
def test_what_becomes_of_a_submission_that_a_webhook_overtook(lost: bool, named: str, fault: Fault | None) -> None:  # noqa: FBT001
    """Whatever the webhook names and the reply says: one stream is kept, and each other one is found and stopped.

    Nothing is looked for that is certain: a submission that was answered, or that never left.
    """
    bench, first, call = submitted_again()
    bench.observe(observation(seen_highlight("h1", stream_id=named), at=bench.now))
    reply = Failed(fault=fault, reason="no") if fault else Accepted(stream("str_2"), bench.now)
    bench.finish(call, reply)
    assert set(bench.one().doubts) == ({first, call.nonce} if fault == "ambiguous" else {first})
    there = {} if lost else {first: stream("str_1")}
    if fault != "never_sent":
        there[call.nonce] = stream("str_2")
    stopped: set[str] = set()
    while bench.now < START + 600.0:
        after = bench.call()
        if isinstance(after, Stop):
            stopped.add(after.stream_id)
            bench.finish(after, Stopped())
        elif isinstance(after, Locate):
            found = {nonce: running for nonce, running in there.items() if nonce in after.nonces}
            bench.finish(after, Located(found, bench.now))
        else:
            bench.finish(after, Failed(fault="unavailable", reason="503"))
    running = {named, *(stream.id for stream in there.values())}
    assert bench.one().stream_id == named
    assert stopped == running - {named}

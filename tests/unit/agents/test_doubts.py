"""Submissions that may still turn up beside the stream that is bound: how they are searched for, and when that ends."""

from __future__ import annotations

from typing import Any

from pipeline.effects.calls import Accepted, Call, Failed, Fault, Locate, Located, Read, Seen, Submit
from schemas.records import ObservedStream
from tests.unit.agents.support import START, Bench, seen_highlight


def stream(stream_id: str) -> ObservedStream:
    """A stream that runs."""
    return ObservedStream(id=stream_id, status="processing")


def answered(bench: Bench, call: Call, fault: Fault = "unavailable") -> None:
    """Have a search fail, a submission made as str_2, and anything else show that stream running."""
    match call:
        case Locate():
            bench.finish(call, Failed(fault=fault, reason="no"))
        case Submit():
            bench.finish(call, Accepted(stream("str_2"), bench.now))
        case _:
            shown = seen_highlight(f"h{bench.now}", stream_id="str_2")
            seen = Seen(
                observed_at=bench.now,
                observed_until=bench.now,
                stream=stream("str_2"),
                highlights=[shown],
                total=1,
                whole=False,
                clean=False,
            )
            bench.finish(call, seen)


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

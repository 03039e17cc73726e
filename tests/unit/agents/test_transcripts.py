"""A linked transcript is fetched before the stream is submitted, and never keeps it from being submitted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from agents.profiles import General, Profiles
from pipeline.effects.calls import Failed, Fault, Fetched, FetchTranscript, Result
from schemas.records import ObservedStream
from tests.unit.agents.sample_profile import Sample
from tests.unit.agents.support import Bench

LINK = "https://files.example/a.vtt?signature=4711"
VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"


def linking_bench(**policy: Any) -> Bench:
    """A bench with a request that links a transcript."""
    chosen = {"transcript_pause_s": 2.0, **policy}
    bench = Bench(profiles=Profiles((General(), Sample())), **chosen)
    bench.request(profile="sample", metadata={"transcript": {"url": LINK}})
    return bench


def failed(fault: Fault = "unavailable", after: float | None = None) -> Failed:
    """A fetch that failed."""
    return Failed(fault=fault, reason="the server answered 503", retry_after=after)


def document(bench: Bench) -> dict[str, Any]:
    """The document once the stream is submitted and over."""
    stream = ObservedStream(id="s1", status="completed")
    bench.accept(stream)
    while not bench.of("summaries"):
        bench.read(stream)
    found: dict[str, Any] = bench.of("summaries")[-1].document
    return found


def restores(bench: Bench) -> None:
    """Live state and restored state are the same."""
    for compacted in (False, True):
        assert bench.stage.restored(compacted=compacted).snapshot() == bench.state.snapshot()


def test_the_transcript_is_fetched_then_the_stream_submitted_at_once() -> None:
    """What came is kept, and the document has it."""
    bench = linking_bench()
    start = bench.now
    call = bench.call()
    assert call == FetchTranscript(url=LINK)
    bench.finish(call, Fetched(text=VTT, media_type="text/vtt"))
    restores(bench)
    assert document(bench) == {"highlights": 0, "todo": {}, "segments": 1, "problem": ""}
    assert bench.one().submitted_at == start
    restores(bench)


def test_no_slot_is_waited_for_before_the_transcript_is_there() -> None:
    """The plan's streams may all run meanwhile."""
    bench = linking_bench(slot_retry_s=1_000.0)
    bench.request("r2")
    calls = {}
    while (begun := bench.begin()) is not None:
        calls[begun[0]] = begun[1]
    bench.taken = "r2"
    bench.finish(calls["r2"], Failed(fault="no_slot", reason="all in use"))
    bench.taken = "r1"
    bench.finish(calls["r1"], failed())
    bench.now += 2.0
    assert isinstance(bench.call(), FetchTranscript)


def test_failures_are_tried_again_later_and_later_then_given_up() -> None:
    """The request goes on without, and the document says why."""
    bench = linking_bench(transcript_tries=3)
    times = []
    for _ in range(3):
        call = bench.call()
        assert isinstance(call, FetchTranscript)
        times.append(bench.now)
        bench.finish(call, failed())
        restores(bench)
    assert [later - earlier for earlier, later in pairwise(times)] == [2.0, 4.0]
    assert bench.one().failures == 0
    assert "answered 503" in document(bench)["problem"]


def test_a_refusal_is_given_up_at_once() -> None:
    """A 404 does not get better by asking again."""
    bench = linking_bench()
    bench.finish(bench.call(), failed("refused"))
    assert document(bench)["problem"].endswith("tried 1 time")


def test_the_server_may_ask_for_a_longer_pause_within_reason() -> None:
    """A stream waits for it."""
    bench = linking_bench()
    start = bench.now
    bench.finish(bench.call(), failed("throttled", 30.0))
    bench.finish(bench.call(), failed("throttled", 90_000.0))
    bench.call()
    assert bench.now == start + 30.0 + 300.0


@pytest.mark.parametrize("result", [Fetched(text=VTT, media_type=""), failed(), failed("refused")])
def test_a_command_that_cancels_meanwhile_is_honoured(result: Result) -> None:
    """Whatever then comes of the fetch, nothing is submitted."""
    bench = linking_bench()
    call = bench.call()
    bench.command("cancel")
    bench.finish(call, result)
    assert bench.states()[-1] == "settled"
    assert bench.state.entries["r1"].transcript is None
    assert bench.begin() is None
    restores(bench)


def test_a_restart_fetches_again() -> None:
    """Nothing is staged before a fetch: the restored state is due as the live one was."""
    bench = linking_bench()
    bench.call()
    bench.state = bench.stage.state = bench.stage.restored()
    assert bench.call() == FetchTranscript(url=LINK)


def test_a_partition_that_leaves_counts_as_no_failure() -> None:
    """The fetch was not made."""
    bench = linking_bench(transcript_tries=1)
    bench.finish(bench.call(), failed("never_sent"))
    assert isinstance(bench.call(), FetchTranscript)


def test_what_the_ledger_cannot_take_is_given_up() -> None:
    """A text of control characters is six times as large as JSON."""
    bench = linking_bench()
    bench.finish(bench.call(), Fetched(text="\x01" * 1_000_000, media_type=""))
    assert "too large" in document(bench)["problem"]


def test_the_link_is_in_no_output_and_no_repr() -> None:
    """It may carry a signature."""
    bench = linking_bench()
    call = bench.call()
    bench.finish(call, failed("refused"))
    document(bench)
    assert "4711" not in repr(call)
    for item in bench.stage.published:
        assert b"4711" not in (item.value or b"")

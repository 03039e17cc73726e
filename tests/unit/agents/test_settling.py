"""When a request is settled, what its summary says, and how it is polled until then."""

from __future__ import annotations

import hashlib
from random import Random
from typing import Any

import msgspec
import pytest

from agents.ledger_records import RequestState
from agents.policy import Policy
from agents.rules.lifecycle import OUTCOMES
from agents.rules.pacing import backoff, near_the_end, next_interval
from pipeline.effects.calls import Accepted, Failed, Fault, Read, Seen
from schemas.records import ObservedHighlight, ObservedStream, Options
from tests.unit.agents.support import START, Bench, observation, seen_highlight, shown_by_read


def running(**policy: Any) -> Bench:
    """A request whose stream runs."""
    bench = Bench(**policy)
    bench.request(options=Options(analysis_quality="premium"))
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    return bench


def read(
    bench: Bench, status: str, *highlights: ObservedHighlight, total: int | None = None, clean: bool = True
) -> Read:
    """Have the next read bring this; return what was called."""
    call = bench.call()
    assert isinstance(call, Read)
    stream = ObservedStream(id="str_1", status=status, processed_s=1_800.0, total_s=3_600.0)
    count = len(highlights) if total is None else total
    whole = call.full or status in OUTCOMES
    result = Seen(
        observed_at=bench.now,
        observed_until=bench.now,
        stream=stream,
        highlights=list(highlights),
        total=count,
        whole=whole,
        clean=clean,
    )
    bench.finish(call, result)
    return call


H1, H2 = seen_highlight("h1"), seen_highlight("h2")


def test_a_clean_pass_without_news_settles() -> None:
    """The status is terminal and one whole clean pass brought nothing unseen: that is the end."""
    bench = running()
    read(bench, "processing", H1)
    read(bench, "completed", H1)
    assert bench.states()[-2:] == ["settling", "settled"]


def test_a_pass_with_news_is_repeated() -> None:
    """What brought something unseen may have missed something else."""
    bench = running()
    read(bench, "completed", H1)
    assert bench.states()[-1] == "settling"
    assert read(bench, "completed", H1).full
    assert bench.states()[-1] == "settled"


def test_a_pass_that_is_not_clean_is_repeated_and_then_given_up() -> None:
    """A list that never comes to rest is settled after so many passes, flagged as incomplete."""
    bench = running(sweep_max=4)
    passes = 0
    while bench.one().state != "settled":
        read(bench, "completed", H1, total=7, clean=False)
        passes += 1
    assert passes == 4
    (summary,) = bench.of("summaries")
    assert summary.incomplete
    assert (summary.count, summary.api_total) == (1, 7)


def test_a_status_that_goes_back_is_followed() -> None:
    """When the API shows a stream running again, so does the request; it settles later."""
    bench = running()
    read(bench, "completed", H1)
    read(bench, "processing", H1)
    assert bench.states()[-1] == "processing"
    read(bench, "completed", H1)
    assert bench.states()[-1] == "settled"


@pytest.mark.parametrize(
    ("status", "outcome"), [("completed", "completed"), ("error", "failed"), ("cancelled", "cancelled")]
)
def test_the_outcome_follows_the_status(status: str, outcome: str) -> None:
    """Each terminal status has its outcome."""
    bench = running()
    read(bench, status)
    assert bench.one().outcome == outcome


def test_the_summary_is_the_manifest() -> None:
    """Counts by source, corrections, the hash of the ids, the API's total, and the list price of the hours."""
    bench = running()
    bench.observe(observation(seen_highlight("h2"), at=START))
    bench.observe(observation(seen_highlight("h2", title="better"), at=START + 1))
    bench.now = START + 2
    read(bench, "completed", H1, seen_highlight("h2", title="better"))
    read(bench, "completed", H1, seen_highlight("h2", title="better"))
    (summary,) = bench.of("summaries")
    assert (summary.count, summary.last_seq, summary.api_total) == (2, 3, 2)
    counts = summary.counts
    assert (counts.by_webhook, counts.by_poll, counts.late, counts.corrected) == (1, 1, 0, 1)
    assert summary.ids_sha256 == hashlib.sha256(b"h1\nh2").hexdigest()
    assert summary.cost_usd == pytest.approx(0.5 * 0.12)
    assert [best["title"] for best in summary.document["best"]] == ["Title of h1", "better"]


def test_a_late_highlight_moves_the_end() -> None:
    """After settling it takes the next seq, is counted as late, and the summary gets its next revision."""
    bench = running()
    read(bench, "completed", H1)
    read(bench, "completed", H1)
    bench.observe(observation(H2, at=bench.now + 5))
    assert [record.seq for record in bench.of("highlights")] == [1, 2]
    assert [(record.revision, record.count, record.counts.late) for record in bench.of("summaries")] == [
        (1, 1, 0),
        (2, 2, 1),
    ]
    assert bench.states()[-1] == "settled"


def test_a_stream_that_is_gone_is_settled_as_failed() -> None:
    """404s over two minutes end it; not a few of them, however many; other failures between start the count anew."""
    bench = running(gone_after=2, gone_after_s=120.0)
    bench.now += 10_000.0
    faults: tuple[Fault, ...] = ("gone", "gone", "unavailable")
    for fault in faults:
        bench.finish(bench.call(), Failed(fault=fault, reason="drawn"))
        assert bench.one().state == "processing"
    bench.finish(bench.call(), Failed(fault="gone", reason="404"))
    first = bench.now
    while bench.one().state == "processing":
        bench.finish(bench.call(), Failed(fault="gone", reason="404"))
        assert bench.now < first + 1_000.0
    assert bench.now >= first + 120.0
    assert bench.one().outcome == "failed"
    assert "no more" in bench.of("summaries")[-1].reason


def test_a_404_that_passes_ends_nothing() -> None:
    """A read that finds the stream again forgets the 404s before it."""
    bench = running(gone_after=2, gone_after_s=20.0)
    for _ in range(3):
        bench.finish(bench.call(), Failed(fault="gone", reason="404"))
        bench.now += 100.0
        read(bench, "processing")
    assert (bench.one().state, bench.one().missing, bench.one().missing_since) == ("processing", 0, 0.0)


def test_a_young_stream_is_not_gone() -> None:
    """However soon and often the API denies it, a stream gets its time from the moment it was submitted."""
    bench = running(gone_after=1, gone_after_s=50.0)
    while bench.one().state == "processing":
        bench.finish(bench.call(), Failed(fault="gone", reason="404"))
    assert bench.now >= (bench.one().submitted_at or 0.0) + 50.0


@pytest.mark.parametrize("behind_s", [0.0, 5.0, 3_600.0])
def test_a_poll_corrects_whatever_the_clocks_say(behind_s: float) -> None:
    """A worker whose clock is behind the one that saw a highlight first still publishes what the API shows now."""
    bench = running()
    seen = observation(H1, stream=ObservedStream(id="str_1", status="processing"), at=START + behind_s, source="poll")
    bench.feed("observations", seen)
    read(bench, "completed", seen_highlight("h1", title="corrected"))
    assert [record.title for record in bench.of("highlights")] == ["Title of h1", "corrected"]
    assert bench.one().api_status == "completed"


def test_a_webhook_during_a_poll_is_newer_than_the_poll() -> None:
    """What came in while a slow read was under way is not overridden by what the read saw before."""
    bench = running()
    call = bench.call()
    assert isinstance(call, Read)
    began = bench.now
    bench.observe(observation(seen_highlight("h1", title="newer"), at=began + 1))
    bench.now += 5
    stream = ObservedStream(id="str_1", status="processing")
    bench.finish(call, shown_by_read(stream, H1, at=began, until=bench.now))
    assert bench.of("highlights")[-1].title == "newer"


def test_failed_reads_back_off_and_recover() -> None:
    """Pauses grow with failures in a row up to a bound, honour the server, and end with the first success."""
    bench = running(backoff_min_s=1.0, backoff_max_s=20.0)
    pauses = []
    for _ in range(8):
        before = bench.now
        bench.finish(bench.call(), Failed(fault="unavailable", reason="503"))
        pauses.append(bench.now - before)
    assert pauses[1] <= 1.0
    assert 10.0 <= pauses[-1] <= 20.0
    read(bench, "processing")
    assert bench.one().failures == 0


def test_while_it_runs_all_pages_are_read_now_and_then() -> None:
    """Every so many polls a whole pass shows revisions that no count can show."""
    bench = running(full_read_every=4)
    kinds = [read(bench, "processing", clean=False).full for _ in range(4)]
    assert kinds == [False, False, False, True]


def test_polls_are_fewer_when_nothing_comes_and_more_when_much_comes() -> None:
    """The interval follows the yield, within its bounds."""
    policy = Policy(poll_min_s=2.0, poll_max_s=60.0)
    request = make_state(interval=10.0)
    assert next_interval(request, 0, policy) == 15.0
    assert next_interval(request, 1, policy) == 10.0
    assert next_interval(request, 9, policy) == 5.0
    assert next_interval(make_state(interval=50.0), 0, policy) == 60.0
    assert next_interval(make_state(interval=3.0), 5, policy) == 2.0
    assert next_interval(make_state(interval=0.0), 0, policy) == 2.0


def test_polls_are_denser_near_the_end() -> None:
    """A stream that will end within the interval is looked at when it should have ended."""
    policy = Policy(poll_min_s=2.0, poll_max_s=60.0)
    before = make_state(status_at=100.0, processed_s=1_000.0, total_s=2_000.0)
    slow = make_state(status_at=110.0, processed_s=1_010.0, total_s=2_000.0)
    nearly = make_state(status_at=110.0, processed_s=1_900.0, total_s=2_800.0)
    live = make_state(status_at=110.0, processed_s=1_900.0)
    assert near_the_end(before, slow, 60.0, policy) == 60.0
    assert near_the_end(before, nearly, 60.0, policy) == pytest.approx(10.0)
    assert near_the_end(before, live, 60.0, policy) == 60.0


def test_backoff_is_bounded_and_honours_the_server() -> None:
    """However many failures, no pause is longer than the bound beyond what the server asked for."""
    policy = Policy(backoff_min_s=1.0, backoff_max_s=30.0)
    for failures in (1, 5, 50, 5_000):
        assert 0.5 <= backoff(failures, policy, Random(1)) <= 30.0
        assert 100.5 <= backoff(failures, policy, Random(1), asked=100.0) <= 130.0


def make_state(**fields: Any) -> RequestState:
    """A request's state with the fields given."""
    base = RequestState(state_version=1, state="processing", accepted_at=0.0, changed_at=0.0)
    return msgspec.structs.replace(base, **fields)

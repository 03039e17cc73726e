"""The rule of the commands topic, and what the effects make of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import Outcome
from pipeline.effects.calls import Accepted, Call, Failed, Fault, Located, Read, Seen, Stop, Stopped, Submit
from schemas.records import Command, ObservedHighlight, ObservedStream, RecordError
from tests.unit.agents.support import START, Bench, observation, seen_highlight, shown_by_read


def running(**policy: Any) -> Bench:
    """A request whose stream runs."""
    bench = Bench(**policy)
    bench.request()
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    return bench


def seen(bench: Bench, status: str, *highlights: ObservedHighlight) -> Seen:
    """What a whole clean pass shows."""
    stream = ObservedStream(id="str_1", status=status, highlights_found=len(highlights))
    return shown_by_read(stream, *highlights, at=bench.now)


def settle(bench: Bench, *highlights: ObservedHighlight) -> None:
    """Bring a running request to its end."""
    while bench.one().state != "settled":
        bench.finish(bench.call(), seen(bench, "completed", *highlights))


@pytest.mark.parametrize("kind", ["cancel", "stop"])
def test_a_request_that_was_not_submitted_ends_without_a_post(kind: str) -> None:
    """Cancel or stop before the submission settles it as cancelled, with a summary, and nothing is called."""
    bench = Bench()
    bench.request()
    assert bench.feed("commands", Command(request_id="r1", command_id="c1", command=kind)) == Outcome.PUBLISHED  # type: ignore[arg-type]  # drawn from the kinds
    assert bench.states()[-1] == "settled"
    (summary,) = bench.of("summaries")
    assert (summary.outcome, summary.count) == ("cancelled", 0)
    assert bench.begin() is None


@pytest.mark.parametrize(("kind", "outcome"), [("cancel", "cancelled"), ("stop", "completed")])
def test_a_running_stream_is_stopped_and_then_settled(kind: str, outcome: str) -> None:
    """The API is asked to stop at once; what was found is swept up; a stop keeps the request a success."""
    bench = running()
    bench.feed("commands", Command(request_id="r1", command_id="c1", command=kind))  # type: ignore[arg-type]  # drawn
    call = bench.call()
    assert call == Stop(stream_id="str_1")
    assert bench.now == START
    bench.finish(call, Stopped())
    while bench.one().state != "settled":
        bench.finish(bench.call(), seen(bench, "cancelled", seen_highlight("h1")))
    assert bench.one().outcome == outcome
    assert bench.of("summaries")[-1].count == 1


def test_a_stop_that_fails_is_tried_again() -> None:
    """An API that is away does not make a stop forgotten."""
    bench = running()
    bench.command("stop")
    bench.finish(bench.call(), Failed(fault="unavailable", reason="503"))
    bench.finish(bench.call(), Failed(fault="unavailable", reason="503"))
    assert bench.call() == Stop(stream_id="str_1")
    assert bench.now > START


def test_a_stop_that_keeps_failing_does_not_hold_up_the_reading() -> None:
    """Each failed stop is followed by a read; stops become rarer, reads go on as ever, and highlights come out."""
    bench = running(poll_max_s=10.0, backoff_max_s=300.0)
    bench.command("stop")
    before: Call | None = None
    stops, reads = 0, 0
    while bench.now < START + 3_600.0:
        call = bench.call()
        if isinstance(call, Stop):
            assert not isinstance(before, Stop)
            stops += 1
            bench.finish(call, Failed(fault="unavailable", reason="503"))
        else:
            reads += 1
            bench.finish(call, seen(bench, "processing", seen_highlight(f"h{reads}")))
        before = call
    assert 10 < stops < 40
    assert reads > 300
    assert len(bench.of("highlights")) == reads


def test_a_surplus_stream_that_cannot_be_stopped_does_not_hold_up_the_reading() -> None:
    """The stream that is kept is read on between the tries, which end after so many."""
    bench = running(stop_tries=4)
    bench.observe(observation(seen_highlight("h1", stream_id="str_2"), at=START))
    kinds = []
    for _ in range(12):
        call = bench.call()
        kinds.append(call.kind)
        failed = Failed(fault="unavailable", reason="503")
        bench.finish(call, failed if isinstance(call, Stop) else seen(bench, "processing"))
    assert kinds.count("stop") == 4
    assert "stop stop" not in " ".join(kinds)
    assert (bench.one().extras, bench.one().ignored) == ((), ("str_2",))


@given(st.lists(st.sampled_from(("refresh", "cancel", "stop")), max_size=5), st.booleans())
def test_commands_to_a_request_without_a_stream_bring_it_to_rest(kinds: list[str], late: bool) -> None:  # noqa: FBT001
    """However a held request is told to refresh and to end, it rests after a few searches and is forgotten."""
    bench = Bench(
        in_doubt="hold", locate_tries=1, doubt_wait_s=0.0, submit_window_s=0.0, doubt_for_s=100.0, closed_for_s=10.0
    )
    bench.request()
    bench.finish(bench.call(), Failed(fault="ambiguous", reason="reset"))
    bench.finish(bench.call(), Located({}, bench.now))
    for number, kind in enumerate(kinds):
        bench.feed("commands", Command(request_id="r1", command_id=f"c{number}", command=kind))  # type: ignore[arg-type]  # drawn
        if late and (begun := bench.begin()) is not None:
            bench.taken, call = begun
            bench.finish(call, Located({}, bench.now))
    for _ in range(100):
        due = bench.domain.effects.next_due(bench.state)
        if due is None:
            break
        bench.now = max(bench.now, due)
        if (begun := bench.begin()) is not None:
            bench.taken, call = begun
            bench.finish(call, Located({}, bench.now))
    assert bench.domain.effects.next_due(bench.state) is None
    held = [entry.request.state for entry in bench.state.entries.values() if entry.request is not None]
    assert held == ([] if {"cancel", "stop"} & set(kinds) else ["in_doubt"])


def test_a_stream_that_ended_by_itself_needs_no_stop() -> None:
    """A refusal to stop means that there is nothing to stop; the request goes on to its end."""
    bench = running()
    bench.command("cancel")
    bench.finish(bench.call(), Failed(fault="refused", reason="409"))
    assert isinstance(bench.call(), Read)


def test_a_young_stream_that_is_not_known_everywhere_is_stopped_all_the_same() -> None:
    """404 for a stop is believed only of a stream that was submitted long enough ago."""
    bench = running(gone_after_s=120.0)
    bench.command("cancel")
    stops = 0
    while not bench.one().stopped:
        call = bench.call()
        assert bench.now < START + 1_000.0
        if isinstance(call, Stop):
            stops += 1
            bench.finish(call, Failed(fault="gone", reason="404"))
        else:
            bench.finish(call, seen(bench, "processing"))
    assert bench.now >= START + 120.0
    assert stops > 3


@pytest.mark.parametrize("answer", [Stopped(), Failed(fault="refused", reason="409")])
def test_a_stream_that_runs_on_is_stopped_again(answer: Stopped | Failed) -> None:
    """A stop is not over before a read shows the end; until then it is sent again, less and less often."""
    bench = running(poll_max_s=10.0, backoff_max_s=300.0)
    bench.command("cancel")
    stops = []
    while bench.now < START + 3_600.0:
        call = bench.call()
        if isinstance(call, Stop):
            stops.append(bench.now)
        bench.finish(call, answer if isinstance(call, Stop) else seen(bench, "processing"))
    assert 5 < len(stops) < 40
    assert stops[-1] - stops[-2] > 100.0
    while bench.one().state != "settled":
        call = bench.call()
        bench.finish(call, answer if isinstance(call, Stop) else seen(bench, "cancelled"))
    assert bench.one().outcome == "cancelled"


def test_a_cancel_during_a_submission_stops_the_stream_that_comes_of_it() -> None:
    """A POST in flight cannot be taken back: its stream is stopped as soon as it is known."""
    bench = Bench()
    bench.request()
    call = bench.call()
    assert bench.command("cancel") == Outcome.FOLDED
    bench.finish(call, Accepted(ObservedStream(id="str_1", status="pending"), bench.now))
    assert bench.call() == Stop(stream_id="str_1")


@pytest.mark.parametrize("fault", ["never_sent", "refused"])
def test_a_cancel_during_a_submission_that_starts_nothing_settles(fault: Fault) -> None:
    """Nothing was started, so nothing has to be stopped, nothing is tried again, and nothing is a dead letter."""
    bench = Bench()
    bench.request()
    call = bench.call()
    bench.command("cancel")
    bench.finish(call, Failed(fault=fault, reason="no"))
    assert bench.states()[-1] == "settled"
    assert bench.one().outcome == "cancelled"
    assert bench.of("summaries")[-1].outcome == "cancelled"
    assert bench.dead_letters() == []


def test_a_command_seen_before_changes_nothing() -> None:
    """The id of a command is remembered, within bounds."""
    bench = running(command_memory=3)
    assert bench.command("refresh", "c1") == Outcome.FOLDED
    assert bench.command("refresh", "c1") == Outcome.KNOWN
    for number in range(2, 6):
        bench.command("refresh", f"c{number}")
    assert bench.one().commands == ("c3", "c4", "c5")


def test_stop_and_cancel_mean_nothing_to_a_settled_request() -> None:
    """What has ended is not ended again."""
    bench = running()
    settle(bench)
    before = bench.state.snapshot()
    assert bench.command("stop", "c1") == Outcome.KNOWN
    assert bench.command("cancel", "c2") == Outcome.KNOWN
    assert bench.state.snapshot() == before


def test_refresh_of_a_settled_request_reads_it_once_more() -> None:
    """Late highlights take the next seq, and the summary its next revision; without news there is none."""
    bench = running()
    settle(bench, seen_highlight("h1"))
    bench.command("refresh", "c1")
    call = bench.call()
    assert isinstance(call, Read)
    assert call.full
    bench.finish(call, seen(bench, "completed", seen_highlight("h1")))
    assert len(bench.of("summaries")) == 1
    bench.command("refresh", "c2")
    bench.finish(bench.call(), seen(bench, "completed", seen_highlight("h1"), seen_highlight("h2")))
    assert [record.seq for record in bench.of("highlights")] == [1, 2]
    assert [(record.revision, record.count, record.counts.late) for record in bench.of("summaries")] == [
        (1, 1, 0),
        (2, 2, 1),
    ]
    assert bench.states()[-1] == "settled"
    assert bench.begin() is None


def test_a_refresh_that_fails_is_tried_again() -> None:
    """A refresh is not lost to an API that is away."""
    bench = running()
    settle(bench)
    bench.command("refresh")
    bench.finish(bench.call(), Failed(fault="unavailable", reason="503"))
    assert isinstance(bench.call(), Read)


def test_a_refresh_that_is_refused_is_given_up() -> None:
    """What the API will not answer is not asked for ever: the request is at rest again."""
    bench = running()
    settle(bench)
    bench.command("refresh")
    bench.finish(bench.call(), Failed(fault="refused", reason="400"))
    assert not bench.one().wants_refresh
    assert bench.begin() is None
    assert bench.one().due == (bench.one().settled_at or 0.0) + bench.policy.retain_s


@pytest.mark.parametrize("fault", ["unavailable", "credentials", "unreadable"])
def test_a_refresh_that_is_never_answered_keeps_no_request_from_being_forgotten(fault: Fault) -> None:
    """After ``retain_s`` it is forgotten, whatever is still asked of it."""
    bench = running(retain_s=3_600.0, closed_for_s=1e9)
    settle(bench)
    bench.command("refresh")
    while bench.now < START + 5_000.0:
        if (begun := bench.begin()) is not None:
            bench.taken, call = begun
            bench.finish(call, Failed(fault=fault, reason="no"))
        bench.now = max(bench.now, bench.domain.effects.next_due(bench.state) or 0.0)
    assert set(bench.state.closed) == {"r1"}


def test_refresh_of_a_running_stream_reads_all_of_it_now() -> None:
    """The next read comes at once and is a whole pass."""
    bench = running()
    bench.command("refresh")
    call = bench.call()
    assert isinstance(call, Read)
    assert call.full
    assert bench.now == START


def test_a_held_submission_is_searched_for_again_on_a_command() -> None:
    """A request in doubt that waits for a person goes on when the person asks."""
    bench = Bench(in_doubt="hold", locate_tries=1, doubt_wait_s=0.0, submit_window_s=0.0)
    bench.request()
    bench.finish(bench.call(), Failed(fault="ambiguous", reason="reset"))
    bench.finish(bench.call(), Located({}, bench.now))
    assert bench.begin() is None
    assert bench.one().due is None
    assert "waits for a command" in bench.of("streams")[-1].reason
    bench.command("cancel")
    bench.finish(bench.call(), Located({}, bench.now))
    assert bench.states()[-1] == "settled"
    assert not isinstance(bench.begin(), Submit)


def test_a_command_for_an_unknown_request_waits_for_it() -> None:
    """There is no order between topics."""
    bench = Bench()
    assert bench.command("cancel") == Outcome.FOLDED
    assert bench.state.parked == 1


def test_the_key_of_a_command_is_checked() -> None:
    """A command under another key would be applied by the wrong partition."""
    bench = Bench()
    with pytest.raises(RecordError) as refusal:
        bench.feed("commands", Command(request_id="r1", command_id="c", command="stop"), key="r2")
    assert refusal.value.code == "key_mismatch"


def test_an_observation_of_an_ended_stream_still_counts_after_a_stop() -> None:
    """Highlights that a webhook brings between the stop and the sweep are published."""
    bench = running()
    bench.command("stop")
    bench.finish(bench.call(), Stopped())
    bench.observe(observation(seen_highlight("h1"), at=bench.now))
    settle(bench, seen_highlight("h1"))
    assert bench.of("summaries")[-1].counts.by_webhook == 1

"""What is remembered, for how long, and what is left of it."""

from __future__ import annotations

import msgspec
import pytest

from agents.ledger_records import STATE_VERSION, FutureStateError
from agents.state import PartitionState
from pipeline.domain import Outcome
from pipeline.effects.calls import Accepted, Submit
from schemas.records import ObservedStream
from tests.unit.agents.support import START, Bench, header, observation, seen_highlight, shown_by_read


def settled() -> Bench:
    """A settled request with one highlight."""
    bench = Bench(retain_s=1_000.0, closed_for_s=5_000.0)
    bench.request()
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    while bench.one().state != "settled":
        stream = ObservedStream(id="str_1", status="completed")
        bench.finish(bench.call(), shown_by_read(stream, seen_highlight("h1"), at=bench.now))
    return bench


def forgotten() -> Bench:
    """A request that retention has forgotten."""
    bench = settled()
    bench.now += 1_001
    assert bench.begin() is None
    return bench


def test_a_settled_request_is_forgotten_after_its_time() -> None:
    """Its state and its highlights' are tombstoned, and a marker stays."""
    bench = settled()
    bench.now += 990
    assert bench.begin() is None
    assert "r1" in bench.state.entries
    bench.now += 20
    assert bench.begin() is None
    assert bench.state.entries == {}
    assert {key for key, value in bench.stage.log if value is None} == {"request/r1", "original/r1", "highlight/r1/h1"}
    assert set(bench.state.closed) == {"r1"}


def test_late_records_do_not_bring_it_back() -> None:
    """Observations and commands for a forgotten request are known, and stage nothing."""
    bench = forgotten()
    written = len(bench.stage.log)
    assert bench.observe(observation(seen_highlight("h1"))) == Outcome.KNOWN
    assert bench.command("stop") == Outcome.KNOWN
    assert len(bench.stage.log) == written


def test_its_id_may_be_used_again() -> None:
    """A request under a forgotten id starts a new epoch, whose event ids differ from the first one's."""
    bench = forgotten()
    bench.request(tenant="other")
    assert isinstance(bench.call(), Submit)
    assert header(bench.stage.published[-1].headers, "ce_id") == "r1~2/3"
    assert bench.state.closed == {}
    assert bench.stage.restored(compacted=True).snapshot() == bench.state.snapshot()


def test_in_the_end_nothing_is_left() -> None:
    """The marker goes too; the ledger of a partition does not grow for ever."""
    bench = forgotten()
    bench.now += 5_001
    assert bench.begin() is None
    assert bench.state.snapshot() == PartitionState(3).snapshot()
    assert bench.domain.effects.next_due(bench.state) is None


def test_active_requests_are_counted_by_state() -> None:
    """The gauge of active streams comes from state, so a restart cannot make it lie."""
    bench = Bench()
    for number in range(3):
        bench.request(f"r{number}")
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    bench.command("cancel", request_id="r2")
    nothing = dict.fromkeys(("accepted", "scheduled", "submitting", "in_doubt", "settling"), 0)
    assert bench.state.active() == {**nothing, "queued": 1, "processing": 1}
    assert bench.stage.restored().active() == bench.state.active()


@pytest.mark.parametrize("key", ["request/r1", "original/r1", "highlight/r1/h1", "parked/r1/commands/1", "closed/r1"])
def test_state_of_a_newer_version_is_refused(key: str) -> None:
    """A worker does not guess at state that a newer one wrote: it stops, and says why."""
    newer = [STATE_VERSION + 1] if key.startswith("highlight") else {"state_version": STATE_VERSION + 1}
    with pytest.raises(FutureStateError):
        PartitionState(0).decode(key, msgspec.json.encode(newer))


def test_a_kind_of_state_that_is_not_known_is_refused() -> None:
    """A kind of key that a newer version added is not skipped."""
    with pytest.raises(FutureStateError):
        PartitionState(0).decode("quota/x", b"{}")


def test_fields_that_a_newer_worker_added_are_read_over() -> None:
    """Within a version, fields may be added: an older reader ignores them."""
    bench = settled()
    for key, value in bench.stage.log:
        if value is not None and not key.startswith("highlight"):
            bench.state.decode(key, value[:-1] + b',"added_later":{"a":[1]}}')
        elif value is not None:
            bench.state.decode(key, value[:-1] + b',"added later"]')


def test_what_is_taken_is_not_given_again_before_it_is_released() -> None:
    """However its due time moves meanwhile, a request is on the due list once, and not while it is in flight."""
    bench = Bench()
    bench.request()
    assert bench.state.take_due(bench.now) == "r1"
    bench.command("refresh")
    bench.request()
    assert bench.state.take_due(bench.now + 1e9) is None
    bench.state.release("r1")
    assert bench.state.take_due(bench.now) == "r1"
    assert bench.state.take_due(bench.now + 1e9) is None

"""When the runner calls, what it waits for, and what becomes of results when a partition comes and goes."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from pipeline.ledger import BatchRefused
from schemas.records import Command, Observation, decode, encode
from tests.unit.effects.fakes import HeldApi, StoppedClock, ambiguous, breathe, http_error, soon
from tests.unit.effects.harness import SLOW, Rig


@pytest.fixture
def rig(api: HeldApi, clock: StoppedClock) -> Rig:
    """One partition at rest."""
    return Rig(api, clock=clock, **SLOW)


def state_of(rig: Rig, request_id: str = "r0") -> str:
    """The state a request is in."""
    request = rig.ledger.state.entries[request_id].request
    assert request is not None
    return request.state


async def submission_in_flight(rig: Rig, api: HeldApi) -> None:
    """Have one request whose POST is under way, until the API is let answer."""
    api.open.clear()
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await soon(lambda: api.in_flight == 1)


async def answered_too_late(rig: Rig, api: HeldApi) -> None:
    """Have one request whose POST is answered after its ledger closed."""
    await submission_in_flight(rig, api)
    rig.ledger.is_open = False
    api.open.set()
    await breathe()


async def test_nothing_is_sent_before_the_intent_is_durable(rig: Rig, api: HeldApi) -> None:
    """A POST waits until the ledger has written that it will be made."""
    rig.ledger.durable.clear()
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert state_of(rig) == "submitting"
    assert api.asked == []
    rig.ledger.durable.set()
    await breathe()
    assert api.asked == ["POST /streams"]


async def test_an_intent_that_became_durable_too_late_is_not_sent(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """After ``not_after`` nothing is sent: someone else may have given up on it. It is queued anew instead."""
    rig.ledger.durable.clear()
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await clock.advance(31)
    rig.ledger.durable.set()
    await breathe()
    assert api.asked == []
    assert state_of(rig) == "queued"
    await clock.advance(5)
    assert api.asked[:1] == ["POST /streams"]


async def test_a_failed_flush_sends_nothing(rig: Rig, api: HeldApi) -> None:
    """When the intent cannot be made durable the call is dropped, without a word to the API and without a fault."""
    rig.ledger.durable.clear()
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    rig.ledger.is_open = False
    rig.ledger.durable.set()
    await breathe()
    assert api.asked == []
    assert rig.bugs == []


async def test_a_partition_that_leaves_waits_for_its_submissions(rig: Rig, api: HeldApi) -> None:
    """Detaching awaits a POST in flight, and its result is folded while the ledger is still open."""
    await submission_in_flight(rig, api)
    leaving = asyncio.create_task(rig.runner.detach(rig.ledger))
    await breathe()
    assert not leaving.done()
    api.open.set()
    await leaving
    assert state_of(rig) == "processing"


async def test_a_partition_that_leaves_gives_up_its_reads_and_takes_them_up_again(
    rig: Rig, api: HeldApi, clock: StoppedClock
) -> None:
    """A poll in flight is cancelled; when the same ledger is attached again the poll is due again."""
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    api.open.clear()
    await clock.advance(2)
    assert api.in_flight == 1
    await rig.runner.detach(rig.ledger)
    assert api.in_flight == 0
    api.open.set()
    rig.runner.attach(rig.ledger)
    await breathe()
    assert api.asked == ["POST /streams", "GET /streams/{id}", "GET /streams/{id}"]


async def test_the_id_of_a_new_stream_is_never_dropped(rig: Rig, api: HeldApi) -> None:
    """When the ledger closes while a POST is under way, its stream is handed over as an observation."""
    await answered_too_late(rig, api)
    assert [(seen.request_id, seen.stream.id if seen.stream else None) for seen in rig.handed] == [("r0", "str_1")]
    assert rig.bugs == []


@pytest.mark.parametrize("prefix", ["~a=", "s" * 199])
async def test_what_is_handed_over_is_accepted(rig: Rig, api: HeldApi, prefix: str) -> None:
    """However the API writes its ids, the worker that owns the request now can read the observation."""
    api.prefix = prefix
    await answered_too_late(rig, api)
    (handed,) = rig.handed
    assert decode(msgspec.json.Decoder(Observation), encode(handed)) == handed


async def test_a_stream_whose_binding_was_not_written_is_handed_over(rig: Rig, api: HeldApi) -> None:
    """When the transaction with the stream's id fails, the id still finds its way."""
    await submission_in_flight(rig, api)
    rig.ledger.durable.clear()
    api.open.set()
    await breathe()
    rig.ledger.is_open = False
    rig.ledger.durable.set()
    await breathe()
    assert [seen.request_id for seen in rig.handed] == ["r0"]


async def test_a_fault_of_ours_is_fatal(rig: Rig, api: HeldApi) -> None:
    """An exception that is no answer of the API ends the process by name; it is not logged away."""
    api.failure = lambda _: ZeroDivisionError("a bug")
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert [type(bug) for bug in rig.bugs] == [ZeroDivisionError]


async def test_a_fault_in_the_rules_is_fatal(rig: Rig) -> None:
    """The loop over effects does not die silently."""
    rig.ask(1)
    rig.ledger.state.entries["r0"].request = "nonsense"  # type: ignore[assignment]  # that is the point
    rig.runner.attach(rig.ledger)
    await breathe()
    assert [type(bug) for bug in rig.bugs] == [AttributeError]


async def test_retry_after_holds_every_call(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """After a 429 with Retry-After nothing at all is called before that time."""
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    api.failure = lambda _: http_error(429, retry_after=100)
    await clock.advance(2)
    api.failure = lambda _: None
    before = len(api.asked)
    rig.ask(5)
    await clock.advance(99)
    assert len(api.asked) == before
    await clock.advance(3)
    assert api.asked[before:].count("POST /streams") == 4  # r0 is known already


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_gives_nothing_up(rig: Rig, api: HeldApi, clock: StoppedClock, status: int) -> None:
    """Refused for a minute: no dead letter, no rejected request, few calls; and all goes on once the key is good."""
    api.failure = lambda _: http_error(status)
    rig.ask(40)
    rig.runner.attach(rig.ledger)
    await clock.advance(60)
    assert len(api.asked) <= 16 * 13
    assert {item.topic for item in rig.ledger.published} == {"streams"}
    api.failure = lambda _: None
    await clock.advance(10)
    assert rig.ledger.state.counts["processing"] == 40


async def test_a_request_that_is_not_allowed_holds_up_no_other(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """403 for one submission: the others go out at once, and polls go on."""
    refused = iter((True,))
    api.failure = lambda _: http_error(403) if next(refused, False) else None
    rig.ask(5)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert rig.ledger.state.counts["processing"] == 4
    await clock.advance(3)
    assert api.asked.count("GET /streams/{id}") == 4


async def test_calls_in_flight_are_bounded(api: HeldApi, clock: StoppedClock) -> None:
    """Never more calls at once than allowed, and each one's end makes room for the next."""
    rig = Rig(api, clock=clock, concurrency=3, **SLOW)
    api.open.clear()
    rig.ask(10)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert api.in_flight == 3
    api.open.set()
    await soon(lambda: rig.ledger.state.counts["processing"] == 10)
    assert api.most_in_flight == 3


async def test_a_request_has_one_call_in_flight(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """What is folded while a call is under way waits for its result, then is acted on at once."""
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    api.open.clear()
    await clock.advance(2)
    rig.feed("commands", Command(request_id="r0", command_id="c1", command="stop"))
    await clock.advance(10)
    assert api.in_flight == 1
    api.open.set()
    await breathe()
    assert api.asked[-2:] == ["POST /streams/{id}/stop", "GET /streams/{id}"]


async def test_a_wake_brings_forward_what_is_due(rig: Rig, api: HeldApi) -> None:
    """A loop that has nothing to do sleeps, and a new request wakes it without time passing."""
    rig.runner.attach(rig.ledger)
    await breathe()
    rig.ask(1)
    await breathe()
    assert api.asked == ["POST /streams"]


async def test_a_drain_takes_no_more(rig: Rig, api: HeldApi) -> None:
    """After a drain nothing is called any more, whatever is attached."""
    rig.runner.attach(rig.ledger)
    await rig.runner.drain(5.0)
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert api.asked == []


async def test_an_intent_found_after_a_restart_is_not_sent_again(api: HeldApi, clock: StoppedClock) -> None:
    """``submitting`` without anyone who has it in flight becomes in doubt, and is looked for before anything else."""
    first = Rig(api, clock=clock, **SLOW)
    api.open.clear()
    first.ask(1)
    first.runner.attach(first.ledger)
    await soon(lambda: api.in_flight == 1)
    second = Rig(api, clock=clock, **SLOW)
    for key, value in first.ledger.log:
        second.ledger.state.fold(key, None if value is None else second.ledger.state.decode(key, value))
    api.open.set()
    await first.runner.drain(5.0)
    second.runner.attach(second.ledger)
    await clock.advance(31)
    assert api.asked.count("POST /streams") == 1
    assert api.asked[1] == "GET /highlights"
    assert state_of(second) == "in_doubt"


async def test_an_ambiguous_submission_is_searched_for(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """No second POST while the first may still have been applied."""
    api.failure = lambda what: ambiguous() if what == "POST /streams" else None
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await clock.advance(20)
    assert api.asked.count("POST /streams") == 1
    assert api.asked.count("GET /highlights") > 1


@pytest.mark.parametrize(("part", "topic"), [("finish", "highlights"), ("begin", "streams")])
async def test_a_fault_half_way_through_a_decision_writes_none_of_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, part: str, topic: str
) -> None:
    """What was staged of a result, or of an intent, is given up with the ledger, and the fault ends the process."""

    def half(*given: Any) -> None:
        stage, _now = given[-2:]
        stage.publish(topic, b"r0", b"half")
        raise KeyError("a bug")

    monkeypatch.setattr(rig.domain.effects, part, half)
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert [type(bug) for bug in rig.bugs] == [KeyError]
    assert not rig.ledger.is_open


async def test_a_request_whose_result_is_refused_does_not_hold_up_the_others(
    rig: Rig, api: HeldApi, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results are refused again and again: soon it is asked for less and less, others as often as ever."""
    rig.ask(2)
    rig.runner.attach(rig.ledger)
    await breathe()
    finish, flush, staged, polls = rig.domain.effects.finish, rig.ledger.flush, list[str](), list[str]()

    def noted(state: Any, request_id: str, *rest: Any) -> None:
        finish(state, request_id, *rest)
        staged.append(request_id)
        polls.append(request_id)

    async def refusing() -> None:
        mine = list(staged)
        staged.clear()
        if "r0" in mine and rig.ledger.failure is None:
            rig.ledger.failure = BatchRefused("highlights", "too large")
        await flush()

    monkeypatch.setattr(rig.domain.effects, "finish", noted)
    monkeypatch.setattr(rig.ledger, "flush", refusing)
    rig.runner._refusals[rig.ledger.partition].happened()
    for _ in range(300):
        await clock.advance(1)
        if rig.ledger.failure is not None:
            await rig.runner.detach(rig.ledger)
            rig.ledger.failure = None
            rig.runner.attach(rig.ledger)
    assert rig.bugs == []
    assert 3 <= polls.count("r0") <= 10
    assert polls.count("r1") >= 5
    assert api.asked

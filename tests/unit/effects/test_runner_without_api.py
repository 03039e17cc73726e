"""What needs no call of the API is done in time, whatever the API is like."""

from __future__ import annotations

from datetime import UTC, datetime

from agents.ledger_records import STATE_VERSION, FollowUpState, follow_up_key
from agents.profiles import General, Profiles
from pipeline.effects.calls import Call, Fetched, FetchTranscript, Result
from pipeline.effects.perform import Performer
from schemas.records import Command, FollowUp, encode
from tests.unit.agents.sample_profile import Sample
from tests.unit.agents.support import START, Incoming, make_request
from tests.unit.agents.tournament_support import told
from tests.unit.effects.fakes import HeldApi, StoppedClock, breathe, http_error
from tests.unit.effects.harness import SLOW, MemoryLedger, Rig


class Fetching(Performer):
    """Fetches a transcript from nowhere."""

    async def perform(self, call: Call) -> Result:
        """Answer at once."""
        if isinstance(call, FetchTranscript):
            return Fetched(text="WEBVTT", media_type="text/vtt")
        return await super().perform(call)


def rig_of(api: HeldApi, clock: StoppedClock, concurrency: int = 16) -> Rig:
    """One partition with a profile that reads transcripts."""
    return Rig(
        api,
        clock=clock,
        concurrency=concurrency,
        performer=Fetching(api, clock=clock),
        profiles=Profiles((General(), Sample())),
        **SLOW,
    )


def remind_at(rig: Rig, at: float) -> None:
    """Have an item to be reminded of then."""
    record = FollowUp(
        request_id="old",
        tenant="acme",
        user_id=None,
        item_id="a",
        kind="opened",
        revision=1,
        text="send",
        assignee=None,
        due=datetime.fromtimestamp(at + 60, UTC),
        due_text=None,
        priority="normal",
        evidence=[],
        profile="sample@1",
        source_url="https://twitch.tv/videos/1",
        published_at=datetime.fromtimestamp(START, UTC),
    )
    state = FollowUpState(state_version=STATE_VERSION, record=record, remind_at=at, events="old")
    rig.ledger.put(follow_up_key("old", "a"), state)
    rig.runner.wake(rig.ledger.partition)


def published(rig: Rig, topic: str) -> int:
    """How many records a topic has."""
    return sum(item.topic == topic for item in rig.ledger.published)


async def check_all_else_goes_on(rig: Rig, api: HeldApi, clock: StoppedClock) -> None:
    """A reminder, a leaderboard, a transcript and a start that was put off all come in time, without a call."""
    asked = len(api.asked)
    remind_at(rig, clock() + 5)
    rig.feed("tournament-sightings", told("started", "main"), key="acme/cup")
    later = datetime.fromtimestamp(clock() + 10, UTC)
    rig.feed("requests", make_request("later", not_before=later))
    rig.feed(
        "requests",
        make_request("linking", profile="sample", metadata={"transcript": {"url": "https://files.example/a.vtt"}}),
    )
    await clock.advance(20)
    assert published(rig, "follow-ups") == 1
    assert published(rig, "tournaments") == 1
    assert rig.ledger.state.entries["linking"].transcript is not None
    assert rig.ledger.state.entries["later"].request.state == "queued"  # type: ignore[union-attr]
    assert len(api.asked) == asked
    assert rig.bugs == []


async def test_a_closed_gate_holds_only_what_calls_the_api(api: HeldApi, clock: StoppedClock) -> None:
    """After a 429 for a hundred seconds nothing is called, and all that needs no call goes on; then calls do."""
    rig = rig_of(api, clock)
    api.failure = lambda _: http_error(429, retry_after=100)
    rig.ask(3)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert rig.runner.paused_for == 100
    api.failure = lambda _: None
    await check_all_else_goes_on(rig, api, clock)
    await clock.advance(90)
    assert rig.ledger.state.counts["processing"] == 5


async def test_calls_that_hang_hold_only_what_calls_the_api(api: HeldApi, clock: StoppedClock) -> None:
    """All slots are taken by calls without an answer: what needs none does not wait for one."""
    rig = rig_of(api, clock, concurrency=2)
    api.open.clear()
    rig.ask(4)
    rig.runner.attach(rig.ledger)
    await breathe()
    assert api.in_flight == 2
    await check_all_else_goes_on(rig, api, clock)
    api.open.set()
    await clock.advance(1)
    assert rig.ledger.state.counts["processing"] == 6
    assert api.most_in_flight == 2


async def test_what_waits_for_the_gate_is_due_again_where_the_partition_comes_back(
    api: HeldApi, clock: StoppedClock
) -> None:
    """A partition that leaves while calls wait loses none of them."""
    rig = rig_of(api, clock)
    api.failure = lambda _: http_error(429, retry_after=100)
    rig.ask(3)
    rig.runner.attach(rig.ledger)
    await clock.advance(10)
    api.failure = lambda _: None
    await rig.runner.detach(rig.ledger)
    rig.runner.attach(rig.ledger)
    await clock.advance(100)
    assert rig.ledger.state.counts["processing"] == 3


async def test_what_waited_in_vain_is_due_again_though_nothing_else_happens(api: HeldApi, clock: StoppedClock) -> None:
    """A partition whose only request waits for the one slot, and then for room in the plan, asks again by itself."""
    rig = rig_of(api, clock, concurrency=1)
    other = MemoryLedger(rig.domain.new_state(4))
    api.open.clear()
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    asked = Incoming("tldr.requests.v1", b"b0", encode(make_request("b0", source_url="https://twitch.tv/videos/9")), 1)
    rig.domain.rules["requests"](asked, other.state, other, clock())
    rig.runner.attach(other)
    await breathe()
    api.failure = lambda _: http_error(429, code="concurrency_limit")
    api.open.set()
    await breathe()
    assert other.state.counts["queued"] == 1
    api.failure = lambda _: None
    await clock.advance(300)
    assert other.state.counts["processing"] == 1


async def test_what_is_not_due_any_more_when_the_gate_opens_is_not_called(api: HeldApi, clock: StoppedClock) -> None:
    """A request that was cancelled while it waited is never submitted."""
    rig = rig_of(api, clock)
    api.failure = lambda _: http_error(429, retry_after=100)
    rig.ask(1)
    rig.runner.attach(rig.ledger)
    await breathe()
    api.failure = lambda _: None
    rig.ask(2)
    await clock.advance(10)
    asked = len(api.asked)
    rig.feed("commands", Command(request_id="r1", command_id="c1", command="cancel"))
    await clock.advance(100)
    assert api.asked[asked:].count("POST /streams") == 1
    assert "r1" not in {body["metadata"].get("request_id") for body in api.posts.values()}

"""What is published of a highlight never goes back, although nobody can order a webhook and a read under way."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.rules.lifecycle import OUTCOMES
from pipeline.domain import Outcome
from pipeline.effects.calls import Accepted, Failed, Read
from schemas.records import ObservedHighlight, ObservedStream
from tests.unit.agents.support import START, Bench, observation, seen_highlight, shown_by_read

OLD, NEW = seen_highlight("h1", title="old"), seen_highlight("h1", title="new")


def running() -> Bench:
    """A request whose stream runs."""
    bench = Bench()
    bench.request()
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    return bench


def begin(bench: Bench) -> Read:
    """The next read."""
    call = bench.call()
    assert isinstance(call, Read)
    return call


def end(
    bench: Bench,
    call: Read,
    *highlights: ObservedHighlight,
    began: float | None = None,
    status: str = "processing",
    clean: bool = True,
) -> None:
    """Have a read end now."""
    stream, began = ObservedStream(id="str_1", status=status), bench.now if began is None else began
    whole = call.full or status in OUTCOMES
    bench.finish(call, shown_by_read(stream, *highlights, at=began, until=bench.now, whole=whole, clean=clean))


def titles(bench: Bench) -> list[str]:
    """What was published, in order."""
    return [record.title for record in bench.of("highlights")]


def test_a_webhook_of_the_time_of_a_read_does_not_override_it() -> None:
    """The read may have been the later one: its content stays, and one more read is due soon."""
    bench = running()
    call, began = begin(bench), bench.now
    bench.now += 2
    end(bench, call, NEW, began=began)
    assert bench.observe(observation(OLD, at=began + 1)) == Outcome.FOLDED
    assert titles(bench) == ["new"]
    again = begin(bench)
    assert again.full
    assert bench.now <= began + 2 + bench.policy.poll_min_s
    end(bench, again, NEW)
    assert titles(bench) == ["new"]


def test_the_read_after_a_contradiction_decides() -> None:
    """Where the webhook was the later one, its content comes with the next read."""
    bench = running()
    call, began = begin(bench), bench.now
    bench.now += 2
    end(bench, call, OLD, began=began)
    bench.observe(observation(NEW, at=began + 1))
    end(bench, begin(bench), NEW)
    assert titles(bench) == ["old", "new"]


def test_two_webhooks_of_the_same_instant_are_settled_by_a_read() -> None:
    """The API tells whole seconds: of two contents in one of them the first stays until a read decides."""
    bench = running()
    bench.observe(observation(OLD, at=START + 1))
    assert bench.observe(observation(NEW, at=START + 1)) == Outcome.FOLDED
    assert titles(bench) == ["old"]
    end(bench, begin(bench), NEW)
    assert titles(bench) == ["old", "new"]


def test_an_older_webhook_asks_for_nothing() -> None:
    """What stood before by more than clocks may differ is known to be over: no read is spent on it."""
    bench = running()
    end(bench, begin(bench), NEW)
    due = bench.one().due
    assert bench.observe(observation(OLD, at=bench.now - bench.policy.clock_skew_s - 1)) == Outcome.KNOWN
    assert bench.one().due == due
    assert not bench.one().wants_refresh


def test_a_pass_that_a_webhook_contradicts_does_not_settle() -> None:
    """The request settles with what a pass shows that began after the webhook came."""
    bench = running()
    end(bench, begin(bench), OLD, status="completed")
    call, began = begin(bench), bench.now
    bench.now += 2
    bench.observe(observation(NEW, at=began + 1))
    end(bench, call, OLD, began=began, status="completed")
    assert bench.states()[-1] == "settling"
    end(bench, begin(bench), NEW, status="completed")
    assert bench.states()[-1] == "settling"  # it brought news, so one more
    end(bench, begin(bench), NEW, status="completed")
    assert bench.states()[-1] == "settled"
    assert titles(bench) == ["old", "new"]


def test_a_read_under_way_does_not_override_a_webhook_that_came_in_meanwhile() -> None:
    """However far behind the API's clock is: what came in during a read may be newer than what the read looked at."""
    bench = running()
    call, began = begin(bench), bench.now
    bench.now += 2
    bench.observe(observation(NEW, at=began - 3600))
    end(bench, call, OLD, began=began)
    assert titles(bench) == ["new"]
    end(bench, begin(bench), NEW)
    assert titles(bench) == ["new"]


def test_a_webhook_of_the_future_holds_nothing_up() -> None:
    """An API whose clock is ahead does not keep a later read from correcting what its webhook told."""
    bench = running()
    bench.feed("observations", observation(OLD, at=bench.now + 7 * 86_400.0))
    end(bench, begin(bench), NEW)
    assert titles(bench) == ["old", "new"]


def test_a_status_that_contradicts_a_read_under_way_is_read_again() -> None:
    """A webhook that tells the end during a read that still shows the stream running is not undone by that read."""
    bench = running()
    call, began = begin(bench), bench.now
    bench.now += 2
    bench.observe(observation(stream=ObservedStream(id="str_1", status="completed"), at=began + 1))
    end(bench, call, OLD, began=began, status="processing")
    assert bench.states()[-1] == "settling"
    end(bench, begin(bench), OLD, status="completed")
    assert bench.states()[-1] == "settled"


def test_a_contradiction_during_the_refresh_of_a_settled_request_is_read_again() -> None:
    """A refresh that is contradicted while it runs does not rest until retention: the next read is due soon."""
    bench = running()
    for _ in range(2):
        end(bench, begin(bench), OLD, status="completed")
    bench.command("refresh")
    call, began = begin(bench), bench.now
    bench.now += 2
    bench.observe(observation(NEW, at=began + 1))
    end(bench, call, OLD, began=began, status="completed")
    ended = bench.now
    end(bench, begin(bench), NEW, status="completed")
    assert bench.now <= ended + bench.policy.poll_min_s
    assert titles(bench) == ["old", "new"]


def test_a_refresh_does_not_push_back_what_is_due_before() -> None:
    """A read that is asked for by a contradiction comes by its time at the latest, or earlier if one is due anyway."""
    bench = running()
    end(bench, begin(bench), OLD)
    due = bench.one().due
    assert due is not None
    bench.now = due - 0.5
    bench.observe(observation(NEW, at=bench.now))
    assert bench.one().wants_refresh
    assert bench.one().due == due


def test_a_contradiction_after_the_end_reads_once_more() -> None:
    """A settled request is read again, and its summary follows what that read shows."""
    bench = running()
    for _ in range(2):
        call, began = begin(bench), bench.now
        bench.now += 2
        end(bench, call, OLD, began=began, status="completed")
    assert bench.states()[-1] == "settled"
    bench.observe(observation(NEW, at=began + 1))
    end(bench, begin(bench), NEW, status="completed")
    assert titles(bench) == ["old", "new"]
    assert bench.of("summaries")[-1].revision == 2
    assert bench.begin() is None


def test_a_status_of_the_time_of_a_read_does_not_move_the_request_back() -> None:
    """A late webhook that tells of the start does not reopen a stream that a read saw ended in the same moment."""
    bench = running()
    call, began = begin(bench), bench.now
    bench.now += 2
    end(bench, call, OLD, began=began, status="completed")
    bench.observe(observation(stream=ObservedStream(id="str_1", status="processing"), at=began + 1))
    assert bench.states()[-1] == "settling"
    end(bench, begin(bench), OLD, status="completed")
    assert bench.states()[-1] == "settled"


def test_a_refresh_asked_for_during_a_read_is_not_answered_by_it() -> None:
    """Whoever asks wants to know what stands from now on: the read under way began before."""
    bench = running()
    call = begin(bench)
    assert not call.full
    bench.command("refresh")
    end(bench, call, OLD)
    asked_at = bench.now
    again = begin(bench)
    assert again.full
    assert bench.now <= asked_at + bench.policy.poll_min_s
    end(bench, again, OLD)
    assert not bench.one().wants_refresh


def test_a_refresh_of_a_settled_request_wants_a_clean_pass() -> None:
    """A list in motion is read again, as in the final sweep, and given up after as many passes."""
    bench = running()
    for _ in range(2):
        end(bench, begin(bench), OLD, status="completed")
    bench.command("refresh")
    end(bench, begin(bench), OLD, status="completed", clean=False)
    end(bench, begin(bench), NEW, status="completed")
    assert titles(bench) == ["old", "new"]
    assert not bench.one().wants_refresh
    bench.command("refresh", "c2")
    passes = 0
    while bench.one().wants_refresh:
        end(bench, begin(bench), NEW, status="completed", clean=False)
        passes += 1
    assert passes == bench.policy.sweep_max
    bench.command("refresh", "c3")
    end(bench, begin(bench), NEW, status="completed", clean=False)
    assert bench.one().wants_refresh  # each has all its passes


def test_a_refresh_stays_wanted_while_reads_fail() -> None:
    """A read that brings nothing answers nobody."""
    bench = running()
    bench.command("refresh")
    bench.finish(begin(bench), Failed(fault="unavailable", reason="503"))
    assert begin(bench).full


class World:
    """One highlight of a stream whose content changes now and then, told by webhooks and shown to reads."""

    def __init__(self, changes: Sequence[float], luck: Random) -> None:
        self.changes = [0.0, *sorted(changes)]
        self.luck = luck

    def shown(self, at: float) -> ObservedHighlight:
        """The highlight as it stands at a time, in seconds since the start."""
        return self.content(sum(change <= at for change in self.changes) - 1)

    def content(self, number: int) -> ObservedHighlight:
        """A content by its number."""
        return seen_highlight("h1", title=f"{number}")

    def stamp(self, number: int, skew: float) -> float:
        """What the API's clock, in whole seconds, says of a content's beginning."""
        return float(int(START + self.changes[number] + skew))

    def webhooks(self) -> list[tuple[float, int]]:
        """When each content is told, late by any time, some twice: (time of delivery, number), in order."""
        told: list[tuple[float, int]] = []
        for number, change in enumerate(self.changes):
            times = self.luck.choice((0, 1, 1, 2))
            told += [(change + self.luck.random() ** 2 * 30, number) for _ in range(times)]
        return sorted(told)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(st.floats(0.1, 40.0), max_size=8, unique=True),
    seed=st.integers(0, 2**32),
    skew=st.one_of(st.floats(-3.9, 3.9), st.floats(-1e4, 1e4)),
)
def test_contents_never_go_back(changes: list[float], seed: int, skew: float) -> None:
    """Whatever is lost, late or doubled, and however long reads take: contents come in their order, to the last.

    Whatever the API's clock says; should it be behind by more than the policy allows, the last may be missed.
    """
    world = World(changes, Random(seed))
    bench = running()
    told = world.webhooks()

    def deliver(until: float) -> None:
        while told and told[0][0] <= until:
            at, number = told.pop(0)
            bench.now = max(bench.now, START + at)
            bench.feed("observations", observation(world.content(number), at=world.stamp(number, skew)))

    while bench.one().state != "settled" or told or bench.one().wants_refresh:
        due = bench.domain.effects.next_due(bench.state)
        if bench.one().state == "settled" and not bench.one().wants_refresh:
            deliver(told[0][0])
            continue
        assert due is not None
        deliver(due - START)
        call, began = begin(bench), bench.now
        ends = began + world.luck.random() * 6
        looked = world.luck.uniform(began, ends)
        deliver(ends - START)
        bench.now = max(bench.now, ends)
        status = "completed" if began > START + 42.0 else "processing"
        end(bench, call, world.shown(looked - START), began=began, status=status)
    numbers = [int(title) for title in titles(bench)]
    assert numbers == sorted(set(numbers)), numbers
    if skew > -4.0:
        assert numbers[-1] == len(world.changes) - 1


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_spans_of_one_content_are_merged(seed: int) -> None:
    """The same content seen over several spans, in any order, is known from the latest start to the latest end."""
    luck = Random(seed)
    spans = [
        (at := luck.uniform(0, 50), at + luck.choice((0.0, luck.uniform(0, 20)))) for _ in range(luck.randint(1, 6))
    ]
    bench = running()
    for since, until in luck.sample(spans, len(spans)):
        bench.feed("observations", observation(OLD, at=START + since, until=START + until, source="poll"))
    known = bench.state.entries["r1"].highlights["h1"]
    since, until = max(s for s, _ in spans), max(u for _, u in spans)
    assert abs(known.observed_at - START - since) < 1e-5
    assert abs(max(known.observed_until, known.observed_at) - START - until) < 1e-5

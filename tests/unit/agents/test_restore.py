"""Live state and restored state cannot differ, whatever happened and in whatever order."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.profiles import General, Profiles
from pipeline.effects.calls import (
    Accepted,
    Call,
    Failed,
    Fault,
    Fetched,
    FetchTranscript,
    Locate,
    Located,
    Read,
    Result,
    Seen,
    Stop,
    Stopped,
    Submit,
)
from schemas.records import Command, CommandKind, Highlight, ObservedHighlight, ObservedStream, RecordError
from tests.unit.agents.sample_profile import Sample
from tests.unit.agents.support import START, Bench, make_request, observation, seen_highlight, shown_by_read

REQUESTS = ("r1", "r2")
OF_A_REQUEST: dict[str, dict[str, Any]] = {
    "r1": {},
    "r2": {"profile": "sample", "metadata": {"transcript": {"url": "https://files.example/a.vtt"}}},
}
STATUSES = ("pending", "processing", "completed", "error", "cancelled", "paused")
FAULTS: tuple[Fault, ...] = (
    "never_sent",
    "refused",
    "throttled",
    "no_slot",
    "credentials",
    "ambiguous",
    "gone",
    "unavailable",
    "unreadable",
)
SMALL: dict[str, Any] = {
    "retain_s": 400.0,
    "parked_for_s": 200.0,
    "doubt_for_s": 100.0,
    "sweep_max": 3,
    "locate_tries": 2,
    "max_submissions": 2,
    "parked_per_request": 4,
    "full_read_every": 3,
}


class Chaos:
    """Does whatever may happen to a partition, drawn from one seed."""

    def __init__(self, seed: int, in_doubt: str = "resubmit", closed_for_s: float = 300.0) -> None:
        self.luck = Random(seed)
        policy = {"jitter": 0.0, "in_doubt": in_doubt, "closed_for_s": closed_for_s, **SMALL}
        self.bench = Bench(seed, profiles=Profiles((General(), Sample())), **policy)
        self.rejected: list[str] = []

    def run(self, steps: int) -> None:
        """Take so many steps."""
        acts = [self.ask, self.command, self.pass_time, *[self.observe] * 2, *[self.effect] * 3]
        for _ in range(steps):
            self.luck.choice(acts)()

    def ask(self) -> None:
        """Send a request, for the first time or again."""
        fields = {} if self.luck.random() < 0.9 else {"tenant": "other"}
        headers = [("tldr-redriven", b"1")] if self.luck.random() < 0.3 else []
        request_id = self.luck.choice(REQUESTS)
        self.feed("requests", make_request(request_id, **OF_A_REQUEST[request_id], **fields), headers)

    def observe(self) -> None:
        """Send an observation, perhaps out of order."""
        some = [self.highlight() for _ in range(self.luck.randint(0, 3))]
        stream = self.stream() if self.luck.random() < 0.4 else None
        at = self.bench.now - self.luck.choice((0, 1, 5, 30))
        until = self.luck.choice((None, at, at + 1, self.bench.now))
        told = observation(
            *some,
            at=at,
            until=until,
            stream=stream,
            request_id=self.luck.choice(REQUESTS),
            name=f"evt_{self.luck.randint(0, 9)}",
        )
        self.feed("observations", told)

    def command(self) -> None:
        """Send a command."""
        kind: CommandKind = self.luck.choice(("stop", "cancel", "refresh", "refresh"))
        number = self.luck.randint(0, 5)
        self.feed("commands", Command(request_id=self.luck.choice(REQUESTS), command_id=f"c{number}", command=kind))

    def effect(self) -> None:
        """Run an effect, or jump to the next one that is due."""
        begun = self.bench.begin()
        if begun is None:
            due = self.bench.domain.effects.next_due(self.bench.state)
            if due is not None and due < self.bench.now + 1_000:
                self.bench.now = max(self.bench.now, due)
            return
        self.bench.taken, call = begun
        if self.luck.random() < 0.15:  # the partition left meanwhile: the result is lost
            self.bench.domain.effects.release(self.bench.state, self.bench.taken)
            return
        if self.luck.random() < 0.3:
            self.luck.choice((self.observe, self.command))()
        self.bench.now += self.luck.choice((0.0, 0.5, 20.0))
        self.bench.finish(call, self.result(call))

    def pass_time(self) -> None:
        """Let time pass."""
        self.bench.now += self.luck.choice((0.1, 1.0, 10.0, 150.0))

    def result(self, call: Call) -> Result:
        """Draw what comes of a call."""
        if self.luck.random() < 0.35:
            return Failed(fault=self.luck.choice(FAULTS), reason="drawn", retry_after=self.luck.choice((None, 3.0)))
        at = self.bench.now - 0.5
        match call:
            case Submit():
                return Accepted(self.stream(), at)
            case Read():
                some = [self.highlight(call.stream_id) for _ in range(self.luck.randint(0, 3))]
                total = self.luck.randint(0, 5)
                stream = ObservedStream(id=call.stream_id, status=self.luck.choice(STATUSES), highlights_found=total)
                return Seen(
                    observed_at=at,
                    observed_until=self.bench.now,
                    stream=stream,
                    highlights=some,
                    total=total,
                    whole=self.luck.random() < 0.7,
                    clean=self.luck.random() < 0.5,
                )
            case Stop():
                return Stopped()
            case FetchTranscript():
                return Fetched(text="WEBVTT", media_type="text/vtt")
            case Locate():
                found = {nonce: self.stream() for nonce in call.nonces if self.luck.random() < 0.3}
                return Located(found, at)

    def highlight(self, stream_id: str | None = None) -> ObservedHighlight:
        """Draw a highlight."""
        number = self.luck.randint(0, 4)
        title = self.luck.choice(("first", "second"))
        stream_id = stream_id if stream_id is not None else self.luck.choice(("", "str_1", "str_2"))
        return seen_highlight(
            f"h{number}", title=title, confidence_score=self.luck.choice((0.2, 0.5, 0.9)), stream_id=stream_id
        )

    def stream(self) -> ObservedStream:
        """Draw a stream's status."""
        return ObservedStream(id=self.luck.choice(("str_1", "str_2", "str_3")), status=self.luck.choice(STATUSES))

    def feed(self, topic: str, record: object, headers: object = ()) -> None:
        """Feed a record, and check that one that is refused staged nothing."""
        published, written = len(self.bench.stage.published), len(self.bench.stage.log)
        try:
            self.bench.feed(topic, record, headers=headers)  # type: ignore[arg-type]  # drawn above
        except RecordError as error:
            self.rejected.append(error.code)
            assert (published, written) == (len(self.bench.stage.published), len(self.bench.stage.log))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 250),
    in_doubt=st.sampled_from(("resubmit", "hold", "dead_letter")),
)
def test_restored_state_equals_live_state(seed: int, steps: int, in_doubt: str) -> None:
    """Folding the written records from scratch gives the live state, from the whole log and from a compacted one.

    And what is refused with a RecordError has staged nothing before.
    """
    chaos = Chaos(seed, in_doubt)
    chaos.run(steps)
    live = chaos.bench.state.snapshot()
    assert chaos.bench.stage.restored().snapshot() == live
    assert chaos.bench.stage.restored(compacted=True).snapshot() == live


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 250))
def test_seq_is_gapless_and_revisions_count_up(seed: int, steps: int) -> None:
    """Per request and epoch, seq counts from 1 without gaps, and each highlight's revision does."""
    chaos = Chaos(seed, closed_for_s=1e9)
    chaos.run(steps)
    runs: dict[str, list[Highlight]] = {}
    for item in chaos.bench.stage.published:
        if item.topic == "highlights":
            event = dict(item.headers)["ce_id"].decode()
            runs.setdefault(event.split("/")[0], []).append(decoded(item.value))
    for records in runs.values():
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        revisions: dict[str, int] = {}
        for record in records:
            revisions[record.highlight_id] = revisions.get(record.highlight_id, 0) + 1
            assert record.revision == revisions[record.highlight_id]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 250),
    in_doubt=st.sampled_from(("resubmit", "hold", "dead_letter")),
)
def test_an_event_id_is_used_for_one_record(seed: int, steps: int, in_doubt: str) -> None:
    """Whatever happens, no two records of a topic share a ``ce_id``: a consumer may drop what it has seen."""
    chaos = Chaos(seed, in_doubt, closed_for_s=1e9)
    chaos.run(steps)
    events = [
        (item.topic, dict(item.headers)["ce_id"])
        for item in chaos.bench.stage.published
        if item.topic != "dead-letters"
    ]
    assert len(events) == len(set(events))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_every_request_comes_to_rest(seed: int) -> None:
    """Whatever happened before, an API that answers brings each request to an end or to a person, and then forgets it.

    Nothing is left due for ever, and no effect is asked for again and again without time passing.
    """
    chaos = Chaos(seed)
    chaos.run(100)
    bench = chaos.bench
    for _ in range(400):
        due = bench.domain.effects.next_due(bench.state)
        if due is None:
            break
        bench.now = max(bench.now, due)
        begun = bench.begin()
        if begun is not None:
            bench.taken, call = begun
            bench.finish(call, perfect(call, bench.now))
    else:
        pytest.fail("effects never end")
    held = [entry for entry in bench.state.entries.values() if entry.request is not None]
    assert all(entry.request.state == "in_doubt" for entry in held)  # type: ignore[union-attr]
    assert not bench.state.closed


def perfect(call: Call, now: float) -> Result:
    """What an API without faults answers."""
    match call:
        case Submit():
            return Accepted(ObservedStream(id=f"str_{call.nonce}", status="pending"), now)
        case Read():
            stream = ObservedStream(id=call.stream_id, status="completed")
            return shown_by_read(stream, at=now)
        case Stop():
            return Stopped()
        case FetchTranscript():
            return Fetched(text="", media_type="")
        case Locate():
            return Located({}, now)


@settings(max_examples=150, deadline=None)
@given(
    contents=st.dictionaries(
        st.tuples(st.sampled_from(("h1", "h2", "h3")), st.integers(0, 6)),
        st.sampled_from(("a", "b", "c")),
        min_size=1,
        max_size=12,
    ),
    shuffle=st.randoms(use_true_random=False),
)
def test_order_and_repetition_do_not_matter(contents: dict[tuple[str, int], str], shuffle: Random) -> None:
    """Observations in any order and repeated end with the same content of each highlight: the latest one wins."""
    drawn = [(highlight_id, at, title) for (highlight_id, at), title in contents.items()]
    ends = []
    for again in (False, True):
        todo = [*drawn, *shuffle.sample(drawn, len(drawn) // 2)] if again else list(drawn)
        if again:
            shuffle.shuffle(todo)
        bench = Bench()
        bench.request()
        for highlight_id, at, title in todo:
            shown = seen_highlight(highlight_id, title=title, stream_id="str_1")
            bench.observe(observation(shown, at=START + at, source="poll"))
        ends.append({highlight.highlight_id: highlight.title for highlight in bench.of("highlights")})
    assert ends[0] == ends[1]
    for highlight_id, title in ends[0].items():
        newest = max(at for name, at in contents if name == highlight_id)
        assert title == contents[highlight_id, newest]


def decoded(value: bytes | None) -> Highlight:
    """Decode a highlight record."""
    return msgspec.json.decode(value or b"", type=Highlight)

"""A stage in memory, and short ways to make records. Used by the tests of rules and of the runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from agents.domain import HighlightDomain
from agents.ledger_records import HighlightState, RequestState
from agents.policy import Policy
from agents.profiles import Prepared, Profiles
from agents.state import PartitionState
from pipeline.domain import Headers, Outcome
from pipeline.effects.calls import Accepted, Call, FetchTranscript, Read, Result, Seen, Submit
from schemas.records import (
    Command,
    CommandKind,
    Counts,
    FollowUp,
    Highlight,
    Moment,
    Notification,
    Observation,
    ObservationSource,
    ObservedHighlight,
    ObservedStream,
    Request,
    Stream,
    Summary,
    Tournament,
    TournamentSighting,
    encode,
)

START = 1_800_000_000.0
RECORDS = {
    "follow-ups": FollowUp,
    "highlights": Highlight,
    "moments": Moment,
    "notifications": Notification,
    "streams": Stream,
    "summaries": Summary,
    "tournament-sightings": TournamentSighting,
    "tournaments": Tournament,
}


@dataclass
class Incoming:
    """A consumed record."""

    topic: str
    key: bytes | None
    value: bytes | None
    offset: int = 0
    partition: int = 3
    timestamp: int = int(START * 1000)
    headers: Headers = ()


@dataclass
class Published:
    """An output record."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None


@dataclass
class MemoryStage:
    """Folds as the ledger does, and keeps what it would write: every state record as bytes, in order."""

    state: PartitionState
    log: list[tuple[str, bytes | None]] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Fold a state record, and keep its bytes."""
        self.log.append((key, None if value is None else msgspec.json.encode(value)))
        self.state.fold(key, value)

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        """Keep an output record."""
        self.published.append(Published(topic, key, value, list(headers), partition))

    def restored(self, *, compacted: bool = False) -> PartitionState:
        """A state folded from scratch, as a worker that gains the partition does."""
        state = PartitionState(self.state.partition)
        last = {key: place for place, (key, _) in enumerate(self.log)}
        for place, (key, value) in enumerate(self.log):
            if compacted and (last[key] != place or value is None):
                continue
            state.fold(key, None if value is None else state.decode(key, value))
        return state


class Bench:
    """A domain, one partition's state and a stage, with a clock that stands still until a test moves it."""

    def __init__(
        self, seed: int = 7, domain: HighlightDomain | None = None, profiles: Profiles | None = None, **policy: Any
    ) -> None:
        self.now = START
        self.policy = Policy(**{"jitter": 0.0, **policy})
        self.domain = domain or HighlightDomain(self.policy, Random(seed), profiles=profiles)
        self.state = self.domain.new_state(3)
        self.stage = MemoryStage(self.state)
        self._offsets: dict[str, int] = {}

    # -- in

    def feed(
        self, topic: str, record: msgspec.Struct | bytes, *, key: str | None = None, headers: Headers = ()
    ) -> Outcome:
        """Have the rule of a topic decide about one record."""
        value = record if isinstance(record, bytes) else encode(record)
        request_id = key if key is not None else getattr(record, "request_id", "r1")
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        incoming = Incoming(f"tldr.{topic}.v1", request_id.encode(), value, offset, headers=headers)
        return self.domain.rules[topic](incoming, self.state, self.stage, self.now)

    def request(self, request_id: str = "r1", **fields: Any) -> Outcome:
        """Feed a request."""
        return self.feed("requests", make_request(request_id, **fields))

    def command(self, kind: CommandKind, command_id: str = "c1", request_id: str = "r1") -> Outcome:
        """Feed a command."""
        return self.feed("commands", Command(request_id=request_id, command_id=command_id, command=kind))

    def observe(self, observation: Observation) -> Outcome:
        """Feed an observation, no earlier than what it tells."""
        self.now = max(self.now, observation.observed_at.timestamp())
        return self.feed("observations", observation)

    # -- effects

    def begin(self) -> tuple[str, Call] | None:
        """Take what is due, up to the first call."""
        while (request_id := self.domain.effects.take_due(self.state, self.now)) is not None:
            before = self._known(request_id)
            calls_api = self.domain.effects.calls_api(self.state, request_id, self.now)
            call = self.domain.effects.begin(self.state, request_id, self.stage, self.now)
            assert calls_api or call is None or isinstance(call, FetchTranscript), "it would not wait for the API"
            if call is not None:
                assert calls_api != isinstance(call, FetchTranscript)
                return request_id, call
            if self._known(request_id) == before:
                again = self.state.take_due(self.now)
                assert again != request_id, "an effect that does nothing is due again at once: it would spin"
                if again is not None:
                    self.state.release(again)
        return None

    def _known(self, request_id: str) -> Any:
        entry = self.state.entries.get(request_id)
        return self.state.closed.get(request_id), None if entry is None else entry.snapshot()

    def call(self) -> Call:
        """The next call that is due, moving the clock to it."""
        begun = self.begin()
        while begun is None:
            due = self.domain.effects.next_due(self.state)
            assert due is not None, "nothing is due any more"
            self.now = max(self.now, due)
            begun = self.begin()
        self.taken, call = begun
        return call

    def wait(self, until: float) -> None:
        """Let time pass; what is due meanwhile is done at its time, and calls nothing."""
        while (due := self.domain.effects.next_due(self.state)) is not None and due <= until:
            self.now = max(self.now, due)
            assert self.begin() is None
        self.now = max(self.now, until)

    def finish(self, call: Call, result: Result) -> None:
        """Fold what came of the call taken last."""
        self.domain.effects.finish(self.state, self.taken, call, result, self.stage, self.now)

    def accept(self, stream: ObservedStream) -> None:
        """Answer the next call, a submission: this stream was made."""
        call = self.call()
        assert isinstance(call, Submit)
        self.finish(call, Accepted(stream, self.now))

    def read(self, stream: ObservedStream, *highlights: ObservedHighlight) -> None:
        """Answer the next call, a read of a second: this is all there is."""
        call = self.call()
        assert isinstance(call, Read)
        self.now += 1
        self.finish(call, shown_by_read(stream, *highlights, at=self.now - 0.5, until=self.now))

    # -- out

    def of(self, topic: str) -> list[Any]:
        """The records published on a topic, decoded."""
        values = [item.value for item in self.stage.published if item.topic == topic]
        return [msgspec.json.decode(value, type=RECORDS[topic]) for value in values if value is not None]

    def states(self, request_id: str = "r1") -> list[str]:
        """The states of a request, as published."""
        return [record.state for record in self.of("streams") if record.request_id == request_id]

    def dead_letters(self) -> list[Published]:
        """The dead letters published."""
        return [item for item in self.stage.published if item.topic == "dead-letters"]

    def one(self, request_id: str = "r1") -> RequestState:
        """The state record of a request."""
        request = self.state.entries[request_id].request
        assert request is not None
        return request


def make_request(request_id: str = "r1", **fields: Any) -> Request:
    """A request that is fine, but for the fields given."""
    return Request(
        **{"request_id": request_id, "tenant": "acme", "source_url": "https://twitch.tv/videos/42", **fields}
    )


def seen_highlight(highlight_id: str, **fields: Any) -> ObservedHighlight:
    """A highlight as the API shows it, with the fields given."""
    return ObservedHighlight(
        **{
            "id": highlight_id,
            "title": f"Title of {highlight_id}",
            "timestamp": 60.0,
            "duration": 30.0,
            "confidence_score": 0.8,
            "tags": ["Epic Goal"],
            **fields,
        }
    )


def shown_by_read(
    stream: ObservedStream,
    *highlights: ObservedHighlight,
    at: float,
    until: float | None = None,
    whole: bool = True,
    clean: bool = True,
) -> Seen:
    """What a read shows, at a time or from it until another: all there is, but for what is given."""
    return Seen(
        observed_at=at,
        observed_until=at if until is None else until,
        stream=stream,
        highlights=list(highlights),
        total=len(highlights),
        whole=whole,
        clean=clean,
    )


def observation(
    *highlights: ObservedHighlight,
    at: float = START,
    until: float | None = None,
    source: ObservationSource = "webhook",
    stream: ObservedStream | None = None,
    request_id: str = "r1",
    name: str = "evt",
) -> Observation:
    """One observation, at a time in unix seconds, or at some time until another."""
    return Observation(
        request_id=request_id,
        observation_id=name,
        source=source,
        observed_at=datetime.fromtimestamp(at, UTC),
        observed_until=None if until is None else datetime.fromtimestamp(until, UTC),
        stream=stream,
        highlights=list(highlights),
    )


def remembered(shown: ObservedHighlight, rules: Prepared) -> HighlightState:
    """What is remembered of a highlight."""
    note = rules.enrich(shown, []).note
    start, long, title = shown.timestamp, shown.duration, shown.title[:120]
    return HighlightState(1, 1, 1, 1, 0.0, shown.confidence_score, start, long, 0, 0, title, note)


def summary_of(document: Mapping[str, Any]) -> Summary:
    """The summary of a request that is fine, with that document."""
    asked, at = make_request(), datetime.fromtimestamp(START, UTC)
    return Summary(
        request_id=asked.request_id,
        tenant=asked.tenant,
        revision=1,
        outcome="completed",
        count=1,
        last_seq=1,
        counts=Counts(),
        ids_sha256="",
        profile="general@1",
        source_url=asked.source_url,
        accepted_at=at,
        settled_at=at,
        document=dict(document),
    )


def header(headers: Headers | Sequence[tuple[str, bytes]], name: str) -> str:
    """The text of a header."""
    return dict(headers)[name].decode()


def contents(highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """The final title by highlight id."""
    return {highlight.highlight_id: highlight.title for highlight in highlights}

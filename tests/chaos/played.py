"""A match and a meeting from request to summary in memory, as the oracles read it: to plant faults in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profile_setup import OURS
from agents.profiles import General, Profiles
from pipeline.effects.calls import Accepted, Call, Read, Seen, Submit
from schemas.records import ObservedHighlight, ObservedStream
from tests.chaos import reading
from tests.chaos.load import VIEWS, WEDNESDAY, request_record
from tests.unit.agents.support import START, Bench, seen_highlight, shown_by_read
from tests.unit.agents.tournament_support import of_script

MAIN, VIEW, MEETING = (request_record(1, number)[0] for number in (0, 4, 2))
"""Two streams of one match, and a meeting."""

BEFORE_S = WEDNESDAY.timestamp() - START - 3_600.0
"""What is due on Wednesday is reminded of an hour after the start, what is due on Monday at once."""

POLICY = Policy(
    jitter=0.0,
    notify_above=0.7,
    notify_burst=2,
    notify_per_s=0.001,
    remind_before_s=BEFORE_S,
    allowed_hosts=("video.example",),
)
AS_OF = WEDNESDAY - timedelta(seconds=BEFORE_S) + timedelta(hours=1)
"""When everything is told that is due."""


class Played:
    """What was published.

    Attributes:
        asked: values of the requests by their ids.
    """

    def __init__(self) -> None:
        profiles = Profiles([General(), *(make(None) for make in OURS.values())])
        self._bench = Bench(domain=HighlightDomain(POLICY, Random(7), profiles=profiles))
        self._told = 0
        self._shown = {MAIN: _match(0), VIEW: _match(1), MEETING: _meeting("Wednesday", "Monday", "Friday")}
        self.asked = dict(request_record(1, number) for number in (0, 4, 2))
        for request_id, value in self.asked.items():
            self._bench.feed("requests", value, key=request_id)
        self._until(START + 600.0)
        self._shown |= {MAIN: _match(0, added=" again"), MEETING: _meeting("Wednesday", "Friday")}
        for request_id in (MAIN, MEETING):
            self._bench.command("refresh", f"again-{request_id}", request_id)
        self._until(AS_OF.timestamp())

    def reads(self, topic: str) -> list[reading.Read]:
        """All records of a topic."""
        records = [record for record in self._bench.stage.published if record.topic == topic]
        return [reading.Read(0, place, record.key, record.value, {}) for place, record in enumerate(records)]

    def _until(self, end: float) -> None:
        """Do what is due until then, each at its time."""
        bench = self._bench
        while (due := bench.domain.effects.next_due(bench.state)) is not None and due <= end:
            bench.now = max(bench.now, due)
            begun = bench.begin()
            if begun is not None:
                self._answer(*begun)
            news = bench.of("tournament-sightings")
            for seen in news[self._told :]:
                bench.feed("tournament-sightings", seen, key=f"{seen.tenant}/{seen.stream.tournament_id}")
            self._told = len(news)
        bench.now = end

    def _answer(self, request_id: str, call: Call) -> None:
        """Answer a call of a request: its stream has ended."""
        bench = self._bench
        bench.now += 1.0
        stream = ObservedStream(id=f"str-{request_id}", status="completed")
        result: Accepted | Seen = Accepted(stream, bench.now)
        if not isinstance(call, Submit):
            assert isinstance(call, Read)
            result = shown_by_read(stream, *self._shown[request_id], at=bench.now - 0.5, until=bench.now)
        bench.domain.effects.finish(bench.state, request_id, call, result, bench.stage, bench.now)


def _match(view: int, added: str = "") -> Sequence[ObservedHighlight]:
    return of_script(VIEWS[view]["script"], f"hl-{view}", added)


def _meeting(*due: str) -> Sequence[ObservedHighlight]:
    """A meeting in which Bjorn has something to send by each of these days."""
    things = ("price list", "letter to the partners", "budget figures")
    return [
        seen_highlight(
            f"hl-{place}",
            title=f"Action item: Bjorn to send the {thing}",
            description=f"Bjorn will send the {thing} to Priya by {day}.",
            timestamp=60.0 * place,
            tags=[],
        )
        for place, (thing, day) in enumerate(zip(things, due, strict=False))
    ]

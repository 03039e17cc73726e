"""From a meeting's highlight to the record that opens its action item, and the reminder before it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profiles import General, Profiles
from agents.profiles.meetings import Meetings
from pipeline.effects.calls import Accepted, Seen
from schemas.records import ObservedStream
from tests.unit.agents.support import Bench, seen_highlight

ENDED = ObservedStream(id="s1", status="completed")
SAID = "I will send the budget to finance by next Friday."


def test_an_action_item_is_opened_and_reminded_of() -> None:
    """Due at five in the meeting's time zone on the day that was said; reminded of a day before."""
    domain = HighlightDomain(Policy(jitter=0.0), Random(7), profiles=Profiles((General(), Meetings())))
    bench = Bench(domain=domain, jitter=0.0)
    bench.request(profile="meetings", metadata={"date": "2027-01-15T09:00:00", "timezone": "Europe/Berlin"})
    bench.finish(bench.call(), Accepted(ENDED, bench.now))
    while not bench.of("summaries"):
        call = bench.call()
        bench.now += 1
        shown = [seen_highlight("h1", title="Budget", description=SAID)]
        seen = Seen(
            observed_at=bench.now - 0.5,
            observed_until=bench.now,
            stream=ENDED,
            highlights=shown,
            total=1,
            whole=True,
            clean=True,
        )
        bench.finish(call, seen)
    (opened,) = bench.of("follow-ups")
    due = datetime(2027, 1, 22, 16, 0, tzinfo=UTC)
    assert (opened.kind, opened.text, opened.due) == ("opened", SAID, due)
    assert opened.evidence == bench.of("summaries")[-1].document["actions"][0]["evidence"]
    bench.now = (due - timedelta(hours=24)).timestamp()
    assert bench.begin() is None
    assert [record.kind for record in bench.of("follow-ups")] == ["opened", "reminder"]

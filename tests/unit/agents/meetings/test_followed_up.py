"""From a meeting's highlight to the record that opens its action item, and the reminder before it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agents.profiles import General, Profiles
from agents.profiles.meetings import Meetings
from schemas.records import ObservedStream
from tests.unit.agents.support import Bench, seen_highlight

ENDED = ObservedStream(id="s1", status="completed")
SAID = "I will send the budget to finance by next Friday."


def test_an_action_item_is_opened_and_reminded_of() -> None:
    """Due at five in the meeting's time zone on the day that was said; reminded of a day before."""
    bench = Bench(profiles=Profiles((General(), Meetings())))
    bench.request(profile="meetings", metadata={"date": "2027-01-15T09:00:00", "timezone": "Europe/Berlin"})
    bench.accept(ENDED)
    while not bench.of("summaries"):
        bench.read(ENDED, seen_highlight("h1", title="Budget", description=SAID))
    (opened,) = bench.of("follow-ups")
    due = datetime(2027, 1, 22, 16, 0, tzinfo=UTC)
    assert (opened.kind, opened.text, opened.due) == ("opened", SAID, due)
    assert opened.evidence == bench.of("summaries")[-1].document["actions"][0]["evidence"]
    bench.now = (due - timedelta(hours=24)).timestamp()
    assert bench.begin() is None
    assert [record.kind for record in bench.of("follow-ups")] == ["opened", "reminder"]

"""Short ways to hold a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from agents.ledger_records import HighlightState
from agents.profiles.meetings import Meetings
from agents.profiles.meetings.profile import PreparedMeetings
from agents.profiles.profile import Enriched
from schemas.records import ObservedHighlight
from tests.unit.agents.support import START, make_request, seen_highlight

MEETINGS = Meetings()
PEOPLE = ["Anna Berger", "Ben Okafor", "Chiara Rossi", "Will Turner"]
TUESDAY = "2026-03-10T10:00:00"


def prepared(profile: Meetings = MEETINGS, **metadata: Any) -> PreparedMeetings:
    """The rules for a meeting on a Tuesday, with that metadata over it."""
    given = {"meeting_id": "m1", "attendees": PEOPLE, "date": TUESDAY, "timezone": "Europe/Zurich", **metadata}
    return profile.prepare(make_request(metadata=given), None)


def spoken(*turns: tuple[str, str], **metadata: Any) -> PreparedMeetings:
    """The rules for a meeting in which that was said, ten seconds each."""
    segments = [
        {"start": 10.0 * place, "end": 10.0 * place + 9, "speaker": speaker, "text": text}
        for place, (speaker, text) in enumerate(turns)
    ]
    return prepared(transcript=segments, **metadata)


def shown(title: str = "", description: str = "", **fields: Any) -> ObservedHighlight:
    """A highlight over the first minutes of a meeting."""
    given = {"timestamp": 0.0, "duration": 600.0, "tags": [], **fields}
    return seen_highlight(given.pop("id", "h1"), title=title, description=description, **given)


def items(enriched: Enriched, kind: str | None = None) -> list[dict[str, Any]]:
    """The items of an enriched highlight as JSON has them; those of one kind, if it is named."""
    found: list[dict[str, Any]] = msgspec.to_builtins(enriched.enrichment["items"])
    return [item for item in found if kind in (None, item["kind"])]


def said(*turns: tuple[str, str], kind: str | None = None, **metadata: Any) -> list[dict[str, Any]]:
    """The items of what was said."""
    return items(spoken(*turns, **metadata).enrich(shown(), []), kind)


def state(rules: PreparedMeetings, highlight: ObservedHighlight) -> HighlightState:
    """What the ledger keeps of a highlight, as a restore brings it back."""
    enriched = rules.enrich(highlight, [])
    note = msgspec.json.decode(msgspec.json.encode(enriched.note))
    title = enriched.shown.title if enriched.shown else highlight.title
    return HighlightState(
        1, 1, 1, 0, START, highlight.confidence_score, highlight.timestamp, highlight.duration, 0, 0, title, note
    )


def minutes(rules: PreparedMeetings, highlights: Sequence[ObservedHighlight]) -> dict[str, Any]:
    """The minutes of highlights, as JSON has them."""
    document: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(rules.document({one.id: state(rules, one) for one in highlights}))
    )
    return document

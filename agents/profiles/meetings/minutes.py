"""The minutes: attendees, decisions, actions, open questions, topics with their times; what is to be followed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from agents.ledger_records import HighlightState
from agents.profiles.follow_up import FollowUpItem
from agents.profiles.meetings.asked import Meeting
from agents.profiles.meetings.merging import merged
from agents.profiles.meetings.people import People
from agents.profiles.meetings.privacy import Privacy
from agents.profiles.meetings.topics import Agenda
from agents.profiles.meetings.wording import Teller, as_found
from agents.profiles.transcript import Transcript

MOST_OF_A_KIND = 200
"""Decisions, actions and questions in the minutes; the surest when there are more."""

MOST_TOLD = 500
"""Highlights, the first, whose items are told in whole sentences: it takes a millisecond each. Others stay as found."""

MOST_DISCUSSIONS = 50
MOST_TOPICS = 100
BEST_LINES = 5
"""Lines of the summary."""

DUE_AT = time(17, 0)
"""Until when, in the meeting's time zone, something is due on a day."""


class MinutesMaker:
    """Makes the minutes of one meeting."""

    def __init__(
        self, meeting: Meeting, people: People, privacy: Privacy, agenda: Agenda, transcript: Transcript, teller: Teller
    ) -> None:
        self._meeting = meeting
        self._people = people
        self._privacy = privacy
        self._agenda = agenda
        self._transcript = transcript
        self._teller = teller

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Return the minutes; the order of the highlights is of no account."""
        ordered = sorted(highlights.items(), key=lambda one: (one[1].start_s, one[0]))
        notes = [state.note if isinstance(state.note, dict) else {} for _, state in ordered]
        told = (
            self._teller.told(note, state.start_s, state.duration_s) if place < MOST_TOLD else as_found(note)
            for place, (note, (_, state)) in enumerate(zip(notes, ordered, strict=True))
        )
        items = merged(item for one in told for item in one)
        kinds = {kind: _surest([item for item in items if item["kind"] == kind]) for kind in _SECTIONS}
        return {
            "meeting": self._about(),
            "summary": _summary(kinds, len(ordered)),
            "attendees": [self._privacy.name(place) for place in range(len(self._people.attendees))],
            **{section: kinds[kind] for kind, section in _SECTIONS.items()},
            "discussions": self._discussions(ordered),
            "topics": self._topics(ordered),
            "privacy": self._privacy.stated(),
            "transcript": self._status(),
        }

    def _about(self) -> dict[str, Any]:
        meeting = self._meeting
        return {
            "meeting_id": self._privacy.text(meeting.meeting_id),
            "title": self._privacy.text(meeting.title),
            "date": meeting.starts.astimezone(meeting.zone).isoformat(timespec="minutes") if meeting.starts else None,
            "day_only": meeting.day_only,
            "timezone": meeting.zone.key,
        }

    def _status(self) -> dict[str, Any]:
        segments = len(self._transcript.segments)
        problem = self._privacy.text(self._transcript.problem)
        status = "read" if segments else "failed" if problem else "none"
        return {"status": status, "segments": segments, "problem": problem, "cut": self._transcript.cut}

    def _discussions(self, ordered: Sequence[tuple[str, HighlightState]]) -> list[dict[str, Any]]:
        found = []
        for highlight_id, state in ordered:
            note = state.note if isinstance(state.note, dict) else {}
            if all(item["kind"] == "discussion" for item in note.get("items", [])):
                place = {"highlight_id": highlight_id, "title": state.title, "start_s": state.start_s}
                found.append((-state.confidence, state.start_s, highlight_id, place))
        best = sorted(found, key=lambda one: one[:3])[:MOST_DISCUSSIONS]
        return sorted((one[3] for one in best), key=lambda place: (place["start_s"], place["highlight_id"]))

    def _topics(self, ordered: Sequence[tuple[str, HighlightState]]) -> list[dict[str, Any]]:
        """The points of the agenda with the times at which they are spoken of; without one, the highlights' titles."""
        if not self._agenda.points:
            return [
                {"topic": state.title, "start_s": state.start_s, "end_s": _end(state), "highlights": 1}
                for _, state in ordered[:MOST_TOPICS]
            ]
        topics = []
        for place, point in enumerate(self._agenda.points):
            spoken = [s for _, s in ordered if isinstance(s.note, dict) and s.note.get("topic") == place]
            topics.append(
                {
                    "topic": self._privacy.text(point),
                    "start_s": spoken[0].start_s if spoken else None,
                    "end_s": max(map(_end, spoken)) if spoken else None,
                    "highlights": len(spoken),
                }
            )
        return topics


_SECTIONS = {"decision": "decisions", "action_item": "actions", "question": "open_questions"}


def _end(state: HighlightState) -> float:
    return round(state.start_s + state.duration_s, 3)


def _surest(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(items) <= MOST_OF_A_KIND:
        return items
    best = sorted(items, key=lambda item: (-item["confidence"], item["at_s"], item["id"]))[:MOST_OF_A_KIND]
    return sorted(best, key=lambda item: (item["at_s"], item["text"], item["id"]))


def _summary(kinds: Mapping[str, Sequence[Mapping[str, Any]]], highlights: int) -> dict[str, Any]:
    """Counts, and the surest lines, decisions first: words that were said, none of our own."""
    actions = kinds["action_item"]
    lines = [
        item["text"]
        for kind in ("decision", "action_item", "question")
        for item in sorted(kinds[kind], key=lambda item: (-item["confidence"], item["at_s"], item["id"]))[:BEST_LINES]
    ]
    return {
        "decisions": len(kinds["decision"]),
        "actions": len(actions),
        "actions_without_assignee": sum(item["assignee"] is None for item in actions),
        "open_questions": len(kinds["question"]),
        "highlights": highlights,
        "lines": lines[:BEST_LINES],
    }


def follow_ups(document: Mapping[str, Any], zone: ZoneInfo) -> list[FollowUpItem]:
    """Return the actions of minutes, each due at the end of its day in the meeting's time zone."""
    return [
        FollowUpItem(
            item_id=item["id"],
            text=item["text"],
            assignee=item["assignee"],
            due=due_moment(item["due"], zone),
            due_text=item["due_text"],
            priority=item["priority"],
            evidence=item["evidence"],
        )
        for item in document.get("actions", [])
    ]


def due_moment(due: str | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment at which something due on a day (YYYY-MM-DD) is due, in UTC."""
    return None if due is None else datetime.combine(date.fromisoformat(due), DUE_AT, zone).astimezone(UTC)

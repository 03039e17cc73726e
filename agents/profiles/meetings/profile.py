"""The profile ``meetings``: who does what by when, what is settled, what stays open, and minutes of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles.data import ProfileDataError, checked, joined, label, load
from agents.profiles.declared import groups_described
from agents.profiles.follow_up import FollowUpItem
from agents.profiles.meetings.asked import FIELDS as MEETING_FIELDS
from agents.profiles.meetings.asked import Meeting, meeting_of
from agents.profiles.meetings.clauses import ClauseReader, Manners, Vocabulary
from agents.profiles.meetings.exports import EXPORTS
from agents.profiles.meetings.finder import SpeechFinder
from agents.profiles.meetings.items import WAITS, Item, ItemMaker
from agents.profiles.meetings.minutes import MinutesMaker, follow_ups
from agents.profiles.meetings.people import People
from agents.profiles.meetings.privacy import Privacy
from agents.profiles.meetings.reading import SpeechData
from agents.profiles.meetings.topics import Agenda
from agents.profiles.meetings.turns import Source, sources_of
from agents.profiles.meetings.wording import Teller
from agents.profiles.phrases import Phrases
from agents.profiles.profile import Enriched, Export, Shown
from agents.profiles.transcript import FIELDS as TRANSCRIPT_FIELDS
from agents.profiles.transcript import Transcript, transcript_of, transcript_url
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request

PACKAGE = __name__.rpartition(".")[0]

MOST_ITEMS = 20
"""Items of one highlight; the surest when there are more."""

MOST_TAGS, LONGEST_TAG = 50, 200
"""Tags of a highlight, and characters of each, that are published where something may be hidden."""

OPTIONS = {
    "analysis_quality": "premium",
    "sensitivity": "low",
    "clip_duration": 45,
    "include_audio": True,
    "frame_interval": 5.0,
    "privacy_mode": True,
}
"""Options for the API (source: the integration guide, "Corporate Meeting Integration"); private by default."""

MAIN = ("action_item", "decision", "question", "discussion")
"""Kinds in the order in which one makes a highlight's main kind."""


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules.yaml`` and ``calibration.yaml`` as one, as a customer's ``meetings.yaml`` adds to it."""

    words: Vocabulary
    groups: dict[str, list[str]]
    replies: dict[str, list[str]]
    contexts: list[Any]
    kinds: dict[str, list[Any]]
    agenda_words: list[str]
    priority: dict[str, list[str]]
    dependency: list[str]
    calibration: dict[str, Any]


class Meetings:
    """Rules for meetings.

    Args:
        theirs: a customer's data over ours.

    Raises:
        ProfileDataError: the data cannot be used; the text names the key.
    """

    name = "meetings"
    version = 1
    about = "Meetings: action items, decisions, open questions; minutes at the end. Private unless a request says no."
    exports: Mapping[str, Export] = EXPORTS
    metadata = (*MEETING_FIELDS, *TRANSCRIPT_FIELDS)

    def __init__(self, theirs: Mapping[str, Any] | None = None) -> None:
        data = joined(load(PACKAGE, "rules.yaml") | load(PACKAGE, "calibration.yaml"), theirs or {})
        form = checked(self.name, data, Data)
        self.label = label(self.name, self.version, theirs)
        self.words = form.words
        self._groups = groups_described(form.groups)
        self.manners = Manners(form.words)
        self.agenda_words = frozenset(word.lower() for word in form.agenda_words)
        self.marks: Phrases[str] = Phrases(form.groups)
        speech = checked(self.name, {name: data[name] for name in SpeechData.__struct_fields__}, SpeechData)
        try:
            self.finder = SpeechFinder(speech, self.version)
            for priority, phrases in form.priority.items():
                for phrase in phrases:
                    self.marks.add(phrase, priority)
            for phrase in form.dependency:
                self.marks.add(phrase, WAITS)
        except ValueError as error:
            raise ProfileDataError(f"{self.name}: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Options, kinds, rules with their confidence, and groups of phrases."""
        return {
            "metadata": list(self.metadata),
            "options": OPTIONS,
            "kinds": list(MAIN),
            "agenda_words": sorted(self.agenda_words),
            "rules": list(self.finder.rules()),
            "groups": self._groups,
        }

    def options(self, asked: Request) -> Mapping[str, Any]:
        """Premium quality, long clips, sound, and privacy; the meeting's id as a tag."""
        meeting_id = asked.metadata.get("meeting_id")
        tags = ["meeting", "corporate"]
        return {**OPTIONS, "custom_tags": [*tags, meeting_id] if isinstance(meeting_id, str) and meeting_id else tags}

    def transcript_url(self, asked: Request) -> str | None:
        """The transcript that the request links."""
        return transcript_url(asked.metadata)

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> PreparedMeetings:
        """Read the meeting from the request's metadata.

        Raises:
            ProfileInputError: a field cannot be used; the text names it.
        """
        meeting = meeting_of(asked.metadata, asked.requested_at)
        return PreparedMeetings(self, meeting, transcript_of(asked.metadata, linked))


class PreparedMeetings:
    """The rules for one meeting."""

    def __init__(self, profile: Meetings, meeting: Meeting, transcript: Transcript) -> None:
        people = People(meeting.attendees, frozenset(profile.words.ambiguous_names))
        self._finder = profile.finder
        self._transcript = transcript
        self._privacy = Privacy(meeting.names, people, meeting.region)
        self._reader = ClauseReader(profile.words, people, profile.manners)
        self._maker = ItemMaker(
            people,
            self._privacy,
            meeting.today,
            month_first=meeting.month_first,
            marks=profile.marks,
            calibration=profile.finder.calibration,
        )
        self._agenda = Agenda(meeting.agenda, profile.agenda_words)
        teller = Teller(self._reader, self._finder, self._privacy, transcript)
        self._minutes = MinutesMaker(meeting, people, self._privacy, self._agenda, transcript, teller)
        self._zone = meeting.zone

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Find what is committed to, settled and left open; hide what is private."""
        sources = sources_of(seen, self._transcript)
        turns = self._finder.turns(sources, [self._reader.read(source.text) for source in sources])
        items = _bounded(self._maker.make_all(self._finder.acts(turns), turns, sources))
        if not items:
            items = [self._maker.discussion(next((one for one in sources if one.text.strip()), sources[0]))]
        kinds = {item.kind for item in items}
        topic = self._agenda.topic(sources)
        main = next(kind for kind in MAIN if kind in kinds)
        enrichment = {
            "kind": main,
            "items": items,
            "topic": self._privacy.text(topic) if topic else None,
            "privacy": self._privacy.stated(),
        }
        more = [kind.replace("_", "-") for kind in MAIN if kind in kinds]
        clean = [self._privacy.text(tag[:LONGEST_TAG]) for tag in tags[:MOST_TAGS]] if self._privacy.on else tags
        note: dict[str, Any] = {"items": msgspec.to_builtins(items), "topic": self._agenda.place(topic)}
        if main != "discussion" and sources[0].field == "metadata":  # what the document cannot read again
            note["said"] = [self._said(source) for source in sources if source.spoken]
        shown = self._shown(seen, clean)
        return Enriched([*clean, *(tag for tag in more if tag not in clean)], enrichment, note, shown)

    def _shown(self, seen: ObservedHighlight, tags: list[str]) -> Shown | None:
        """The API's words without what is private; its free-form values may hold the transcript, and are left out."""
        if not self._privacy.on:
            return None
        return Shown(self._privacy.text(seen.title), self._privacy.text(seen.description), tags=tags)

    def _said(self, source: Source) -> list[Any]:
        """A turn as the note keeps it, without what is private."""
        return [self._maker.speaker(source.speaker), self._privacy.text(source.text), source.offsets, source.times]

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """The minutes: attendees, decisions, actions, open questions, topics with their times."""
        return self._minutes.document(highlights)

    def follow_ups(self, document: Mapping[str, Any]) -> list[FollowUpItem]:
        """The action items of the minutes, each with the moment at which it is due."""
        return follow_ups(document, self._zone)


def _bounded(items: Sequence[Item]) -> list[Item]:
    """Each item once, the surest when there are too many, in the order in which they are said."""
    best: dict[str, Item] = {}
    for item in items:
        known = best.get(item.id)
        if known is None or item.confidence > known.confidence:
            best[item.id] = item
    kept = sorted(best.values(), key=lambda item: (-item.confidence, item.at_s, item.id))[:MOST_ITEMS]
    chosen = {item.id for item in kept}
    return [item for item in best.values() if item.id in chosen]

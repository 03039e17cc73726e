"""The profile ``education``: what a lecture defines, states, shows and asks, and what a student takes home from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles.data import ProfileDataError, checked, joined, label, load
from agents.profiles.declared import groups_described
from agents.profiles.education.clip_captions import captions_vtt
from agents.profiles.education.concepts import ConceptRules, concept_rules, concepts_of
from agents.profiles.education.concrete import ConcreteData
from agents.profiles.education.document import document_of, noted
from agents.profiles.education.exports import EXPORTS
from agents.profiles.education.points import KINDS, Item, Kind, PointFinder, PointRule, PointsData
from agents.profiles.education.sentences import Sentence, field_sentences, sentences_of
from agents.profiles.education.terms import Vocabulary
from agents.profiles.education.titles import title_of
from agents.profiles.education.weighing import shipped
from agents.profiles.given_names import GivenNames
from agents.profiles.profile import Enriched, Export, ProfileInputError
from agents.profiles.transcript import FIELDS, Segment, Transcript, transcript_of, transcript_url
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request

PACKAGE = __name__.rpartition(".")[0]

LONGEST_WORDS = 4_000
"""Characters of a highlight's words that are published; what is longer is cut."""

MOST_SEGMENTS = 60
"""Segments of a highlight that are read and become captions."""

_NOTED_ITEMS = 8
_NOTED_WORDS = 400
_OWN_TRANSCRIPT = ("transcript", "captions", "text")
"""Keys under which a highlight's metadata may hold its words."""

_Name = Annotated[str, msgspec.Meta(max_length=200)]


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``points.yaml`` and ``calibration.yaml`` as one, as a customer's ``education.yaml`` adds to it."""

    options: dict[str, Any]
    tags: list[str]
    groups: dict[str, list[str]]
    kinds: dict[Kind, list[PointRule]]
    housekeeping: list[str]
    concrete: ConcreteData
    fillers: list[str]
    articles: list[str]
    adverbs: list[str]
    no_term: list[str]
    complement: list[str]
    vague: list[str]
    calibration: dict[str, Any]


class Asked(msgspec.Struct, frozen=True):
    """What of a request's metadata this profile reads, besides the transcript; other keys are the producer's own."""

    course_id: _Name | None = None
    instructor_id: _Name | None = None
    topics: Annotated[list[_Name], msgspec.Meta(max_length=50)] = []
    title: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    language: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    lecture_number: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Education:
    """Rules for lectures and tutorials.

    Args:
        theirs: a customer's data over ours.

    Attributes:
        finder: what finds points in sentences.

    Raises:
        ProfileDataError: the data cannot be used; the text names the key.
    """

    name = "education"
    hides = False
    version = 1
    about = "Lectures and tutorials: definitions, theorems, examples, questions; chapters and study notes at the end."
    exports: Mapping[str, Export] = EXPORTS
    metadata = (*Asked.__struct_fields__, *FIELDS)

    def __init__(self, theirs: Mapping[str, Any] | None = None) -> None:
        data = joined(load(PACKAGE, "points.yaml") | load(PACKAGE, "calibration.yaml"), theirs or {})
        self._data = checked(self.name, data, Data)
        self.label = label(self.name, self.version, theirs)
        points = checked(self.name, {name: data[name] for name in PointsData.__struct_fields__}, PointsData)
        words = checked(self.name, {name: data[name] for name in Vocabulary.__struct_fields__}, Vocabulary)
        try:
            self.finder = PointFinder(points, words, shipped(PACKAGE), self.version)
        except ValueError as error:
            raise ProfileDataError(f"{self.name}: {error}") from error
        self._concept_rules = concept_rules(self.finder.calibration, self.version)

    def describe(self) -> dict[str, Any]:
        """Options, kinds, rules with their confidence, and groups of phrases."""
        return {
            "metadata": list(self.metadata),
            "options": self._data.options,
            "tags": self._data.tags,
            "kinds": list(KINDS),
            "rules": [*self.finder.rules(), *(rule._asdict() for rule in self._concept_rules)],
            "groups": groups_described(self._data.groups),
        }

    def options(self, asked: Request) -> Mapping[str, Any]:
        """Premium, calm, long clips with sound; course and topics as tags."""
        course, topics = asked.metadata.get("course_id"), asked.metadata.get("topics")
        given = [course, *(topics if isinstance(topics, list) else [])]
        tags = [*self._data.tags, *(tag for tag in given if isinstance(tag, str) and tag)]
        return {**self._data.options, "custom_tags": list(dict.fromkeys(tags))}

    def transcript_url(self, asked: Request) -> str | None:
        """Where the lecture's transcript is, if the request links it."""
        return transcript_url(asked.metadata)

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> PreparedEducation:
        """Read course, topics, language and transcript from the request's metadata.

        Raises:
            ProfileInputError: one of them is of the wrong kind.
        """
        for name in Asked.__struct_fields__:
            try:
                if name in asked.metadata:
                    msgspec.convert({name: asked.metadata[name]}, Asked)
            except msgspec.ValidationError as error:
                raise ProfileInputError(f"metadata.{name}: {str(error).partition(' - at ')[0]}") from error
        wanted = msgspec.convert(asked.metadata, Asked)
        return PreparedEducation(self.finder, self._concept_rules, wanted, transcript_of(asked.metadata, linked))


class PreparedEducation:
    """The rules for one lecture."""

    def __init__(self, finder: PointFinder, rules: ConceptRules, asked: Asked, transcript: Transcript) -> None:
        self._finder = finder
        self._rules = rules
        self._asked = asked
        self._transcript = transcript
        self._topics = GivenNames(asked.topics)

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Say what is defined, stated, shown, stressed and asked in a moment."""
        own, segments = self._words(seen)
        words = " ".join([segment.text for segment in segments])[:LONGEST_WORDS]
        items = self._finder.find(self._sentences(seen, segments))
        concepts = concepts_of(items, self._topics, segments, seen, self._rules.topic)
        title = title_of(seen.title, seen.timestamp, items)
        enrichment = {
            "title": title,
            "items": items,
            "concepts": concepts,
            "transcript": words,
            "captions": captions_vtt(segments, seen.timestamp, seen.duration),
            "language": self._asked.language,
        }
        more = [kind for kind in dict.fromkeys([item.kind for item in items]) if kind not in tags]
        note: dict[str, Any] = {
            "title": title,
            "items": [noted(item) for item in _best(items)],
            "concepts": [concept.name for concept in concepts],
        }
        if own:
            note["words"] = words[:_NOTED_WORDS]
        return Enriched([*tags, *more] if more else tags, enrichment, note)

    def _words(self, seen: ObservedHighlight) -> tuple[bool, Sequence[Segment]]:
        """Return what is said in a highlight, and whether that comes from its own metadata."""
        start, end = seen.timestamp, seen.timestamp + seen.duration
        segments = self._transcript.between(start, end)[:MOST_SEGMENTS]
        if segments:
            return False, segments
        for key in _OWN_TRANSCRIPT:
            text = seen.metadata.get(key)
            if isinstance(text, str) and text.strip():
                return True, [Segment(start, end, " ".join(text[: LONGEST_WORDS * 2].split())[:LONGEST_WORDS])]
        return False, ()

    def _sentences(self, seen: ObservedHighlight, segments: Sequence[Segment]) -> list[Sentence]:
        """Return what is said, or what the API says about it where nothing is known of that."""
        if segments:
            return sentences_of(segments)
        title = field_sentences(seen.title[:500], "title", seen.timestamp)
        return title + field_sentences(seen.description[:LONGEST_WORDS], "description", seen.timestamp)

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Chapters, glossary, index, review questions, and what a lecture stressed."""
        document = document_of(highlights, self._transcript, self._asked.language, self._rules.key_phrase)
        return {"title": self._asked.title or "", **document}


def _best(items: Sequence[Item]) -> list[Item]:
    """Return the surest items, in their order."""
    if len(items) <= _NOTED_ITEMS:
        return list(items)
    kept = sorted(range(len(items)), key=lambda place: (-items[place].confidence, place))[:_NOTED_ITEMS]
    return [items[place] for place in sorted(kept)]

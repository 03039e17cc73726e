"""What a lecture is about: terms, topics, key phrases, each with the place where it is spoken of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from agents.ledger_records import HighlightState
from agents.profiles.calibration import Calibration
from agents.profiles.education.points import Item
from agents.profiles.evidence import ByRule, Evidence, Field, Named
from agents.profiles.given_names import GivenNames
from agents.profiles.transcript import Segment, Transcript
from schemas.records.observation import ObservedHighlight

MOST_CONCEPTS = 12
"""Concepts of a highlight."""

LONGEST_SEARCHED = 4_000
"""Characters of a moment's words that are searched for topics."""

LONGEST_TEXT = 20_000
"""Characters of a lecture's words that are searched for key phrases."""

MOST_INDEXED = 200
"""Entries of the index."""

_TOPIC = 0.95
"""How sure it is that a topic of the request is spoken of where its words stand: an estimate."""

_KEY_PHRASE = 0.5
"""What a key phrase weighs; what that is worth is measured."""

_KEY_PHRASES = 20
_TIMES = 20
_LETTERS = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)

_COPULAS = frozenset({"is", "are", "was", "were"})
_TELLING = frozenset({
    "becomes", "called", "does", "gets", "gives", "goes", "got", "happens", "know", "knows", "let", "made",
    "make", "makes", "means", "meant", "remember", "said", "say", "says", "shows", "stated", "states", "tells",
    "told", "want", "wants",
})  # fmt: skip
"""What tells of a concept: a phrase with one at an end is a piece of a sentence, as one with a copula is."""

_EVERYDAY = frozenset({
    "answer", "class", "course", "everybody", "everyone", "exam", "example", "examples", "exams", "final",
    "guys", "homework", "lecture", "lectures", "lot", "midterm", "question", "questions", "slide", "slides",
    "stuff", "thing", "things", "time", "today", "tomorrow", "trick", "way", "week", "word", "words",
    "yesterday",
})  # fmt: skip
"""What is spoken of in all lectures: alone no concept of any."""


class ConceptRules(NamedTuple):
    """Rules for the topics that a request names, and for what is spoken of most."""

    topic: ByRule
    key_phrase: ByRule


def concept_rules(calibration: Calibration, version: int) -> ConceptRules:
    """Return the rules for concepts."""
    phrases = calibration.confidence("key_phrase", _KEY_PHRASE)
    return ConceptRules(
        topic=ByRule(f"education.concept.topic@{version}", _TOPIC),
        key_phrase=ByRule(f"education.concept.key-phrase@{version}", phrases),
    )


class Said(NamedTuple):
    """Some words of a lecture: where they stand, and when they are said."""

    text: str
    field: Field
    at_s: float


Noted = tuple[str, HighlightState, Mapping[str, Any]]
"""A highlight as the document knows it: id, state, note."""


def concepts_of(
    items: Sequence[Item], topics: GivenNames, segments: Sequence[Segment], seen: ObservedHighlight, rule: ByRule
) -> list[Named]:
    """Return the terms of a moment, the surest first, then the request's topics that are spoken of."""
    found: dict[str, Named] = {}
    for item in sorted(items, key=lambda item: (-item.confidence, item.at_s)):
        if item.term:
            found.setdefault(item.term.lower(), Named(item.term, item.evidence))
    for text, field, at_s in _told(segments, seen) if topics else ():
        for topic, start, end in topics.mentions(text):
            said = Evidence(text[start:end], field, start, end, at_s, *rule)
            found.setdefault(topic.lower(), Named(topic, said))
            if len(found) >= MOST_CONCEPTS:
                return list(found.values())[:MOST_CONCEPTS]
    return list(found.values())[:MOST_CONCEPTS]


def _told(segments: Sequence[Segment], seen: ObservedHighlight) -> Iterator[Said]:
    """Yield what is said and written in a moment, as far as it is searched."""
    yield from _cut([Said(segment.text, "transcript", segment.start_s) for segment in segments], LONGEST_SEARCHED)
    yield Said(seen.title[:500], "title", seen.timestamp)
    yield Said(seen.description[:1_000], "description", seen.timestamp)


def key_phrases(notes: Sequence[Noted], transcript: Transcript, language: str, rule: ByRule) -> list[dict[str, Any]]:
    """Return what is spoken of most in all highlights, best first: phrase, score between 0 and 1, and its ground."""
    by_highlight = _said(notes, transcript)
    said = [one for group in by_highlight for one in group]
    text = "\n".join(" ".join(one.text for one in group) for group in by_highlight if group)
    if not text.strip():
        return []
    import yake  # noqa: PLC0415 - 25 MB with numpy and networkx, which only workers with lectures need

    extractor = yake.KeywordExtractor(lan=language[:2].lower(), n=3, dedupLim=0.8, top=_KEY_PHRASES)
    extracted = extractor.extract_keywords(_ADDRESS.sub(".", text))
    found = [(phrase, score) for phrase, score in extracted if _is_concept(phrase.lower().split())]
    longer = {word for phrase, _ in found if " " in phrase for word in phrase.lower().split()}
    grounds = [
        (phrase, score, _first(phrase, text, said, rule)) for phrase, score in found if phrase.lower() not in longer
    ]
    return [
        {"concept": phrase, "score": round(1 / (1 + float(score)), 4), "evidence": msgspec.to_builtins(ground)}
        for phrase, score, ground in grounds
        if ground is not None
    ]


def _is_concept(words: Sequence[str]) -> bool:
    if _EVERYDAY.issuperset(words):
        return False
    return _TELLING.isdisjoint((words[0], words[-1])) and _COPULAS.isdisjoint(words)


def _first(phrase: str, text: str, said: Sequence[Said], rule: ByRule) -> Evidence | None:
    """Return where a phrase is said first; of one that runs over a border the part before it."""
    words = r"[\W_]+".join(map(re.escape, _LETTERS.findall(phrase)))
    match = re.search(rf"(?<![^\W_]){words}(?![^\W_])", text, re.IGNORECASE) if words else None
    if match is None:
        return None
    begins = [0]
    for one in said:
        begins.append(begins[-1] + len(one.text) + 1)
    place = bisect_right(begins, match.start()) - 1
    one, start = said[place], match.start() - begins[place]
    end = min(match.end() - begins[place], len(one.text))
    return Evidence(one.text[start:end], one.field, start, end, one.at_s, *rule)


def _said(notes: Sequence[Noted], transcript: Transcript) -> list[list[Said]]:
    """Return what is said in all highlights, each segment once, an equal share of each when it is too much."""
    by_highlight: list[list[Said]] = []
    known: set[tuple[float, str]] = set()
    for _, state, note in notes:
        words = note.get("words")
        if words is not None:
            by_highlight.append([Said(words, "metadata", state.start_s)])
            continue
        spoken = transcript.between(state.start_s, state.start_s + state.duration_s)
        new = [one for one in spoken if (one.start_s, one.text) not in known]
        known.update((one.start_s, one.text) for one in new)
        by_highlight.append([Said(one.text, "transcript", one.start_s) for one in new])
    lengths = [sum(len(one.text) + 1 for one in said) for said in by_highlight]
    share = LONGEST_TEXT if sum(lengths) <= LONGEST_TEXT else max(1, LONGEST_TEXT // len(by_highlight))
    return [list(_cut(said, share)) for said in by_highlight]


def _cut(said: Sequence[Said], share: int) -> Iterator[Said]:
    for one in said:
        if share <= 0:
            return
        yield one._replace(text=one.text[:share])
        share -= len(one.text) + 1


def index_of(
    notes: Sequence[Noted], concepts: Sequence[Mapping[str, Any]], transcript: Transcript
) -> dict[str, list[float]]:
    """Return at which times each concept is spoken of: where highlights begin that define, name or mention it.

    Concepts stand in lower case, what is written in capitals apart.
    """
    times: dict[str, set[float]] = {}
    spelled: dict[str, str] = {}
    phrases = [one["concept"] for one in concepts]
    for _, state, note in notes:
        mentioned = {_spelled(str(concept)) for concept in note.get("concepts", ())}
        said = note.get("words") or " ".join(
            one.text for one in transcript.between(state.start_s, state.start_s + state.duration_s)
        )
        lowered = said[:4_000].lower()
        mentioned.update(_spelled(phrase) for phrase in phrases if phrase.lower() in lowered)
        for concept in mentioned:
            name = concept.lower()
            spelled[name] = min(concept, spelled.get(name, concept))  # capitals come first
            times.setdefault(name, set()).add(round(state.start_s, 3))
    return {spelled[name]: sorted(times[name])[:_TIMES] for name in sorted(times)[:MOST_INDEXED]}


def _spelled(concept: str) -> str:
    words = concept.split()
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in words)

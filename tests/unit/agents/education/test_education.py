"""The profile from request to document."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger_records import LinkedTranscript
from agents.profiles import ProfileInputError
from agents.profiles.education.document import review_questions
from schemas.records import ObservedHighlight
from tests.unit.agents.education.support import EDUCATION, SEGMENTS, SHOWN, prepared
from tests.unit.agents.support import make_request, remembered, seen_highlight


def test_the_api_is_asked_as_the_guide_asks() -> None:
    """Premium, calm, long clips with sound; the course and its topics as tags."""
    asked = make_request(metadata={"course_id": "CS-101", "topics": ["graphs", "trees"]})
    assert EDUCATION.options(asked) == {
        "analysis_quality": "premium",
        "sensitivity": "low",
        "clip_duration": 60,
        "include_audio": True,
        "custom_tags": ["education", "CS-101", "graphs", "trees"],
    }


@pytest.mark.parametrize(
    "metadata",
    [
        {"course_id": 7},
        {"topics": "graphs"},
        {"topics": [1]},
        {"language": "english please"},
        {"lecture_number": "two"},
        {"transcript": 7},
        {"transcript": {"segments": [{"text": "no time"}]}},
    ],
)
def test_metadata_of_the_wrong_kind_is_refused_by_its_field(metadata: dict[str, Any]) -> None:
    """Before anything is submitted."""
    with pytest.raises(ProfileInputError, match=f"metadata.{next(iter(metadata))}"):
        prepared(**metadata)


def test_a_linked_transcript_is_read() -> None:
    """It is asked for by its URL, and what came of it is used; a problem is told and raises nothing."""
    asked = make_request(metadata={"transcript": {"url": "https://example.com/l.vtt"}})
    assert EDUCATION.transcript_url(asked) == "https://example.com/l.vtt"
    text = "WEBVTT\n\n00:00.000 --> 00:09.000\n<v Ann>A roux is fat and flour that are cooked together.\n"
    rules = EDUCATION.prepare(asked, LinkedTranscript(state_version=1, text=text))
    enrichment = rules.enrich(seen_highlight("h1", timestamp=0.0), []).enrichment
    assert [concept.name for concept in enrichment["concepts"]] == ["roux"]
    assert enrichment["items"][0].speaker == "Ann"
    lost = EDUCATION.prepare(asked, LinkedTranscript(state_version=1, text="", problem="404"))
    assert lost.document({})["transcript"] == {"segments": 0, "problem": "404", "cut": ""}


def test_a_highlight_is_enriched() -> None:
    """Title, items, concepts, words, captions with times of the clip, tags."""
    said = [
        {"start": 58.0, "end": 64.0, "text": "A roux is fat & flour that are cooked together.", "speaker": "Ann"},
        {"start": 64.0, "end": 70.0, "text": "This will be on the exam."},
        {"start": 200.0, "end": 210.0, "text": "Elsewhere."},
    ]
    rules = prepared(transcript=said, topics=["exam", "stock"])
    enriched = rules.enrich(seen_highlight("h1"), ["cooking"])
    assert enriched.tags == ["cooking", "definition", "emphasis"]
    assert enriched.enrichment["title"] == "Key concept: Roux"
    assert [concept.name for concept in enriched.enrichment["concepts"]] == ["roux", "exam"]
    assert enriched.enrichment["captions"] == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\n<v Ann>A roux is fat &amp; flour that are cooked together.\n\n"
        "00:00:04.000 --> 00:00:10.000\nThis will be on the exam.\n"
    )
    assert "Elsewhere" not in enriched.enrichment["transcript"]


def test_a_concept_carries_its_evidence() -> None:
    """A term the sentence that defines it, a topic of the request the place where its words stand."""
    text = "A roux is equal parts fat and flour, cooked together, for the Exam."
    rules = prepared(transcript=[{"start": 60.0, "end": 66.0, "text": text}], topics=["exam"])
    roux, exam = rules.enrich(seen_highlight("h1"), []).enrichment["concepts"]
    assert (roux.evidence.text, roux.evidence.rule) == (text, "education.definition.copula@1")
    assert (exam.name, exam.evidence.text, exam.evidence.rule) == ("exam", "Exam", "education.concept.topic@1")
    assert text[exam.evidence.start : exam.evidence.end] == "Exam"


def test_a_key_phrase_carries_the_place_where_it_is_said_first() -> None:
    """Also one that runs over the border of two captions: the part before it."""
    begins = "So let us talk about Boltzmann"
    said = [
        {"start": 0.0, "end": 5.0, "text": begins},
        {"start": 5.0, "end": 10.0, "text": "entropy now. Boltzmann entropy counts states."},
    ]
    rules = prepared(transcript=said)
    shown = seen_highlight("h1", timestamp=0.0, duration=10.0)
    first = rules.document({"h1": remembered(shown, rules)})["concepts"][0]
    assert first["concept"].lower() == "boltzmann entropy"
    evidence = first["evidence"]
    assert (evidence["text"], evidence["at_s"], evidence["field"]) == ("Boltzmann", 0.0, "transcript")
    assert begins[evidence["start"] : evidence["end"]] == "Boltzmann"


@pytest.mark.parametrize("noise", ["http", "called the trick", "lemma states", "remember", "exam"])
def test_key_phrases_are_concepts(noise: str) -> None:
    """No verbs that only tell of them, no parts of addresses, no everyday words."""
    text = (
        "The pumping lemma states that regular languages have long words. Remember the pumping lemma. "
        "What we called the trick is in the exam. Remember the exam. The lemma states that. The exam, see "
        "http://example.com/exam and http://example.com/lemma. We called the trick a pumping lemma."
    )
    rules = prepared(transcript=[{"start": 0.0, "end": 60.0, "text": text}])
    shown = seen_highlight("h1", timestamp=0.0, duration=60.0)
    document = rules.document({"h1": remembered(shown, rules)})
    concepts = [one["concept"].lower() for one in document["concepts"]]
    assert "pumping lemma" in concepts
    assert noise not in concepts
    assert noise not in document["index"]


def test_the_index_keeps_what_is_written_in_capitals() -> None:
    """An acronym is none in lower case; other concepts stand as in the middle of a sentence."""
    text = "ATP is defined as the energy currency of cells. Osmosis is defined as the movement of water."
    rules = prepared(transcript=[{"start": 0.0, "end": 30.0, "text": text}])
    document = rules.document({"h1": remembered(seen_highlight("h1", timestamp=0.0, duration=30.0), rules)})
    assert {"ATP", "osmosis"} <= set(document["index"])
    assert "atp" not in document["index"]


def test_review_questions_need_no_article() -> None:
    """Terms and laws are named as they are, and the question is a sentence all the same."""
    entry = {"term": "queue", "definition": "People who wait.", "evidence": {"at_s": 1.0}}
    law = {"term": "pumping lemma", "text": "Long words can be pumped.", "at_s": 2.0, "evidence": {}}
    assert [one["question"] for one in review_questions([entry], [law])] == [
        'What is meant by "queue"?',
        "State in your own words: pumping lemma.",
    ]


def test_words_may_come_with_the_highlight() -> None:
    """Where the request has no transcript."""
    shown = seen_highlight("h1", metadata={"transcript": "Osmosis is defined as the movement of water."})
    rules = prepared()
    assert [item.kind for item in rules.enrich(shown, []).enrichment["items"]] == ["definition"]
    document = rules.document({"h1": remembered(shown, rules)})
    assert document["glossary"][0]["term"] == "Osmosis"
    assert document["concepts"]


def test_the_document_is_what_a_student_takes_home() -> None:
    """A term defined twice stands once, with both times; questions ask for terms and laws."""
    said = [
        {"start": 0.0, "end": 10.0, "text": "A roux is fat and flour that are cooked together."},
        {"start": 30.0, "end": 40.0, "text": "Roux is defined as fat and flour cooked together."},
        {"start": 60.0, "end": 70.0, "text": "Hooke's law states that extension is proportional to load."},
    ]
    rules = prepared(transcript=said)
    shown = [seen_highlight(f"h{at}", timestamp=float(at), duration=10.0, title="T") for at in (0, 30, 60)]
    document = rules.document({one.id: remembered(one, rules) for one in shown})
    (entry,) = document["glossary"]
    assert (entry["term"], entry["times"], entry["evidence"]["rule"]) == (
        "Roux",
        [0.0, 30.0],
        "education.definition.defined@1",
    )
    assert [(one["form"], one["answer"]) for one in document["questions"]] == [
        ("cloze", "Roux"),
        ("what says", "Hooke's law states that extension is proportional to load."),
    ]
    assert document["index"]["roux"] == [0.0, 30.0]
    assert [one["title"] for one in document["chapters"]] == [
        "Key concept: Roux",
        "Key concept: Roux (2)",
        "Hooke's law",
    ]


@given(shown=SHOWN, said=SEGMENTS)
def test_enriching_never_raises_and_is_json(shown: ObservedHighlight, said: list[dict[str, Any]]) -> None:
    """Whatever is said; notes come back from a restore as they were, and all is bounded."""
    enriched = prepared(transcript=said).enrich(shown, list(shown.tags))
    text = msgspec.json.encode(enriched.enrichment)
    json.loads(text)
    assert len(text) < 100_000
    note = msgspec.json.encode(enriched.note)
    assert msgspec.json.decode(note) == enriched.note
    assert len(note) < 20_000


@given(shown=st.lists(SHOWN, unique_by=lambda one: one.id), said=SEGMENTS, seed=st.integers())
def test_the_document_does_not_depend_on_the_order(
    shown: list[ObservedHighlight], said: list[dict[str, Any]], seed: int
) -> None:
    """Highlights may come in any order."""
    rules = prepared(transcript=said)
    states = [(one.id, remembered(one, rules)) for one in shown]
    shuffled = list(states)
    Random(seed).shuffle(shuffled)
    document = rules.document(dict(states))
    assert document == rules.document(dict(shuffled))
    json.loads(msgspec.json.encode(document))

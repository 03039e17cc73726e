"""What a student takes home from a lecture: chapters, glossary, index, review questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.ledger_records import HighlightState
from agents.profiles.education.chapters import Chapter, Moment, chapters_of
from agents.profiles.education.concepts import Noted, index_of, key_phrases
from agents.profiles.education.points import Item
from agents.profiles.evidence import ByRule
from agents.profiles.transcript import Transcript

MOST = 200
"""Entries of each list of the document."""

_TIMES = 20
_LONGEST_NOTED = 300


def noted(item: Item) -> list[Any]:
    """Return an item as it is remembered for the document: a list, small and plain."""
    evidence = item.evidence
    text = item.text[:_LONGEST_NOTED]
    return [item.kind, text, item.term or "", item.at_s, item.confidence, evidence.rule, evidence.field, evidence.start]


def document_of(
    highlights: Mapping[str, HighlightState], transcript: Transcript, language: str, rule: ByRule
) -> dict[str, Any]:
    """Make the document from all highlights, whatever their order. ``rule`` is that for key phrases."""
    order = sorted(highlights.items(), key=lambda item: (item[1].start_s, item[0]))
    notes = [(highlight_id, state, _note(state)) for highlight_id, state in order]
    points = [point for highlight_id, _, note in notes for point in _points(highlight_id, note)]
    glossary = _glossary(points)
    theorems = _unique([point for point in points if point["kind"] == "theorem"])
    concepts = key_phrases(notes, transcript, language, rule)
    chapters, problem = _chapters(notes, transcript)
    return {
        "chapters": [msgspec.to_builtins(chapter) for chapter in chapters],
        "chapters_problem": problem,
        "glossary": glossary,
        "index": index_of(notes, concepts, transcript),
        "questions": review_questions(glossary, theorems),
        "asked": _unique([point for point in points if point["kind"] == "question"]),
        "concepts": concepts,
        "examples": _unique([point for point in points if point["kind"] == "example"]),
        "theorems": theorems,
        "emphasis": _unique([point for point in points if point["kind"] == "emphasis"]),
        "language": language,
        "transcript": {
            "segments": len(transcript.segments),
            "problem": transcript.problem,
            "cut": transcript.cut,
        },
    }


def _note(state: HighlightState) -> dict[str, Any]:
    return state.note if isinstance(state.note, dict) else {}


def _points(highlight_id: str, note: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = []
    for kind, text, term, at_s, confidence, rule, field, start in note.get("items", ()):
        evidence = {
            "text": text, "field": field, "start": start, "end": start + len(text), "at_s": at_s, "rule": rule,
            "confidence": confidence,
        }  # fmt: skip
        point = {"kind": kind, "text": text, "at_s": at_s, "highlight_id": highlight_id, "evidence": evidence}
        points.append({**point, "term": term} if term else point)
    return points


def _unique(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return points of which no text stands twice (highlights overlap): the first in time; at most ``MOST``."""
    found: dict[str, dict[str, Any]] = {}
    for point in sorted(points, key=lambda point: (point["at_s"], point["highlight_id"], point["text"])):
        found.setdefault(point["text"].lower(), {key: value for key, value in point.items() if key != "kind"})
    return list(found.values())[:MOST]


def _glossary(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return terms in the order of the alphabet, each with its surest definition and all its times."""
    by_term: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        if point["kind"] == "definition" and "term" in point:
            by_term.setdefault(point["term"].lower(), []).append(point)
    glossary = []
    for name in sorted(by_term)[:MOST]:
        best = min(
            by_term[name],
            key=lambda point: (-point["evidence"]["confidence"], point["at_s"], point["text"], point["highlight_id"]),
        )
        times = sorted({point["at_s"] for point in by_term[name]})[:_TIMES]
        glossary.append(
            {
                "term": best["term"],
                "definition": best["text"],
                "times": times,
                "highlight_id": best["highlight_id"],
                "evidence": best["evidence"],
            }
        )
    return glossary


def review_questions(glossary: Sequence[dict[str, Any]], theorems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return review questions: the term left out of its definition, or what a law says.

    They name terms and laws so that these need no article: nobody knows which, if any, they have.
    """
    questions = []
    for entry in glossary:
        term, text = entry["term"], entry["definition"]
        gap = re.sub(rf"(?<!\w){re.escape(term)}(?!\w)", "_____", text, flags=re.IGNORECASE)
        asked = {"form": "cloze", "question": gap, "answer": term} if gap != text else None
        asked = asked or {"form": "what is", "question": f'What is meant by "{term}"?', "answer": text}
        questions.append({**asked, "at_s": entry["evidence"]["at_s"], "evidence": entry["evidence"]})
    for point in theorems:
        if "term" in point:
            question = f"State in your own words: {point['term']}."
            asked = {"form": "what says", "question": question, "answer": point["text"]}
            questions.append({**asked, "at_s": point["at_s"], "evidence": point["evidence"]})
    return questions[:MOST]


def _chapters(notes: Sequence[Noted], transcript: Transcript) -> tuple[list[Chapter], str]:
    moments = [
        Moment(
            state.start_s,
            state.start_s + state.duration_s,
            state.confidence,
            str(note.get("title") or state.title),
            highlight_id,
        )
        for highlight_id, state, note in notes
    ]
    ends = [*(moment.end_s for moment in moments), *(segment.end_s for segment in transcript.segments[-1:])]
    return chapters_of(moments, max(ends, default=0.0))

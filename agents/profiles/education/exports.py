"""A lecture's documents as files: chapters for players, study notes, captions of each clip."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from types import MappingProxyType
from typing import Any

import msgspec
import webvtt

from agents.profiles.education.clip_captions import stamp
from agents.profiles.profile import Export
from agents.profiles.writing import clock, markdown, without_transcript
from agents.rules.links import moment_link
from schemas.records.highlight import Highlight
from schemas.records.summary import Summary

_UNSAFE = re.compile(r"[^a-z0-9]+")


def chapters_vtt(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """Chapters as WebVTT, for a ``track`` of kind ``chapters``."""
    cues = [
        f"{place}\n{stamp(chapter['start_s'])} --> {stamp(chapter['end_s'])}\n{_cue(chapter['title'])}\n"
        for place, chapter in enumerate(_chapters(summary), start=1)
    ]
    return {"chapters.vtt": "WEBVTT\n\n" + "\n".join(cues)}


def youtube(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """Chapters as lines for a video's description."""
    lines = [f"{clock(chapter['start_s'])} {chapter['title']}" for chapter in _chapters(summary)]
    return {"description.txt": "\n".join(lines) + "\n" if lines else ""}


def chapters_json(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """Chapters as Podcasting 2.0 reads them."""
    links = {int(one.start_s): one.moment_url for one in highlights if one.moment_url}
    chapters = []
    for chapter in _chapters(summary):
        entry = {"startTime": chapter["start_s"], "endTime": chapter["end_s"], "title": chapter["title"]}
        url = links.get(chapter["start_s"])
        chapters.append({**entry, "url": url} if url else entry)
    text = msgspec.json.format(msgspec.json.encode({"version": "1.2.0", "chapters": chapters}), indent=2)
    return {"chapters.json": text.decode() + "\n"}


def notes_markdown(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
    """Study notes for people: chapters, glossary, laws, examples, what was stressed, review questions."""
    document = summary.document
    by_id = {one.highlight_id: one for one in highlights}
    heading = ": ".join(["Study notes", *filter(None, [markdown(document.get("title") or "")])])
    lines = [f"# {heading}", "", f"Source: {markdown(summary.source_url)}", *without_transcript(document)]
    chapters = [f"- {clock(chapter['start_s'])} {markdown(chapter['title'])}" for chapter in _chapters(summary)]
    lines += _section("Chapters", chapters)
    glossary = [
        f"- **{markdown(entry['term'])}** ({_when(entry['evidence']['at_s'], by_id.get(entry['highlight_id']))}): "
        f"{markdown(entry['definition'])}"
        for entry in document.get("glossary", [])
    ]
    lines += _section("Glossary", glossary)
    for name, title in (
        ("theorems", "Laws and theorems"),
        ("examples", "Examples"),
        ("emphasis", "To remember"),
        ("asked", "Questions asked"),
    ):
        points = document.get(name, [])
        lines += _section(
            title, [f"- {_when(one['at_s'], by_id.get(one['highlight_id']))} {markdown(one['text'])}" for one in points]
        )
    review: list[str] = []
    for place, one in enumerate(document.get("questions", []), start=1):
        number = f"{place}. "
        answer = f"Answer ({clock(one['at_s'])}): {markdown(one['answer'])}"
        # an answer is a paragraph of its question's list item: behind an empty line, as far in as the question's words
        review += [f"{number}{markdown(one['question'])}", "", f"{' ' * len(number)}{answer}", ""]
    lines += _section("Review questions", review[:-1])
    index = [
        f"- {markdown(concept)}: {', '.join(clock(at) for at in times)}"
        for concept, times in document.get("index", {}).items()
    ]
    lines += _section("Index", index)
    return {"notes.md": "\n".join(lines) + "\n"}


def clips_vtt(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """Captions of each clip as WebVTT; clips in which nothing is said have none."""
    return {f"{name}.vtt": captions for name, captions in _captions(highlights)}


def clips_srt(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """Captions of each clip as SRT: plain text, since it has no way to write a sign otherwise."""
    return {f"{name}.srt": _srt(captions) for name, captions in _captions(highlights)}


def _srt(captions: str) -> str:
    cues = []
    for place, cue in enumerate(webvtt.from_buffer(StringIO(captions)).captions, start=1):
        times = f"{cue.start} --> {cue.end}".replace(".", ",")
        text = html.unescape(cue.text).replace("-->", "\u2192")  # players would read the arrow as a cue's times
        cues.append(f"{place}\n{times}\n{text}\n")
    return "\n".join(cues)


def _captions(highlights: Sequence[Highlight]) -> list[tuple[str, str]]:
    order = sorted(highlights, key=lambda one: (one.start_s, one.highlight_id))
    spoken = [one for one in order if isinstance(one.enrichment.get("captions"), str) and one.enrichment["captions"]]
    return [
        (f"{place:03}-{_slug(str(one.enrichment.get('title', one.title)))}", one.enrichment["captions"])
        for place, one in enumerate(spoken, start=1)
    ]


def _slug(title: str) -> str:
    """Return a title as a safe part of a file's name."""
    return _UNSAFE.sub("-", title.lower())[:50].strip("-") or "clip"


def _chapters(summary: Summary) -> list[dict[str, Any]]:
    chapters: list[dict[str, Any]] = summary.document.get("chapters", [])
    return chapters


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _when(at_s: float, shown: Highlight | None) -> str:
    """Return when something is said, linked there; where the source has no such links, with the clip beside it."""
    if shown is None:
        return clock(at_s)
    if url := moment_link(shown.platform, shown.source_url)(at_s):
        return f"[{clock(at_s)}]({url})"
    return f"{clock(at_s)} ([clip]({shown.clip_url}))" if shown.clip_url else clock(at_s)


def _cue(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "notes-md": Export("Study notes as Markdown.", notes_markdown),
        "chapters-vtt": Export("Chapters as WebVTT.", chapters_vtt),
        "youtube": Export("Chapters as a YouTube description has them.", youtube),
        "chapters-json": Export("Chapters as Podcasting 2.0 JSON.", chapters_json),
        "clips-srt": Export("Captions of each clip as SRT.", clips_srt),
        "clips-vtt": Export("Captions of each clip as WebVTT.", clips_vtt),
    }
)

"""The words that belong to a highlight: of the request's transcript, or of the highlight itself."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import msgspec

from agents.profiles.evidence import Field
from agents.profiles.profile import ProfileInputError
from agents.profiles.transcript import Segment, Transcript, parse
from schemas.records.observation import ObservedHighlight

MOST_SEGMENTS = 200
LONGEST_TURN = 4_000
"""Segments of one highlight and characters of one turn that are read."""

_SPEAKER = re.compile(r"\s*([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3}|Speaker \d+): ")
_ENDS = (".", "!", "?", "\u2026", ":", ";")


class Source(msgspec.Struct, frozen=True, gc=False):
    """A turn, title or description.

    Attributes:
        text: its words.
        field: where they stand.
        speaker: as the transcript names him.
        offsets: where in the text each of its segments begins.
        times: when each of its segments begins, in seconds.
    """

    text: str
    field: Field
    speaker: str | None
    offsets: list[int]
    times: list[float]

    @property
    def spoken(self) -> bool:
        """It is a turn, and no title."""
        return self.field in ("transcript", "metadata")

    def at(self, offset: int) -> tuple[int, float]:
        """Return where the segment begins that has a place of the text, and when."""
        place = max(0, bisect_right(self.offsets, offset) - 1)
        return self.offsets[place], self.times[place]


def sources_of(seen: ObservedHighlight, transcript: Transcript) -> list[Source]:
    """Return the turns of a highlight's span, then its title and description."""
    start = seen.timestamp
    segments: Sequence[Segment] = transcript.between(start, start + seen.duration)
    field: Field = "transcript"
    if not segments and "transcript" in seen.metadata:
        segments, field = _own(seen.metadata["transcript"], start), "metadata"
    sources = turns_of(segments[:MOST_SEGMENTS], field)
    for name, text in (("title", seen.title), ("description", seen.description)):
        if text or name == "title":
            sources.append(Source(text[:LONGEST_TURN], name, None, [0], [start]))  # type: ignore[arg-type]
    return sources


def _own(given: Any, start: float) -> list[Segment]:
    """The transcript in a highlight's own metadata: segments in any form, or words."""
    try:
        return list(parse(given).segments)
    except (ProfileInputError, RecursionError):
        return [_line(line, start) for line in given.splitlines() if line.strip()] if isinstance(given, str) else []


def _line(line: str, start: float) -> Segment:
    said = _SPEAKER.match(line)
    return Segment(start, start, line[said.end() :], said[1]) if said else Segment(start, start, line)


def turns_of(segments: Sequence[Segment], field: Field) -> list[Source]:
    """Return segments as turns: captions break sentences, so a speaker's next goes on where his last has no end."""
    turns: list[Source] = []
    for segment in segments:
        text = segment.text[:LONGEST_TURN]
        last = turns[-1] if turns else None
        if last is not None and _goes_on(last, segment):
            last.offsets.append(len(last.text) + 1)
            last.times.append(segment.start_s)
            turns[-1] = msgspec.structs.replace(last, text=f"{last.text} {text}")
        else:
            turns.append(Source(text, field, segment.speaker, [0], [segment.start_s]))
    return turns


def _goes_on(last: Source, segment: Segment) -> bool:
    return (
        segment.speaker is not None
        and last.speaker == segment.speaker
        and not last.text.rstrip().endswith(_ENDS)
        and len(last.text) + len(segment.text) < LONGEST_TURN
    )

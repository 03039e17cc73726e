"""What is said when: a transcript as WebVTT, SRT or JSON, as segments in the order of their time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

import msgspec

from agents.ledger_records import LinkedTranscript
from agents.profiles.captions import LONGEST_CUE, Cue, cues, is_captions
from agents.profiles.profile import ProfileInputError

_SPEAKER = re.compile(r"^([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3}|Speaker \d+): ")
"""How captions without voice tags name who speaks."""

FIELDS = ("transcript", "transcript_url")
"""The metadata that is read."""

MAX_SEGMENTS = 10_000
"""Seven hours of captions, or a mebibyte of full ones; what comes behind is not read, and the document says so."""

LONGEST_SPEAKER = 200
"""Characters of a speaker's name."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """Some words, by one speaker. Times are seconds into the video; ``speaker`` is ``None`` when nobody is named."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None


class Transcript:
    """Segments in the order of their start.

    Attributes:
        segments: all of them.
        problem: why there are none although a transcript was linked, for people; empty otherwise.
        cut: that it is too long, and what of it is used, for people; empty when all is.
    """

    __slots__ = ("_longest", "_starts", "cut", "problem", "segments")

    def __init__(self, segments: list[Segment] | tuple[Segment, ...] = (), problem: str = "", cut: str = "") -> None:
        self.segments = tuple(sorted(segments, key=lambda segment: (segment.start_s, segment.end_s)))
        self.problem = problem
        self.cut = cut
        self._starts = [segment.start_s for segment in self.segments]
        self._longest = max((segment.end_s - segment.start_s for segment in self.segments), default=0.0)

    def between(self, start_s: float, end_s: float) -> tuple[Segment, ...]:
        """Return the segments of which at least half lies in a span, or that fill half of it."""
        first = bisect_left(self._starts, start_s - self._longest)
        last = bisect_left(self._starts, end_s)
        return tuple(segment for segment in self.segments[first:last] if _belongs(segment, start_s, end_s))


def _belongs(segment: Segment, start_s: float, end_s: float) -> bool:
    shared = min(segment.end_s, end_s) - max(segment.start_s, start_s)
    if segment.end_s <= segment.start_s:
        return start_s <= segment.start_s < end_s
    return shared > 0 and 2 * shared >= min(segment.end_s - segment.start_s, end_s - start_s)


class _Given(msgspec.Struct):
    """One segment as JSON: the names that transcript services use."""

    text: str
    start: float | None = None
    end: float | None = None
    start_s: float | None = None
    end_s: float | None = None
    duration: float | None = None
    speaker: str | None = None


class _Holder(msgspec.Struct):
    """A transcript as an object: one of the three."""

    segments: list[Any] | None = None
    text: str | None = None
    url: str | None = None


def transcript_url(metadata: Mapping[str, Any]) -> str | None:
    """Return the URL of a transcript that a request's metadata links, if it does."""
    given = metadata.get("transcript")
    url = given.get("url") if isinstance(given, dict) else metadata.get("transcript_url")
    return url if isinstance(url, str) and url else None


def transcript_of(metadata: Mapping[str, Any], linked: LinkedTranscript | None = None) -> Transcript:
    """Return the transcript that a request carries, or what came of the one it links; an empty one when it has none.

    Raises:
        ProfileInputError: the request carries one that is none of the forms. A linked one that cannot be read only
            says so in ``problem``.
    """
    given = metadata.get("transcript")
    if transcript_url(metadata) is None:
        return Transcript() if given is None else parse(given)
    if linked is None or linked.problem:
        return Transcript(problem="not fetched yet" if linked is None else linked.problem)
    try:
        return parse(linked.text)
    except ProfileInputError as error:
        return Transcript(problem=str(error))


def parse(given: Any) -> Transcript:
    """Read a transcript: a text in WebVTT, SRT or JSON, a list of segments, or an object with one of the two.

    Raises:
        ProfileInputError: it is none of these; the text says what is.
    """
    if isinstance(given, str):
        return _parse_text(given)
    try:
        if isinstance(given, list):
            return _listed(given)
        holder = msgspec.convert(given, _Holder)
    except msgspec.ValidationError as error:
        raise ProfileInputError(f"metadata.transcript: {error}") from error
    if holder.segments is not None:
        return _listed(holder.segments)
    if holder.text is not None:
        return parse(holder.text)
    raise ProfileInputError("metadata.transcript: neither segments, text nor url in it")


def _parse_text(text: str) -> Transcript:
    text = text.removeprefix("\ufeff").strip()
    if text.startswith(("{", "[")):
        try:
            return parse(msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError) as error:
            raise ProfileInputError(f"metadata.transcript: not JSON: {error}") from error
    if not is_captions(text):
        raise ProfileInputError("metadata.transcript: neither WebVTT, SRT nor JSON")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    segments: list[Segment] = []
    names: dict[str, str] = {}
    count = long = 0
    for count, cue in enumerate(cues(text, MAX_SEGMENTS + 1), 1):
        if count <= MAX_SEGMENTS:
            segments.append(_segment(cue, names))
            long += cue.cut
    if not segments:
        raise ProfileInputError("metadata.transcript: no caption in it")
    return Transcript(segments, cut=_cut(count, long))


def _segment(cue: Cue, names: dict[str, str]) -> Segment:
    speaker, text = cue.voice, cue.text
    if speaker is None and (said := _SPEAKER.match(text)):
        speaker, text = said[1], text[said.end() :]
    return Segment(cue.start_s, cue.end_s, text, _name(speaker, names))


def _name(speaker: str | None, names: dict[str, str]) -> str | None:
    """Return a name; it is kept once, however often it speaks."""
    return names.setdefault(speaker[:LONGEST_SPEAKER], speaker[:LONGEST_SPEAKER]) if speaker else None


def _cut(count: int, long: int) -> str:
    """Say what of it is used."""
    told = [f"its first {MAX_SEGMENTS:,} segments"] if count > MAX_SEGMENTS else []
    if long:
        told.append(f"the first {LONGEST_CUE:,} characters of {long:,} long segment{'s' if long > 1 else ''}")
    return f"too long; used are {' and '.join(told)}" if told else ""


def _listed(given: list[Any]) -> Transcript:
    listed = msgspec.convert(given[:MAX_SEGMENTS], list[_Given])
    return Transcript(_segments(listed), cut=_cut(len(given), sum(len(one.text) > LONGEST_CUE for one in listed)))


def _segments(given: list[_Given]) -> list[Segment]:
    segments = []
    names: dict[str, str] = {}
    for one in given:
        start = one.start_s if one.start is None else one.start
        end = one.end_s if one.end is None else one.end
        if start is None or not 0 <= start < 1e7:
            raise ProfileInputError("metadata.transcript: a segment needs start, in seconds")
        if end is None or not start <= end < 1e7:
            end = start + max(0.0, min(one.duration or 0.0, 1e6))
        segments.append(Segment(start, end, one.text[:LONGEST_CUE], _name(one.speaker, names)))
    return segments

"""Captions as text, WebVTT or SRT, read in one pass: what producers send may be made to hold a worker up.

The library that writes captions reads them too, at some 35 microseconds a cue: two seconds for a mebibyte of tiny ones,
on the thread that serves all partitions. Here a cue is one search of a pattern, and the words lie between two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

LONGEST_CUE = 10_000
"""Characters of one cue that are read, markup included: some ten minutes of speech."""

_TIME = r"(?:([0-9]{1,6}):)?([0-9]{1,2}):([0-9]{1,2})[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"^[ \t]{{0,20}}{_TIME}[ \t]{{0,20}}-->[ \t]{{0,20}}{_TIME}[^\n]*", re.MULTILINE)
_VOICE = re.compile(r"<v(?:\.\w+)*\s+([^>\s][^>]*)>")
_TAG = re.compile(r"<[^>]*>")
_INDEX = re.compile(r"\n[ \t]*[0-9]+[ \t]*\n*$")
"""What stands before the next cue of SRT and is none of the words of the last."""


class Cue(NamedTuple):
    """Words and when they are said, in seconds; ``voice`` as a voice tag names it. ``cut``: it is longer."""

    start_s: float
    end_s: float
    text: str
    voice: str | None
    cut: bool


def is_captions(text: str) -> bool:
    """Whether a text, without space around it, begins as WebVTT or as SRT does."""
    return text.startswith("WEBVTT") or "-->" in "".join(text[:200].splitlines()[:2])


def cues(text: str, most: int) -> Iterator[Cue]:
    """Read the first cues of a text, as many as ``most``, in its order; line feeds alone end its lines."""
    is_vtt = text.startswith("WEBVTT")
    timings = islice(_TIMING.finditer(text), most + 1)
    timing = next(timings, None)
    for _ in range(most):
        if timing is None:
            return
        following = next(timings, None)
        start, stop = timing.end() + 1, len(text) if following is None else following.start()
        cue = _vtt_cue(timing, text, start, stop) if is_vtt else _srt_cue(timing, text, start, stop)
        if cue is not None:
            yield cue
        timing = following


def _vtt_cue(timing: re.Match[str], text: str, start: int, stop: int) -> Cue:
    """An empty line ends a cue: what follows is a comment, or the next one's identifier."""
    ends = text.find("\n\n", start - 1, stop)
    stop = stop if ends < 0 else ends
    words, voice = _words(text[start : min(stop, start + LONGEST_CUE)])
    hours, minutes, seconds, fraction, *end = timing.groups("0")
    start_s = _seconds(hours, minutes, seconds, fraction.ljust(3, "0"))
    end_s = _seconds(end[0], end[1], end[2], end[3].ljust(3, "0"))
    return Cue(start_s, end_s, words, voice, stop - start > LONGEST_CUE)


def _srt_cue(timing: re.Match[str], text: str, start: int, stop: int) -> Cue | None:
    """Empty lines may be among the words; ``None`` where there are no words."""
    said = text[start : min(stop, start + LONGEST_CUE)]
    if stop < len(text) and stop <= start + LONGEST_CUE:
        said = _INDEX.sub("", f"\n{said}")
    words, voice = _words(said)
    if not words:
        return None
    parts = timing.groups("0")
    return Cue(_seconds(*parts[:4]), _seconds(*parts[4:]), words, voice, stop - start > LONGEST_CUE)


def _seconds(hours: str, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000


def _words(said: str) -> tuple[str, str | None]:
    """Return words without markup, on one line, and the voice that their tag names."""
    voice = None
    if "<" in said:
        if found := _VOICE.match(said.lstrip("\n")):
            voice = found[1]
        said = "\n".join([_without_tags(line) for line in said.split("\n")])
    return " ".join(said.split()), voice


def _without_tags(line: str) -> str:
    """Return a line without markup; behind the last ``>`` no ``<`` begins a tag, and none is searched for."""
    last = line.rfind(">") + 1
    return _TAG.sub("", line[:last]) + line[last:]

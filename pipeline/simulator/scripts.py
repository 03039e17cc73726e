"""Streams whose content is written down: what is said when, and the moments that the API points out of it.

A submission whose metadata names one (``script``) gets its content instead of content that is drawn. Where the scenario
says so (``content.written``), one gets it too whose tags are those of a script and about which nothing else says more.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml

FOLDER = "scripts"


class Line(msgspec.Struct, frozen=True, array_like=True):
    """Some words: when they begin, in seconds, who says them, and what."""

    start_s: float
    speaker: str
    text: str


class Point(msgspec.Struct, frozen=True, array_like=True):
    """A moment: where it starts, how long it is, how it is called, and how sure the API is of it."""

    start_s: float
    duration_s: float
    title: str
    description: str
    confidence: float


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stream.

    Attributes:
        title: for people.
        kind: what sort of stream it is.
        duration_s: its length.
        moments: in the order of their time.
        tags: custom tags of submissions that it suits.
        transcript: likewise; a line lasts until the next one begins, at most ``LONGEST_LINE_S``.
    """

    title: str
    kind: Literal["gaming", "education", "meetings"]
    duration_s: float
    moments: list[Point]
    tags: frozenset[str] = frozenset()
    transcript: list[Line] = []

    def segments(self) -> list[dict[str, Any]]:
        """Return the transcript as a request carries it: objects with start, end, speaker and text."""
        ends = [line.start_s for line in self.transcript[1:]] + [self.duration_s]
        return [
            {
                "start": line.start_s,
                "end": min(end, line.start_s + LONGEST_LINE_S),
                "speaker": line.speaker,
                "text": line.text,
            }
            for line, end in zip(self.transcript, ends, strict=False)  # without any line one end is left
        ]

    def webvtt(self) -> str:
        """Return the transcript as WebVTT with voice tags."""
        cues = [
            f"{_clock(line['start'])} --> {_clock(line['end'])}\n<v {line['speaker']}>{_cue(line['text'])}\n"
            for line in self.segments()
        ]
        return "\n".join(["WEBVTT\n", *cues])


LONGEST_LINE_S = 30.0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{rest:06.3f}"


def script_names() -> list[str]:
    """Return the names of the scripts that come with the package."""
    return sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml"))


@cache
def find_script(name: str) -> Script | None:
    """Return a script by name; ``None`` when there is none."""
    if name not in script_names():
        return None
    return msgspec.convert(yaml.safe_load((_folder() / f"{name}.yaml").read_text("utf-8")), Script)


def script_for(tags: Iterable[str]) -> Script | None:
    """Return the script that the first tag suits which suits any; ``None`` when none does."""
    by_tag = _by_tag()
    return next((by_tag[tag] for tag in tags if tag in by_tag), None)


@cache
def _by_tag() -> Mapping[str, Script]:
    scripts = [script for name in script_names() if (script := find_script(name)) is not None]
    return {tag: script for script in scripts for tag in script.tags}


def _cue(text: str) -> str:
    return html.escape(text, quote=False)


def _folder() -> Any:
    return files("pipeline.simulator") / FOLDER

"""The words of a clip as WebVTT, with times relative to the clip."""

from __future__ import annotations

from collections.abc import Sequence

from agents.profiles.transcript import Segment

LONGEST_CAPTIONS = 8_000
"""Characters of a clip's captions; cues beyond are left out."""


def captions_vtt(segments: Sequence[Segment], start_s: float, duration_s: float) -> str:
    """Return a clip's captions; empty when nothing is said in it."""
    cues = []
    size = 0
    for segment in segments:
        begin = max(0.0, segment.start_s - start_s)
        end = min(segment.end_s - start_s, duration_s)
        text = _escaped(segment.text)
        if end - begin < 0.001 or not text:
            continue
        voice = f"<v {_escaped(segment.speaker)}>" if segment.speaker else ""
        cue = f"{stamp(begin)} --> {stamp(end)}\n{voice}{text}\n"
        size += len(cue) + 1
        if size > LONGEST_CAPTIONS:
            break
        cues.append(cue)
    return "WEBVTT\n\n" + "\n".join(cues) if cues else ""


def stamp(seconds: float) -> str:
    """Return seconds as WebVTT writes them: ``00:01:02.345``."""
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text

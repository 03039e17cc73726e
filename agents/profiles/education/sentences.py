"""The sentences of a transcript, whatever its punctuation is like, each with where it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from agents.profiles.evidence import Field
from agents.profiles.transcript import Segment

_END = re.compile(r"(?<![.!?\u2026])[.!?\u2026]+[\"'\u201d\u2019)\]]*\s+")
_SHORT = re.compile(r"(?:^|\W)(?:Dr|Mr|Mrs|Ms|St|vs|Prof|e\.g|i\.e|cf|[A-Z])$")
"""What a full stop behind does not end a sentence."""

_CLOSED = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*\s*$")
_BARE = 8
"""Words from which a caption without any punctuation counts as a sentence of its own."""

_SPELLED = {
    word.replace("'", ""): word
    for word in (
        "that's", "what's", "there's", "here's", "who's", "how's", "where's", "he's", "she's", "let's", "don't",
        "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't", "can't", "couldn't", "won't", "wouldn't",
        "shouldn't", "haven't", "hasn't", "you're", "they're", "you've", "we've", "they've", "you'd", "they'd",
        "you'll", "they'll", "i'm", "i've",
    )
}  # fmt: skip
UNMARKED = frozenset(_SPELLED)
"""Contractions as automatic captions write them, without the apostrophe; none of them is another word."""

_UNMARKED = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)

LONGEST = 400
"""Characters of a sentence; what is longer is cut into several."""

LONGEST_SEGMENT = 4_000
"""Characters of a segment that are read."""

MOST = 60
"""Sentences of a highlight that are read."""


class Sentence(msgspec.Struct, frozen=True, gc=False):
    """A sentence, and the part of it that one segment or field holds whole.

    Attributes:
        text: all of it, over the border of segments.
        part: its longest part that lies in one segment; evidence shows this one.
        field: where that stands, from ``start`` on, in characters of the segment's or field's text.
        at_s: when it is said, seconds into the video.
        speaker: who says it, if somebody is named.
    """

    text: str
    part: str
    field: Field
    start: int
    at_s: float
    speaker: str | None


def sentences_of(segments: Sequence[Segment]) -> list[Sentence]:
    """Return the sentences of segments; one that runs over a border is joined, unless another person speaks."""
    found: list[Sentence] = []
    open_ended = False
    for segment in segments:
        pieces = _pieces(segment.text[:LONGEST_SEGMENT])
        for place, (start, text) in enumerate(pieces):
            last = found[-1] if found else None
            if place == 0 and open_ended and last is not None and _continues(last, segment, text):
                part, at, begin = last.part, last.at_s, last.start
                if len(text) > len(part):
                    part, at, begin = text, segment.start_s, start
                found[-1] = Sentence(f"{last.text} {text}", part, last.field, begin, at, last.speaker)
            else:
                share = start / len(segment.text) * (segment.end_s - segment.start_s)
                at_s = round(segment.start_s + share, 3)
                found.append(Sentence(text, text, "transcript", start, at_s, segment.speaker))
        if pieces:
            open_ended = _CLOSED.search(pieces[-1][1]) is None
        if len(found) >= MOST:
            break
    return found[:MOST]


def _continues(last: Sentence, segment: Segment, text: str) -> bool:
    if last.speaker != segment.speaker or len(last.text) + len(text) > LONGEST or not text[0].islower():
        return False
    bare = last.text.islower() and last.text[-1] not in ",;:-"
    return not bare or last.text.count(" ") + 1 < _BARE


def spelled_out(sentence: Sentence) -> Sentence:
    """Return a sentence as rules read it: contractions with their apostrophes; what it shows stays as it was said."""
    text = _UNMARKED.sub(lambda match: _SPELLED[match[0].lower()], sentence.text)
    return msgspec.structs.replace(sentence, text=text)


def field_sentences(text: str, field: Field, at_s: float) -> list[Sentence]:
    """Return the sentences of a title or description."""
    return [Sentence(piece, piece, field, start, at_s, None) for start, piece in _pieces(text)[:MOST]]


def _pieces(text: str) -> list[tuple[int, str]]:
    """Return the sentences of one text with where they begin."""
    pieces = []
    begin = 0
    ends = [
        match.end()
        for match in _END.finditer(text)
        if not _SHORT.search(text, max(0, match.start() - 6), match.start())
    ]
    for end in (*ends, len(text)):
        for start in range(begin, end, LONGEST):
            piece = text[start : min(end, start + LONGEST)]
            stripped = piece.strip()
            if stripped:
                pieces.append((start + len(piece) - len(piece.lstrip()), stripped))
        begin = end
    return pieces

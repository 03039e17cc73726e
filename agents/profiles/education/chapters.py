"""Chapters that YouTube accepts, made of highlights: the first at 0:00, three or more, each 10 seconds or longer.

Source of the rules: YouTube's help page on video chapters. Chapters lie one behind the other without gaps: each lasts
until the next begins, and the last until the stream ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agents.profiles.education.titles import tidy

SHORTEST = 10
"""Seconds that a chapter lasts at least."""

FEWEST = 3
MOST = 100
"""Chapters of a stream; in a long one they last longer instead."""

_LONGEST_CLIP = 120.0
_LONGEST_STREAM = 10_000_000


class Moment(msgspec.Struct, frozen=True, gc=False):
    """A highlight as a chapter may begin with it."""

    start_s: float
    end_s: float
    confidence: float
    title: str
    highlight_id: str


class Chapter(msgspec.Struct, frozen=True, gc=False):
    """One chapter, in whole seconds."""

    start_s: int
    end_s: int
    title: str


def chapters_of(moments: Sequence[Moment], length_s: float) -> tuple[list[Chapter], str]:
    """Return chapters, and why there are none; empty when there are.

    Args:
        moments: in any order.
        length_s: of the stream, in seconds.
    """
    length = int(min(length_s, _LONGEST_STREAM))
    if not moments:
        return [], "no highlights"
    if length < FEWEST * SHORTEST:
        return [], f"the stream is shorter than {FEWEST} chapters of {SHORTEST} s"
    begins = _joined(_begins(moments, length))
    if len(begins) < FEWEST:
        begins = _split(begins, length)
    titles = _unique([title or f"Part {place}" for place, (_, title) in enumerate(begins, start=1)])
    starts = [start for start, _ in begins]
    return [
        Chapter(start, end, title) for start, end, title in zip(starts, [*starts[1:], length], titles, strict=True)
    ], ""


def _begins(moments: Sequence[Moment], length: int) -> list[tuple[int, str]]:
    """Return where chapters begin, with their titles: highlights that overlap or follow too soon are one."""
    shortest = max(SHORTEST, -(-length // MOST))
    order = sorted(moments, key=lambda moment: (moment.start_s, moment.end_s, moment.highlight_id))
    begins: list[tuple[int, str]] = []
    leading: Moment | None = None
    best = 0.0
    for moment in order:
        start = int(min(moment.start_s, _LONGEST_STREAM))
        if leading is None:
            if start >= shortest and length - start >= SHORTEST:
                begins.append((0, "Introduction"))
            else:
                start = 0
        elif (
            start - begins[-1][0] < shortest
            or length - start < SHORTEST
            or moment.start_s < min(leading.end_s, leading.start_s + _LONGEST_CLIP)
        ):
            if moment.confidence > best:
                best = moment.confidence
                begins[-1] = (begins[-1][0], tidy(moment.title))
            continue
        leading, best = moment, moment.confidence
        begins.append((start, tidy(moment.title)))
    return begins


def _joined(begins: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return chapters of which neighbours of one title are one, as long as enough are left."""
    surplus = len(begins) - FEWEST
    joined: list[tuple[int, str]] = []
    for start, title in begins:
        if surplus > 0 and title and joined and title == joined[-1][1]:
            surplus -= 1
        else:
            joined.append((start, title))
    return joined


def _split(begins: list[tuple[int, str]], length: int) -> list[tuple[int, str]]:
    """Return three chapters or more: the longest is cut in two, or the whole in three where that is too short."""
    while len(begins) < FEWEST:
        ends = [*(start for start, _ in begins[1:]), length]
        sizes = [end - start for (start, _), end in zip(begins, ends, strict=True)]
        place = max(range(len(sizes)), key=lambda one: sizes[one])
        if sizes[place] < 2 * SHORTEST or (len(begins) == 1 and sizes[place] < 4 * SHORTEST):
            third = length // FEWEST
            return [(one * third, _title_at(begins, one * third)) for one in range(FEWEST)]
        start, title = begins[place]
        begins = [*begins[: place + 1], (start + sizes[place] // 2, f"{title}, continued"), *begins[place + 1 :]]
    return begins


def _title_at(begins: list[tuple[int, str]], at: int) -> str:
    return [title for start, title in begins if start <= at][-1]


def _unique(titles: Sequence[str]) -> list[str]:
    """Return titles of which none stands twice."""
    taken: set[str] = set()
    found = []
    for title in titles:
        name, count = title, 1
        while name in taken:
            count += 1
            name = f"{title} ({count})"
        taken.add(name)
        found.append(name)
    return found

"""How the minutes tell a highlight's items: each once, with what it is about, as a sentence where there is one.

The items of a highlight are clauses. In the minutes, clauses of one sentence are one item; a request and its acceptance
are one; a bare "agreed" is told with what was agreed; a title that says what was spoken is one more ground of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.profiles.meetings.clauses import ClauseReader
from agents.profiles.meetings.finder import SpeechFinder
from agents.profiles.meetings.items import LONGEST_TEXT, item_id
from agents.profiles.meetings.points import Point, alike, due_of, stems
from agents.profiles.meetings.privacy import Privacy
from agents.profiles.meetings.reading import Turn, circumstances
from agents.profiles.meetings.turns import Source, turns_of
from agents.profiles.transcript import Transcript

AROUND_S = 60.0
"""Seconds before and after a highlight in which an item's request, answer or proposal is looked for."""

LONGEST_SENTENCE = 240
"""Characters of a sentence that is told as a whole; of a longer one the clause."""

_ENDS = re.compile(r"[.!?\u2026][\"')\]]*\s*$")
_PROPOSES = re.compile(r"\b(?:propose|suggest|recommend|move that|how about|shall we|why do not we|lets|motion)\b")
_QUESTION = re.compile(
    r"xbeg (?:xthen )?(?:what|who|when|where|why|which|how|whether|is|are|was|were|do|does|did|can|could|will|would"
    r"|should|shall|has|have|may|and|but)\b"
)
_REFERS = re.compile(r"\b(?:it|that|this|them|these|those|him|her|so|one|both)\b")
_FIRST = 2
"""Clauses of a turn before what accepts the turn before."""

_FIELDS = ("transcript", "metadata", "description", "title")


class Teller:
    """Tells the items of one meeting's highlights.

    Args:
        reader: and ``finder``: what turns are read by.
        privacy: what is replaced.
        transcript: what was said around the highlights.
    """

    def __init__(self, reader: ClauseReader, finder: SpeechFinder, privacy: Privacy, transcript: Transcript) -> None:
        self._reader = reader
        self._finder = finder
        self._privacy = privacy
        self._transcript = transcript

    def told(self, note: Mapping[str, Any], start_s: float, duration_s: float) -> list[dict[str, Any]]:
        """Return a highlight's items as the minutes tell them, each with a list of its grounds."""
        points = _points(note)
        if not points:
            return []
        sources = self._sources(note, start_s, duration_s)
        turns = self._finder.turns(sources, [self._reader.read(one.text) for one in sources])
        scene = _Scene(sources, turns, self._privacy)
        scene.place(points)
        spoken = [point for point in points if point.turn is not None]
        answered = [point for point in spoken if scene.answers(point)]
        spoken = [point for point in spoken if point not in answered]
        points = [point for point in points if point not in answered]
        spoken = scene.accepted(scene.filled(scene.sentences(spoken)))
        return [_item(point) for point in _restated(spoken, [point for point in points if point.turn is None])]

    def _sources(self, note: Mapping[str, Any], start_s: float, duration_s: float) -> list[Source]:
        own = note.get("said")
        if own:
            return [Source(text, "metadata", speaker, offsets, times) for speaker, text, offsets, times in own]
        around = self._transcript.between(start_s - AROUND_S, start_s + duration_s + AROUND_S)
        return turns_of(around, "transcript")


def as_found(note: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a highlight's items in the words in which they were found."""
    return [_item(point) for point in _points(note)]


def _points(note: Mapping[str, Any]) -> list[Point]:
    """The items of a note; none where there is nothing but discussion."""
    points = [Point(item) for item in note.get("items", [])]
    return points if any(point.kind != "discussion" for point in points) else []


class _Scene:
    """The turns in and around a highlight."""

    def __init__(self, sources: Sequence[Source], turns: Sequence[Turn], privacy: Privacy) -> None:
        self._sources = sources
        self._turns = turns
        self._privacy = privacy

    def place(self, points: Sequence[Point]) -> None:
        """Find the clause of each spoken point; one that is not found is told as it is."""
        places: dict[tuple[float, int, int], tuple[int, int]] = {}
        for number, (source, turn) in enumerate(zip(self._sources, self._turns, strict=True)):
            for place, clause in enumerate(turn.clauses):
                offset, at_s = source.at(clause.start)
                places.setdefault((at_s, clause.start - offset, clause.end - offset), (number, place))
        for point in points:
            ground = point.grounds[0]
            found = places.get((ground["at_s"], ground["start"], ground["end"]))
            if found is not None and ground["field"] in ("transcript", "metadata"):
                point.turn, point.first = found
                point.last = point.first

    def answers(self, point: Point) -> bool:
        """A question is answered, perhaps only behind the highlight."""
        number = point.turn or 0
        asked = point.kind == "question" and self._turns[number].clauses[point.first].asked
        return asked and "answered" in circumstances(self._turns, number, point.first)

    def sentences(self, points: Sequence[Point]) -> list[Point]:
        """Join points of one sentence and kind, and tell a sentence as a whole that has no other point."""
        joined: list[Point] = []
        for point in sorted(points, key=lambda one: (one.turn, one.first, one.kind)):
            last = next((one for one in reversed(joined) if one.kind == point.kind), None)
            if last is not None and self._goes_on(last, point, points):
                last.take(point)
                last.last = point.last
            else:
                joined.append(point)
        for one in joined:
            one.first, one.last = self._whole(one, joined)
            self._tell(one)
        return joined

    def _tell(self, point: Point) -> None:
        """Tell a point in the words of its clauses."""
        point.text = self._text(point.turn, point.first, point.last)
        point.empty = self._empty(point.turn, point.first, point.last)

    def _empty(self, number: int | None, first: int, last: int) -> bool:
        """Clauses do not say what they are about: "agreed", "can you do that today?"."""
        clauses = self._turns[number or 0].clauses[first : last + 1]
        return not stems(" ".join(clause.plain for clause in clauses))

    def _goes_on(self, last: Point, point: Point, points: Sequence[Point]) -> bool:
        if last.turn != point.turn or last.assignee != point.assignee:
            return False
        between = range(last.last + 1, point.first)
        if any(one.turn == point.turn and one.first in between for one in points):
            return False
        ended = any(self._ended(point.turn, place) for place in range(last.last, point.first))
        if not ended:
            return True
        clause = self._turns[point.turn or 0].clauses[point.first]
        alternatives = point.kind == "question" and not between and _QUESTION.match(clause.plain) is None
        return alternatives and clause.asked

    def _ended(self, number: int | None, place: int) -> bool:
        """A sentence ends behind a clause."""
        clauses = self._turns[number or 0].clauses
        end = clauses[place + 1].start if place + 1 < len(clauses) else clauses[place].end
        return place + 1 >= len(clauses) or bool(_ENDS.search(self._sources[number or 0].text[:end]))

    def _bounds(self, number: int, first: int, last: int) -> tuple[int, int]:
        while first and not self._ended(number, first - 1):
            first -= 1
        while not self._ended(number, last):
            last += 1
        return first, last

    def _whole(self, point: Point, points: Sequence[Point]) -> tuple[int, int]:
        number = point.turn or 0
        first, last = self._bounds(number, point.first, point.last)
        others = [one for one in points if one is not point and one.turn == point.turn]
        clauses = self._turns[number].clauses
        if any(one.first <= last and first <= one.last for one in others):
            return point.first, point.last
        long = clauses[last].end - clauses[first].start > LONGEST_SENTENCE
        return (point.first, point.last) if long else (first, last)

    def _text(self, number: int | None, first: int, last: int) -> str:
        source, clauses = self._sources[number or 0], self._turns[number or 0].clauses
        said = source.text[clauses[first].start : clauses[last].end].strip()
        return self._privacy.text(said)[:LONGEST_TEXT]

    def filled(self, points: list[Point]) -> list[Point]:
        """Tell a bare decision with what is decided: beside it in the turn, or proposed in the turn before."""
        kept: list[Point] = []
        for point in points:
            if any(point in one.taken for one in kept) or self._echoes(point, kept):
                continue
            kept.append(point)
            if point.kind == "decision" and point.empty:
                self._fill(point, points)
        return kept

    def _echoes(self, point: Point, earlier: Sequence[Point]) -> bool:
        """Make "we don't know yet" one with the question that it is said to."""
        number = point.turn or 0
        near = (number, self._before(number))
        asked = [one for one in earlier if one.kind == point.kind == "question" and one.turn in near and not one.empty]
        if point.empty and asked:
            asked[-1].take(point)
        return point.empty and bool(asked)

    def _fill(self, point: Point, points: Sequence[Point]) -> None:
        number, clauses = point.turn or 0, self._turns[point.turn or 0].clauses
        proposal = self._proposal(number)
        follows = point.last + 1
        owners = [one for one in points if one is not point and one.turn == point.turn]
        if follows < len(clauses):
            first, last = self._bounds(number, follows, follows)
            within = [one for one in owners if one.first <= last and first <= one.last]
            if all(one.kind == "decision" for one in within) and not clauses[follows].asked:
                for one in within:
                    point.take(one)
                point.last = max([last, *(one.last for one in within)])
        if point.last < follows and point.first and not proposal:
            first, last = self._bounds(number, point.first - 1, point.first - 1)
            if not any(one.first <= last and first <= one.last for one in owners):
                point.first = first
        self._tell(point)
        if proposal:
            point.text = f"{proposal} \u2013 {point.text}"[:LONGEST_TEXT]
            point.empty = False

    def _before(self, number: int) -> int | None:
        """The turn before one that another speaks, and that says something."""
        for earlier in range(number - 1, -1, -1):
            if not self._turns[earlier].chatter():
                return earlier if self._turns[earlier].speaker != self._turns[number].speaker else None
        return None

    def _proposal(self, number: int) -> str:
        earlier = self._before(number)
        if earlier is None:
            return ""
        clauses = self._turns[earlier].clauses
        for place in reversed(range(len(clauses))):
            if _PROPOSES.search(clauses[place].plain):
                return self._text(earlier, *self._bounds(earlier, place, place))
        return ""

    def accepted(self, points: list[Point]) -> list[Point]:
        """Make a request and its acceptance one: what is asked for, by whom who accepts, until when either says."""
        gone: list[Point] = []
        for point in points:
            if point.kind != "action_item" or point.turn is None:
                continue
            self._complete(point, points)
            earlier = self._before(point.turn)
            mine = point.speaker is not None and point.assignee == point.speaker and point.first <= _FIRST
            if earlier is None or not mine:
                continue
            asked = [one for one in points if one.turn == earlier and one.kind == "action_item" and one not in gone]
            asked = [
                one
                for one in asked
                if one.assignee in (None, point.assignee) and self._answers(point, one.text, empty=one.empty)
            ]
            if asked:
                due = due_of(point, asked[-1])
                asked[-1].take(point)
                asked[-1].assign(point, due)
                gone.append(point)
            elif request := self._request(point, earlier):
                point.text = request
                point.empty = False
        kept = [point for point in points if point not in gone]
        for point in kept:
            if not point.says_when() and any(one.tells_date_of(point) for one in kept if one is not point):
                point.only_own_due()
        return kept

    def _answers(self, point: Point, request: str, *, empty: bool) -> bool:
        clause = self._turns[point.turn or 0].clauses[point.first]
        return point.empty or empty or alike(point.text, request) or bool(_REFERS.search(clause.plain))

    def _complete(self, point: Point, points: Sequence[Point]) -> None:
        """Tell "can you do that today?" with the sentence before it."""
        number = point.turn or 0
        if not point.empty or not point.first:
            return
        first, last = self._bounds(number, point.first - 1, point.first - 1)
        others = [one for one in points if one is not point and one.turn == number]
        free = not any(one.last >= first and one.first <= last for one in others)
        if free and not self._empty(number, first, last):
            point.first = first
            self._tell(point)

    def _request(self, point: Point, earlier: int) -> str:
        """What is asked for in a turn of which no item is known here, where it is accepted without its words."""
        turn = self._turns[earlier]
        for place in reversed(range(len(turn.clauses))):
            bounds = self._bounds(earlier, place, place)
            if self._empty(earlier, *bounds):
                continue
            text = self._text(earlier, *bounds)
            asks = any(rule.kind == "action_item" for rule in turn.read[place].standing())
            if asks and self._answers(point, text, empty=False):
                return text
            if point.empty:
                return f"{text} \u2013 {point.text}"[:LONGEST_TEXT]
        return ""


def _restated(spoken: list[Point], written: Sequence[Point]) -> list[Point]:
    """Give the grounds of a title or description to the item that it restates."""
    kept = list(spoken)
    for point in sorted(written, key=lambda one: (_FIELDS.index(one.grounds[0]["field"]), one.grounds[0]["start"])):
        if point.grounds[0]["field"] not in ("title", "description"):
            kept.append(point)
            continue
        point.only_own_due()
        same = [one for one in kept if one.kind == point.kind and one.field != point.field]
        near = max(same, key=lambda one: (len(stems(one.text) & stems(point.text)), -one.at_s), default=None)
        named = [one for one in same if point.assignee is not None and one.assignee == point.assignee]
        if near is not None and (stems(near.text) & stems(point.text)):
            near.take(point)
        elif named or (near is not None and near.empty):
            (named[0] if named else near or point).take(point)
        else:
            kept.append(point)
    return kept


def _item(point: Point) -> dict[str, Any]:
    return {**point.item, "text": point.text, "id": item_id(point.kind, point.text), "evidence": point.grounds}

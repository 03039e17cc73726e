"""From a speech act to an item: who, by when, how urgent, waiting for what, and the ground for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date

import msgspec

from agents.profiles.calibration import Calibration
from agents.profiles.evidence import Evidence
from agents.profiles.meetings.dates import resolve
from agents.profiles.meetings.finder import Act
from agents.profiles.meetings.people import People, nameless
from agents.profiles.meetings.privacy import Privacy
from agents.profiles.meetings.reading import Turn, after
from agents.profiles.meetings.turns import Source
from agents.profiles.phrases import Phrases, Words

LONGEST_TEXT = 400
"""Characters of an item's text and of its evidence."""

_DISCUSSION = 0.8
"""What it weighs that nothing else was found."""

_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "so",
        "then",
        "to",
        "of",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "is",
        "are",
        "be",
        "it",
        "that",
        "this",
        "we",
        "i",
        "you",
        "he",
        "she",
        "they",
        "will",
        "would",
        "can",
        "could",
        "our",
        "my",
        "your",
        "me",
        "us",
        "them",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "not",
        "no",
        "as",
        "if",
        "ok",
        "okay",
        "well",
        "right",
        "yes",
        "please",
        "just",
        "ll",
        "ve",
        "re",
        "d",
        "s",
        "t",
        "m",
    ]
)
_GIVEN_TO = re.compile(
    r"(?i:\b(?:action|task|todo|to do|item|assigned|one|homework)s?\b).{0,12}?\b(?:on|for|to)\s+"
    r"([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)"
)
"""An action given to somebody who is no attendee."""

WAITS = "waits"
_CLAUSE_END = re.compile(r"[,.;?!]")
_BACK = 3
"""Clauses before one in which somebody may have been called by name."""


class Item(msgspec.Struct, frozen=True, omit_defaults=False, kw_only=True):
    """One item of a meeting, as published.

    Attributes:
        id: the same for the same words, whatever the request.
        kind: action_item, decision, question or discussion.
        text: the words, as published.
        assignee: full name of an attendee, a name as said, or ``None``.
        assignee_known: it is an attendee.
        due: YYYY-MM-DD, or ``None``.
        due_text: the words that say when.
        priority: urgent, normal or low.
        depends_on: the words it waits for.
        speaker: who says it.
        at_s: when, in seconds.
        confidence: how sure the rules are, 0 to 1.
        evidence: the ground.
    """

    id: str
    kind: str
    text: str
    assignee: str | None = None
    assignee_known: bool = False
    due: str | None = None
    due_text: str | None = None
    priority: str = "normal"
    depends_on: str | None = None
    speaker: str | None = None
    at_s: float = 0.0
    confidence: float
    evidence: Evidence


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that carry its meaning, in lower case."""
    found = frozenset(_WORD.findall(text.lower()))
    return found - _COMMON or found


def item_id(kind: str, text: str) -> str:
    """Return the id of an item: of its kind and its words, whatever the request."""
    key = f"{kind}|{' '.join(sorted(words_of(text)))}"
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]


class ItemMaker:
    """Makes items for one meeting.

    Args:
        people: its attendees.
        privacy: what is replaced.
        today: its local day; ``None`` when nobody said, so that only what names a whole date has one.
        month_first: how dates in digits are read.
        calibration: what weights are worth.
        marks: phrases that mean a priority, or ``waits``: what an item waits for begins there.
    """

    def __init__(
        self,
        people: People,
        privacy: Privacy,
        today: date | None,
        *,
        month_first: bool,
        marks: Phrases[str],
        calibration: Calibration,
    ) -> None:
        self._people = people
        self._privacy = privacy
        self._today = today
        self._month_first = month_first
        self._marks = marks
        self._calibration = calibration

    def make_all(self, acts: Sequence[Act], turns: Sequence[Turn], sources: Sequence[Source]) -> list[Item]:
        """Make the items of acts, in their order."""
        acting = frozenset((act.turn, act.place) for act in acts if act.kind == "action_item")
        return [self._make(act, turns, sources, acting) for act in acts]

    def _make(
        self, act: Act, turns: Sequence[Turn], sources: Sequence[Source], acting: frozenset[tuple[int, int]]
    ) -> Item:
        source = sources[act.turn]
        clause = act.clause
        start = _with_condition(act, turns[act.turn], source.text)
        action = act.kind == "action_item"
        who, known = self._assignee(act, turns, source.text[clause.start : clause.end]) if action else (None, False)
        due, due_text = self._due(act, turns, acting) if action else (None, None)
        text = self._privacy.text(source.text[start : clause.end].strip())[:LONGEST_TEXT]
        alone = sum(turn == act.turn for turn, _ in acting) == 1
        begin = 0 if alone else start  # what is urgent is said where a turn begins, of the one thing it is about
        priority, waits_for = self._marked(source.text[begin : clause.end], start - begin) if action else _UNMARKED
        if action and waits_for is None and start < clause.start:
            waits_for = self._privacy.text(source.text[start : clause.start].strip(" ,;"))[:120]
        sure = self._calibration.confidence(act.kind, act.weight)
        return Item(
            id=item_id(act.kind, text),
            kind=act.kind,
            text=text,
            assignee=who,
            assignee_known=known,
            due=due.isoformat() if due else None,
            due_text=due_text,
            priority=priority,
            depends_on=waits_for,
            speaker=self.speaker(source.speaker),
            at_s=source.at(start)[1],
            confidence=sure,
            evidence=evidence_of(source, start, clause.end, text, act.rule, sure),
        )

    def discussion(self, source: Source) -> Item:
        """Make the item of a highlight in which nothing else was found."""
        text = self._privacy.text(source.text.strip())[:LONGEST_TEXT]
        sure = self._calibration.confidence("discussion", _DISCUSSION)
        return Item(
            id=item_id("discussion", text),
            kind="discussion",
            text=text,
            speaker=self.speaker(source.speaker),
            at_s=source.times[0],
            confidence=sure,
            evidence=evidence_of(source, 0, len(source.text), text, "meetings.discussion.nothing-else@1", sure),
        )

    def speaker(self, label: str | None) -> str | None:
        """Return who speaks, as published."""
        if label is None:
            return None
        place = self._people.speaker(label)
        return self._named(label if place is None else place)[0]

    def _named(self, one: int | str | None) -> tuple[str | None, bool]:
        if one is None:
            return None, False
        return (self._privacy.name(one), True) if isinstance(one, int) else (self._privacy.text(one), False)

    def _assignee(self, act: Act, turns: Sequence[Turn], said: str) -> tuple[str | None, bool]:
        turn, clause = turns[act.turn], act.clause
        if act.who == "speaker":
            place = self._people.speaker(turn.speaker)
            if place is not None or turn.speaker is None or nameless(turn.speaker):
                return self._named(place)
            return self._named(turn.speaker)
        if act.who == "named":
            return self._named(_first_named(turn, act.place, said))
        if act.who in ("called", "addressed"):
            return self._named(self._addressed(act, turns))
        if act.who == "role" and clause.roles:
            return self._named(_bare(clause.roles[0]))
        return None, False

    def _addressed(self, act: Act, turns: Sequence[Turn]) -> int | str | None:
        turn, clause = turns[act.turn], act.clause
        own = self._people.speaker(turn.speaker)
        if clause.called is not None:
            return clause.called
        named = [one for one in clause.names if one != own]
        if named:
            return named[0]
        if clause.roles:
            return _bare(clause.roles[0])
        behind = (one.called for one in turn.clauses[act.place + 1 :] if one.called is not None)
        called = _called_before(turn, act.place)
        called = next(behind, None) if called is None else called
        if called is not None or "everyone" in clause.plain or "everybody" in clause.plain:
            return called
        return self._next(act, turns, own)

    def _next(self, act: Act, turns: Sequence[Turn], own: int | None) -> int | None:
        """Who speaks next and does not refuse is the one who was asked."""
        following = next(iter(after(turns, act.turn, 1)), None)
        if following is None or "refuses" in following.replies:
            return None
        place = self._people.speaker(following.speaker)
        return None if place == own else place

    def _due(
        self, act: Act, turns: Sequence[Turn], acting: frozenset[tuple[int, int]]
    ) -> tuple[date | None, str | None]:
        dates = _dates(act, turns, acting)
        for said in dates if self._today else ():
            day = resolve(said, self._today, month_first=self._month_first)
            if day is not None:
                return day, said
        return None, dates[0] if dates else None

    def _marked(self, said: str, offset: int) -> tuple[str, str | None]:
        """Return the priority, and the words that an item waits for; before ``offset`` only what is urgent counts."""
        words = Words(said)
        priority, waits_for = "normal", None
        for found in self._marks.find(words):
            start, end = words.span(found.first, found.last)
            if start < offset and found.meaning != "urgent":
                continue
            if found.meaning != WAITS:
                priority = found.meaning if priority != "urgent" else priority
            elif waits_for is None:
                rest = _CLAUSE_END.split(said[start:], maxsplit=1)[0].strip()
                waits_for = self._privacy.text(rest)[:120] if len(rest) > end - start else None
        return priority, waits_for


_UNMARKED: tuple[str, None] = ("normal", None)
_CONDITION = re.compile(
    r"(?:xyes )?xbeg (?:xthen )?(?:if|once|when|whenever|unless|as soon as|after|until|in case|provided)\b"
)
_STOP = re.compile(r"[.!?;\n]")


def _with_condition(act: Act, turn: Turn, text: str) -> int:
    """Return where a clause begins, with the one before it that says on what condition: "If it rains, I'll ..."."""
    before = turn.clauses[act.place - 1] if act.place else None
    if before is None or before.asked or not _CONDITION.match(before.plain):
        return act.clause.start
    return act.clause.start if _STOP.search(text, max(before.end - 1, 0), act.clause.start) else before.start


def _bare(role: str) -> str:
    return role[4:] if role[:4].lower() == "the " else role


def _first_named(turn: Turn, place: int, said: str) -> int | str | None:
    """Who is named: in the clause, as nobody invited, in the clause before, or called by name before."""
    clause = turn.clauses[place]
    if clause.names:
        return clause.names[0]
    if match := _GIVEN_TO.search(said):
        return match[1]
    if place and turn.clauses[place - 1].names:
        return turn.clauses[place - 1].names[-1]
    return _called_before(turn, place)


def _called_before(turn: Turn, place: int) -> int | str | None:
    for clause in reversed(turn.clauses[max(0, place - _BACK) : place]):
        if clause.called is not None:
            return clause.called
    return None


def _dates(act: Act, turns: Sequence[Turn], acting: frozenset[tuple[int, int]]) -> list[str]:
    """The dates that may be meant: in the clause, in what follows of the turn, before it, in the answer.

    ``acting``: turn and place of the clauses with actions of their own.
    """
    turn = turns[act.turn]
    dates = list(act.clause.dates)
    for place in range(act.place + 1, len(turn.clauses)):
        if (act.turn, place) in acting:
            break
        dates += turn.clauses[place].dates
    if "by then" in act.clause.plain:
        earlier = [said for one in turns[: act.turn + 1] for clause in one.clauses for said in clause.dates]
        return [*dates, *reversed(earlier)]
    if not dates and act.place and (act.turn, act.place - 1) not in acting:
        dates += turn.clauses[act.place - 1].dates
    alone = all((act.turn, place) not in acting for place in range(act.place + 1, len(turn.clauses)))
    if not dates and alone:
        dates += [said for one in after(turns, act.turn, 2) for clause in one.clauses for said in clause.dates]
    return dates


def evidence_of(source: Source, start: int, end: int, text: str, rule: str, confidence: float) -> Evidence:
    """Return the ground of an item: offsets within the segment in which it begins."""
    offset, at_s = source.at(start)
    return Evidence(text, source.field, start - offset, end - offset, at_s, rule, confidence)

"""What declared rules say about turns: which of them match a clause, how a turn answers another, what holds around."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from agents.profiles.calibration import Measured
from agents.profiles.declared import Rule, RuleData
from agents.profiles.meetings.clauses import Clause

Kind = Literal["action_item", "decision", "question"]
Who = Literal["speaker", "named", "called", "addressed", "role", "nobody"]

REPLIES = 3
"""Turns after one that may answer it."""

_HEARD = 3
"""Clauses of a turn that may answer the one before."""

_SHORT_ANSWER = 4
"""Words of an answer that needs no yes or no."""

_ELLIPSIS = re.compile(
    r"xbeg (?:xthen )?(?:i|he|she|it|they|we|that|there) (?:am|is|are|was|were|do|does|did"
    r"|have|has|had|can|will|would)(?: not)?(?:,| xend)"
)
"""A subject and an auxiliary, and no more: an answer."""

_WHO = re.compile(r"\b(?:who|whose|wer|quién|qui|wie)\b")
_THEY = re.compile(r"xbeg (?:xthen )?(?:he|she|they) ")
_SILENT = frozenset({"xbeg  xend", "xbeg xend", "xbeg  xask", "xbeg \u2026 xend", "xbeg xthen  xend"})
_WHEN = re.compile(r"\b(?:when|how long|how soon|what time|which day)\b")
_LONG_WORD = re.compile(r"(?!x(?:beg|end|ask|then|call|name|names|role|date|ing)\b)\w{4,}")
_EMPTY = frozenset(
    [
        "that",
        "this",
        "with",
        "what",
        "when",
        "where",
        "which",
        "would",
        "could",
        "should",
        "have",
        "been",
        "does",
        "from",
        "they",
        "them",
        "there",
        "their",
        "your",
        "will",
        "just",
        "about",
        "into",
        "more",
        "than",
        "then",
        "some",
        "still",
        "really",
        "know",
    ]
)

_REMARK = re.compile(
    r"xbeg (?!i |we |you |he |she |it |they |there |that |this |xcall|xname|any|some|no|or |and |one |just |the |not )"
    r"\S+(?: \S+){0,2} xend"
)
"""One to three words without a subject, right behind a question: whoever asked it answers it himself."""

_CHATTER = 3
"""Words of a reply that say nothing at all, at most."""


class SpeechRule(RuleData, frozen=True, forbid_unknown_fields=True):
    """One rule about a clause's plain form.

    Attributes:
        when: circumstances that all hold; ``unless``: none of these (:func:`circumstances`).
        unless: see there.
        who: who the action falls to.
        leans: it says little by itself: beside another action of the same turn it only gives that its date.
    """

    when: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    who: Who = "nobody"
    leans: bool = False


class ContextData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a clause, or of its whole ``turn``, that make kinds doubtful: confidence is multiplied by ``factor``."""

    id: str
    kinds: list[Kind]
    factor: float
    phrases: list[str]
    turn: bool = False


class SpeechData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules.yaml`` but for its words, and ``calibration.yaml``."""

    groups: dict[str, list[str]]
    replies: dict[str, list[str]]
    contexts: list[ContextData]
    kinds: dict[Kind, list[SpeechRule]]
    calibration: dict[str, Measured]


class Read:
    """What phrases say about one clause."""

    __slots__ = ("also", "factors", "matched", "replies", "spoiled")

    def __init__(self) -> None:
        self.matched: list[Rule[SpeechRule]] = []
        self.also: set[int] = set()
        self.spoiled: set[int] = set()
        self.factors: list[ContextData] = []
        self.replies: set[str] = set()

    def standing(self) -> list[Rule[SpeechRule]]:
        """The rules that the clause's own words do not take back."""
        return [
            rule
            for rule in self.matched
            if rule.place not in self.spoiled and (not rule.data.also or rule.place in self.also)
        ]

    def promises(self) -> bool:
        """An action is in it whatever is around it."""
        return any(rule.kind == "action_item" and not rule.data.when for rule in self.standing())


class Turn:
    """One speaker's clauses, and what phrases say about them; a title is one as well, but is not ``spoken``."""

    __slots__ = ("clauses", "read", "replies", "speaker", "spoken")

    def __init__(self, speaker: str | None, clauses: list[Clause], read: list[Read], *, spoken: bool) -> None:
        self.speaker = speaker
        self.clauses = clauses
        self.read = read
        self.spoken = spoken
        self.replies: set[str] = set()  # how it answers the turn before: what phrases say about its first clauses
        for one in read[:_HEARD]:
            self.replies |= one.replies

    def chatter(self) -> bool:
        """It says nothing at all."""
        size = sum(clause.size for clause in self.clauses)
        return (size <= _CHATTER and "exclaims" in self.replies) or all(one.plain in _SILENT for one in self.clauses)

    def answers(self, question: Clause) -> bool | None:
        """Say whether it answers a question: yes; no, since it says that nobody knows; ``None``: it says neither."""
        said = self.replies
        if "unknown" in said:
            return False
        first = self.clauses[0] if self.clauses else None
        if first is None or first.asked or self.chatter():
            return None
        asks_who = _WHO.search(question.plain) is not None
        if self.read[0].promises():  # somebody will see to it
            return asks_who or _WHEN.search(question.plain) is not None
        answered = (
            not said.isdisjoint(("answers", "accepts"))
            or first.size <= _SHORT_ANSWER
            or _ELLIPSIS.search(first.plain) is not None
            or (asks_who and bool(first.names))
            or (bool(question.names) and _THEY.search(first.plain) is not None)
            or (bool(first.dates) and _WHEN.search(question.plain) is not None)
            or not _content(question).isdisjoint(_content(first))
        )
        return True if answered else None


def _content(clause: Clause) -> set[str]:
    return {word for word in _LONG_WORD.findall(clause.plain) if word not in _EMPTY}


CIRCUMSTANCES = frozenset({"date", "called", "named", "accepted", "refused", "answered", "open"})
"""What may hold around a clause: a date in it or right behind it; somebody called by name;
somebody named in the clause before; the next turn accepts or
refuses; a reply answers it, or none does (``open``)."""


def circumstances(turns: Sequence[Turn], number: int, place: int) -> set[str]:
    """Return what holds around a clause; see :data:`CIRCUMSTANCES`."""
    turn = turns[number]
    clause = turn.clauses[place]
    holds = set()
    rest = turn.clauses[place + 1 :]
    if clause.dates or (rest and rest[0].dates and not turn.read[place + 1].matched):
        holds.add("date")
    if clause.called is not None or (place and turn.clauses[place - 1].called is not None):
        holds.add("called")
    if place and turn.clauses[place - 1].names:
        holds.add("named")
    following = [later for later in after(turns, number, REPLIES) if not later.chatter()]
    said = following[0].replies if following else set()
    if "refuses" in said:
        holds.add("refused")
    elif "accepts" in said:
        holds.add("accepted")
    holds.add("answered" if _answered(turn, place, following) else "open")
    return holds


def after(turns: Sequence[Turn], number: int, most: int) -> list[Turn]:
    """Return the turns that are spoken after one, if it is spoken itself."""
    return [later for later in turns[number + 1 : number + 1 + most] if later.spoken] if turns[number].spoken else []


def _answered(turn: Turn, place: int, following: Sequence[Turn]) -> bool:
    """A question is answered by words of the same turn behind it, or by the first turn that says so or the contrary."""
    clause = turn.clauses[place]
    if clause.asked and place + 1 < len(turn.clauses) and _REMARK.match(turn.clauses[place + 1].plain):
        return True
    for read in turn.read[place + 1 :]:
        if "unknown" in read.replies:
            return False
        if "tells" in read.replies:
            return True
    return next((answer for later in following if (answer := later.answers(clause)) is not None), False)

"""Turns of speech cut into clauses, each in a plain form that rules can read: one word for every name, date and the like.

"Okay Tom, I'll send it by Friday." reads ``xbeg xthen xcall i will send it by xdate xend``. The words with an x:

``xbeg`` and ``xend``: where the clause begins and ends; ``xask``: its sentence is a question;
``xyes``: before it, where it begins with a yes; ``xthen``: it begins with a word that settles ("okay", "then"); ``xcall``: somebody is called by name, ``xname``: named;
``xrole``: a department or post; ``xdate``: a date; ``xing`` stands before a verb in -ing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from agents.profiles.meetings.dates import BEGINS as DATE_BEGINS
from agents.profiles.meetings.dates import BEHIND as DATE_BEHIND
from agents.profiles.meetings.dates import DATE
from agents.profiles.meetings.people import People

MOST_CLAUSES = 60
"""Clauses of one turn that are read."""

_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'"})
_ABBREVIATED = re.compile(r"(?:^|\W)(?:dr|mr|mrs|ms|prof|vs|e\.g|i\.e|no|st)\.$", re.IGNORECASE)
_SHORT = 2
_LAST_WORD = re.compile(r"[\w']+\W*$")
_IS = re.compile(r"(?<=\w)'s(?=\s+(?:out|in|off|on|dead|done|gone|final|approved|rejected|settled|cancelled|agreed|not|gonna|now|the one|still)\b)")  # fmt: skip
_WORDS = re.compile(r"[\w']+")
_SHORTEST_ING = 4
_STRANGER = re.compile(r"[A-Z][\w-]+(?: [A-Z][\w-]+)?(?=(?: will| is going to|'s going to| is gonna| has agreed to) )")
"""A name that is none of the attendees': capital letters before what only somebody can do."""
_NO_NAMES = frozenset(
    ["it", "that", "this", "they", "we", "you", "he", "she", "who", "what", "there", "everyone", "everybody", "someone", "somebody",
     "nobody", "anybody", "anyone", "these", "those", "everything", "nothing", "which", "when", "how", "the", "all", "both", "one", "i"]
)  # fmt: skip
_NO_DATES = frozenset(["mar", "sun", "may", "second", "jun", "mon", "sep", "dec", "jan"])
_OLD_YEAR = re.compile(r"(?<!\w)(?:19\d\d|20[01]\d)(?!\w)")
_BLANKS = re.compile(r"[\s.!?;]+")


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clauses' plain form needs to know about words (``words`` in the data)."""

    fillers: list[str]
    settling: list[str]
    affirming: list[str]
    contractions: dict[str, str]
    roles: list[str]
    not_ing: list[str]
    ambiguous_names: list[str]
    cut_before: list[str]
    never_cut_after: list[str]


class Clause:
    """One clause of a turn.

    Attributes:
        start: and ``end``: offsets in the turn's text.
        plain: its plain form.
        asked: its sentence ends with a question mark.
        names: places of the attendees it names, and names of nobody invited, in order.
        called: the attendee called by name at its beginning or end.
        roles: departments and posts it names.
        dates: what looks like a date in it, lower case.
        size: how many words it has.
    """

    __slots__ = ("asked", "called", "dates", "end", "names", "plain", "roles", "size", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.plain = ""
        self.asked = False
        self.called: int | None = None
        self.names: list[int | str] = []
        self.roles: list[str] = []
        self.dates: list[str] = []
        self.size = 0


class ClauseReader:
    """Cuts turns into clauses and puts them into plain form, for the people of one meeting."""

    def __init__(self, words: Vocabulary, people: People) -> None:
        self._people = people
        self._settling = frozenset(words.settling)
        self._affirming = frozenset(words.affirming)
        fillers = _alternatives([*words.fillers, *words.settling])
        self._opening = re.compile(rf"(?:(?:{fillers})(?![\w'])[\s,.!\-]*)+", re.IGNORECASE)
        self._contractions: Mapping[str, str] = words.contractions
        self._not_ing = frozenset(words.not_ing)
        self._never_cut_after = frozenset(words.never_cut_after)
        subject = rf"(?:i|we|you|they|he|she|{people.pattern})(?![\w])"
        cuts = _alternatives(words.cut_before)
        after_comma = rf"(?:(?:i|we|you|they|he|she|let's)(?!\w)|(?:{people.pattern})(?!\w|\s*[,.?!]|\s*$))"
        self._cut = re.compile(
            r"(?P<sentence>(?<=[.!?\u2026])[\"')\]]*\s+|\s*;\s*|\n+|\s+[\u2014\u2013-]+\s+|:\s+|\u2014)"
            rf"|,?\s+(?=(?:and|but|so|then|because|or)\s+{subject})"
            rf"|,\s+(?={after_comma})"
            rf"|,?\s+(?=(?:{cuts})(?![\w']))",
            re.IGNORECASE,
        )
        self._tokens = re.compile(
            rf"(?P<name>{people.pattern})(?P<san>[-\s](?:san|sensei|ji|bhai))?(?P<has>'s)?(?!\w)"
            rf"|(?P<contraction>{_alternatives(words.contractions)})(?![\w'])"
            rf"|(?P<role>(?:the\s+)?(?:{_alternatives(words.roles)})(?:\s+team|\s+department)?)(?!\w)"
            rf"|(?P<date>{DATE})(?!\w)",
            re.IGNORECASE,
        )
        named = _first_words([*people.names, *words.contractions])
        roles = _first_words(role.removeprefix("the ") for role in words.roles)
        self._begins = named | roles | DATE_BEGINS
        self._behind = {**DATE_BEHIND, "the": DATE_BEHIND["the"] | roles}

    def read(self, text: str) -> list[Clause]:
        """Return the clauses of a turn, in order."""
        straight = text.translate(_CURLY) if "\u2019" in text or "\u2018" in text else text
        return [self._plain(clause, straight) for clause in self._cut_up(straight)]

    def _cut_up(self, text: str) -> Iterable[Clause]:
        start = 0
        found: list[Clause] = []
        for cut in self._cut.finditer(text):
            sentence = cut["sentence"] is not None
            if cut.start() <= start or not self._may_cut(text, start, cut.start(), sentence=sentence):
                continue
            found.append(Clause(start, cut.start()))
            start = cut.end()
            if len(found) >= MOST_CLAUSES:
                return found
        if text[start:].strip():
            found.append(Clause(start, len(text)))
        return found

    def _may_cut(self, text: str, start: int, at: int, *, sentence: bool) -> bool:
        before = text[start:at]
        if sentence:
            return not _ABBREVIATED.search(before[-5:])
        if len(before.split()) <= _SHORT:
            return False
        last = _LAST_WORD.search(before)
        return last is None or last[0].strip(" ,").lower() not in self._never_cut_after

    def _plain(self, clause: Clause, text: str) -> Clause:
        said = text[clause.start : clause.end].strip()
        clause.asked = said.endswith("?")
        opening = self._opening.match(said)
        settles = affirms = False
        if opening:
            openers = _WORDS.findall(opening[0].lower())
            settles = not self._settling.isdisjoint(openers)
            affirms = not self._affirming.isdisjoint(openers)
            said = said[opening.end() :] or said
        body = self._body(clause, said).lower()
        clause.size = said.count(" ") + 1
        body = _OLD_YEAR.sub("xyear", body)
        body = _IS.sub(" is", body)
        body = _BLANKS.sub(" ", body).strip()
        clause.plain = f"{'xyes ' if affirms else ''}xbeg {'xthen ' if settles else ''}{body} {'xask' if clause.asked else 'xend'}"
        return clause

    def _body(self, clause: Clause, said: str) -> str:
        """Put words in place of names, dates and the like; a word is looked at closely only if one may begin with it."""
        parts: list[str] = []
        done = 0
        for word in _WORDS.finditer(said):
            start = word.start()
            if start < done:
                continue
            low = word[0].lower()
            if self._may_begin(low, said, word.end()):
                match = self._tokens.match(said, start)
                if match is not None:
                    parts += (said[done:start], self._token(match, clause, said))
                    done = match.end()
            elif low.endswith("ing") and len(low) > _SHORTEST_ING and low not in self._not_ing:
                parts += (said[done:start], "xing ")
                done = start
            elif low != word[0] and (stranger := _STRANGER.match(said, start)) and low not in _NO_NAMES:
                clause.names.append(stranger[0])
                parts += (said[done:start], "xname")
                done = stranger.end()
        parts.append(said[done:])
        return "".join(parts)

    def _may_begin(self, low: str, said: str, end: int) -> bool:
        behind = self._behind.get(low)
        if behind is not None:
            following = _WORDS.match(said, end + 1)
            return following is not None and (following[0].lower() in behind or following[0][0].isdigit())
        return low in self._begins or low[0].isdigit() or ("'" in low and low.partition("'")[0] in self._begins)

    def _token(self, match: re.Match[str], clause: Clause, said: str) -> str:
        if match["name"] is not None:
            return self._name(match, clause, said)
        if match["contraction"] is not None:
            return self._contractions[match["contraction"].lower()]
        if match["role"] is not None:
            clause.roles.append(match["role"])
            return "xrole"
        if match["past"] is None and match[0].lower() not in _NO_DATES:
            clause.dates.append(match["date"].lower())
            return "xdate"
        return match[0]

    def _name(self, match: re.Match[str], clause: Clause, said: str) -> str:
        place = self._people.find(match["name"])
        if place is None:
            return match[0]
        clause.names.append(place)
        if match["has"]:
            following = said[match.end() : match.end() + 12].lower().split()
            word = following[0].strip(",.") if following else ""
            if word == "got":
                return "xname has"
            return "xname is" if word.endswith(("ing", "gonna")) or word in _AFTER_IS else "xnames"
        before, after = said[: match.start()].rstrip(), said[match.end() :].lstrip()
        if (not before and after[:1] in (",", "")) or (before.endswith(",") and after[:1] in ("", "?", ".", "!", ",")):
            clause.called = place
            return "xcall"
        return "xname"


_AFTER_IS = frozenset({"the", "on", "down", "to", "in", "up", "not", "gonna", "already", "still", "also", "out", "off"})


def _first_words(phrases: Iterable[str]) -> frozenset[str]:
    found = (_WORDS.match(phrase.lower()) for phrase in phrases)
    firsts = {word[0] for word in found if word}
    return frozenset(firsts | {word.partition("'")[0] for word in firsts if "'" in word})


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word))) or r"(?!)"

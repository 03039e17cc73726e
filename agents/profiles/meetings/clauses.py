"""Turns of speech cut into clauses, each in a plain form that rules can read: one word for all names, dates, the like.

"Okay Tom, I'll send it by Friday." reads ``xbeg xthen xcall i will send it by xdate xend``. The words with an x:

``xbeg`` and ``xend``: where the clause begins and ends; ``xask``: its sentence is a question;
``xyes``: before it, where it begins with a yes; ``xthen``: it begins with a word that settles ("okay", "then");
``xcall``: somebody is called by name; ``xname``: named;
``xlist``: behind a name with a colon; ``xrole``: a department or post; ``xdate``: a date;
``xing`` stands before a verb in -ing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

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
_HEADING = 4
_LAST_WORD = re.compile(r"[\w']+\W*$")
_IS = re.compile(
    r"(?<=\w)'s(?=\s+(?:out|in|off|on|dead|done|gone|final|approved|rejected|settled|cancelled|agreed|not|gonna|now"
    r"|the one|still)\b)"
)
_WORDS = re.compile(r"[\w']+")
_DIGITS = frozenset("0123456789")
_SHORTEST_ING = 4
_PLAIN, _TELLING, _DOING = range(3)
"""How a word is read: as it is; as something may begin with it that another word stands for; as a verb in -ing."""
_REMEMBERED = 50_000
_STRANGER = re.compile(r"[A-Z][\w-]+(?: [A-Z][\w-]+)?(?=(?: will| is going to|'s going to| is gonna| has agreed to) )")
"""A name that is none of the attendees': capital letters before what only somebody can do."""
_NO_NAMES = frozenset(
    ["it", "that", "this", "they", "we", "you", "he", "she", "who", "what", "there", "everyone", "everybody", "someone",
     "somebody", "nobody", "anybody", "anyone", "these", "those", "everything", "nothing", "which", "when", "how",
     "the", "all", "both", "one", "i"]
)  # fmt: skip
_NO_DATES = frozenset(["mar", "sun", "may", "second", "jun", "mon", "sep", "dec", "jan"])
_OLD_YEAR = re.compile(r"(?<!\w)(?:19\d\d|20[01]\d)(?!\w)")
_STOPS = str.maketrans(dict.fromkeys(".!?;", " "))


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


class Manners(dict[str, int]):
    """How words are read that are no names, each worked out once for all meetings."""

    def __init__(self, words: Vocabulary) -> None:
        super().__init__()
        self._telling = frozenset([*words.contractions, *_forms(words, People((), frozenset()))])
        self._not_ing = frozenset(words.not_ing)

    def __missing__(self, word: str) -> int:
        """Look closely at a word that was not read yet."""
        if word in self._telling or "'" in word or word[0] in _DIGITS:
            manner = _TELLING
        elif word.endswith("ing") and len(word) > _SHORTEST_ING and word not in self._not_ing:
            manner = _DOING
        else:
            manner = _PLAIN
        if len(self) > _REMEMBERED:
            self.clear()
        self[word] = manner
        return manner


class ClauseReader:
    """Cuts turns into clauses and puts them into plain form, for the people of one meeting."""

    def __init__(self, words: Vocabulary, people: People, manners: Manners) -> None:
        self._people = people
        self._settling = frozenset(words.settling)
        self._affirming = frozenset(words.affirming)
        fillers = _alternatives([*words.fillers, *words.settling])
        self._opening = re.compile(rf"(?:(?:{fillers})(?![\w'])[\s,.!\-]*)+", re.IGNORECASE)
        self._contractions: Mapping[str, str] = words.contractions
        self._never_cut_after = frozenset(words.never_cut_after)
        subject = rf"(?:i|we|you|they|he|she|{people.pattern})(?![\w])"
        cuts = _alternatives(words.cut_before)
        after_comma = rf"(?:(?:i|we|you|they|he|she|let's)(?!\w)|(?:{people.pattern})(?!\w|\s*[,.?!]|\s*$))"
        new = rf"(?:and|but|so|then|because|or)\s+{subject}|(?:{cuts})(?![\w'])"
        self._cut = re.compile(  # it begins with a set of letters, by which the search is quick
            r"[\s,;:\u2014](?:(?P<sentence>(?:(?<=[.!?\u2026]\s)|(?<=[.!?\u2026][\"')\]]\s)|(?<=[;\n\u2014]))\s*"
            r"|(?<=:)\s+"
            r"|(?<=\s)[\u2014\u2013-]+\s+)"
            rf"|(?<=,)\s+(?={after_comma}|{new})|(?<=\s)(?={new}))",
            re.IGNORECASE,
        )
        self._forms = _forms(words, people)
        self._manners = manners
        self._names = _first_words(people.names)
        self._behind = {**DATE_BEHIND, "the": DATE_BEHIND["the"] | _first_words(_bare(role) for role in words.roles)}

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
        if text[at] == ":":  # "Action on Petra: ring the bank" is one
            return len(before.split()) > _HEADING
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
        body = self._body(clause, said)
        clause.size = said.count(" ") + 1
        if "19" in body or "20" in body:
            body = _OLD_YEAR.sub("xyear", body)
        if "'s " in body:
            body = _IS.sub(" is", body)
        body = " ".join(body.translate(_STOPS).split())
        clause.plain = (
            f"{'xyes ' if affirms else ''}xbeg {'xthen ' if settles else ''}{body} {'xask' if clause.asked else 'xend'}"
        )
        return clause

    def _body(self, clause: Clause, said: str) -> str:
        """Put words in place of names, dates and the like; closely looked at is only what one may begin with."""
        low = lowered(said)
        manners, names = self._manners, self._names
        parts: list[str] = []
        done = 0
        for word in _WORDS.finditer(low):
            text, start = word[0], word.start()
            if start < done:
                continue
            manner = manners[text]
            if manner == _TELLING or text in names:
                known = self._contractions.get(text)
                end, new = (word.end(), known) if known else self._replaced(clause, said, text, start)
                if new:
                    parts += (low[done:start], new)
                    done = end
            elif manner == _DOING:
                parts += (low[done:start], "xing ")
                done = start
            elif said[start] != low[start] and text not in _NO_NAMES and (named := _STRANGER.match(said, start)):
                clause.names.append(named[0])
                parts += (low[done:start], "xname")
                done = named.end()
        parts.append(low[done:])
        return "".join(parts)

    def _replaced(self, clause: Clause, said: str, text: str, start: int) -> tuple[int, str]:
        """Return what stands for the words from ``start``, and where they end; nothing when they are as any others."""
        for form, pattern in self._forms_at(text, said, start + len(text)):
            match = pattern.match(said, start)
            if match is not None:
                return match.end(), self._token(form, match, clause, said)
        return start, ""

    def _forms_at(self, low: str, said: str, end: int) -> Sequence[tuple[str, re.Pattern[str]]]:
        """Return the forms that may begin with a word."""
        behind = self._behind.get(low)
        if behind is not None:
            following = _WORDS.match(said, end + 1)
            if following is None or not (following[0].lower() in behind or following[0][0].isdigit()):
                return ()
        elif low[0].isdigit():
            return _DATE_ONLY
        return self._forms.get(low) or (self._forms.get(low.partition("'")[0], ()) if "'" in low else ())

    def _token(self, form: str, match: re.Match[str], clause: Clause, said: str) -> str:
        if form == "name":
            return self._name(match, clause, said)
        if form == "contraction":
            return self._contractions[lowered(match[0])]
        if form == "role":
            clause.roles.append(match[0])
            return "xrole"
        if match["past"] is None and match[0].lower() not in _NO_DATES:
            clause.dates.append(lowered(match[0]))
            return "xdate"
        return lowered(match[0])

    def _name(self, match: re.Match[str], clause: Clause, said: str) -> str:
        place = self._people.find(match["name"])
        if place is None:
            return lowered(match[0])
        clause.names.append(place)
        if match["has"]:
            following = said[match.end() : match.end() + 12].lower().split()
            word = following[0].strip(",.") if following else ""
            if word == "got":
                return "xname has"
            return "xname is" if word.endswith(("ing", "gonna")) or word in _AFTER_IS else "xnames"
        before, after = said[: match.start()].rstrip(), said[match.end() :].lstrip()
        if not before and after[:1] == ":":
            clause.called = place
            return "xcall xlist"
        if (not before and after[:1] in (",", "")) or (before.endswith(",") and after[:1] in ("", "?", ".", "!", ",")):
            clause.called = place
            return "xcall"
        return "xname"


_AFTER_IS = frozenset({"the", "on", "down", "to", "in", "up", "not", "gonna", "already", "still", "also", "out", "off"})


def _bare(role: str) -> str:
    return role.removeprefix("the ")


_DATE_ONLY = (("date", re.compile(rf"(?:{DATE})(?!\w)", re.IGNORECASE)),)


def _forms(words: Vocabulary, people: People) -> Mapping[str, Sequence[tuple[str, re.Pattern[str]]]]:
    """Return what may begin with a word, by that word in lower case: names, contractions, roles, dates."""
    longer = [short for short in words.contractions if " " in short]
    given = (
        ("name", people.names, rf"(?P<name>{people.pattern})(?P<san>[-\s](?:san|sensei|ji|bhai))?(?P<has>'s)?(?!\w)"),
        ("contraction", longer, rf"(?:{_alternatives(longer)})(?![\w'])"),
        ("role", [*map(_bare, words.roles), "the"], _role(words.roles)),
    )
    forms: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for form, phrases, pattern in given:
        compiled = re.compile(pattern, re.IGNORECASE)
        for first in _first_words(phrases):
            forms.setdefault(first, []).append((form, compiled))
    for first in [*DATE_BEGINS, *DATE_BEHIND]:
        forms.setdefault(first, []).extend(_DATE_ONLY)
    return forms


def _role(roles: Iterable[str]) -> str:
    return rf"(?:the\s+)?(?:{_alternatives(map(_bare, roles))})(?:\s+team|\s+department)?(?!\w)"


def lowered(text: str) -> str:
    """Return a text in lower case, as long as it was."""
    low = text.lower()
    return (
        low if len(low) == len(text) else "".join(one if len(one := letter.lower()) == 1 else letter for letter in text)
    )


def _first_words(phrases: Iterable[str]) -> frozenset[str]:
    found = (_WORDS.match(phrase.lower()) for phrase in phrases)
    firsts = {word[0] for word in found if word}
    return frozenset(firsts | {word.partition("'")[0] for word in firsts if "'" in word})


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word))) or r"(?!)"

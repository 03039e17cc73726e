"""When something is due: a small grammar of dates as people say them, resolved against the day of the meeting."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import dateparser

WEEKDAYS = {
    name: day
    for day, names in enumerate(
        (
            "monday|mon|montag|lundi|lunes|maandag",
            "tuesday|tues|dienstag|mardi|martes|dinsdag",
            "wednesday|mittwoch|mercredi|miercoles|miércoles|woensdag",
            "thursday|thurs|donnerstag|jeudi|jueves|donderdag",
            "friday|freitag|vendredi|viernes|vrijdag",
            "saturday|samstag|samedi|sabado|sábado|zaterdag",
            "sunday|sonntag|dimanche|domingo|zondag",
        )
    )
    for name in names.split("|")
}
MONTHS = {
    name: month + 1
    for month, names in enumerate(
        (
            "january|jan|januar|januari|janvier|enero|gennaio",
            "february|feb|februar|februari|fevrier|février|febrero",
            "march|märz|maerz|maart|mars|marzo",
            "april|apr|avril|abril",
            "may|mai|mayo|mei",
            "june|jun|juni|juin|junio",
            "july|jul|juli|juillet|julio",
            "august|aug|augustus|aout|août|agosto",
            "september|sept|sep|septembre|septiembre",
            "october|oct|oktober|octobre|octubre",
            "november|nov|novembre|noviembre",
            "december|dec|dezember|décembre|decembre|diciembre",
        )
    )
    for name in names.split("|")
}
_UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
ORDINALS = {
    **{name: place + 1 for place, name in enumerate(_UNITS)},
    **{
        name: place + 10
        for place, name in enumerate(
            [
                "tenth",
                "eleventh",
                "twelfth",
                "thirteenth",
                "fourteenth",
                "fifteenth",
                "sixteenth",
                "seventeenth",
                "eighteenth",
                "nineteenth",
                "twentieth",
            ]
        )
    },
    **{f"twenty {name}": place + 21 for place, name in enumerate(_UNITS)},
    "thirtieth": 30,
    "thirty first": 31,
    **{
        name: place + 1
        for place, name in enumerate(
            [
                "ersten",
                "zweiten",
                "dritten",
                "vierten",
                "fünften",
                "sechsten",
                "siebten",
                "achten",
                "neunten",
                "zehnten",
                "elften",
                "zwölften",
            ]
        )
    },
}
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "couple of": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14, "thirty": 30, "zwei": 2, "drei": 3,
    "dos": 2, "tres": 3, "deux": 2,
    "trois": 3, "twee": 2, "drie": 3,
}  # fmt: skip
_TODAY = (
    "today|tonight|this morning|this afternoon|this arvo|this evening|eod|end of day|end of the day|end of play|cob"
    "|close of business|close of play|by lunch|within the hour|within an hour|right now|right away|before lunch|by noon"
    "|heute|hoy|aujourd'hui|vandaag|oggi"
)
_TOMORROW = "first thing tomorrow|tomorrow|tmrw|in the morning|first thing in the morning|mañana|demain|domani"


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted((re.escape(word).replace(r"\ ", "[ -]") for word in words), key=len, reverse=True))


_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{_any(ORDINALS)})"
_AFTER_DAY = (
    r"(?:at|of|by|and|or|so|if|please|latest|then|because|to|for|in|on|is|with|when|but|works|as|would|that|the|i|we"
    r"|you)\b"
)
"""Words behind ``the ninth`` that leave it a day; before others (``the ninth floor``) it is none."""
_MONTH = rf"(?:{_any({name: 1 for name in MONTHS if name != 'may'})}|may)"
DATE = (
    rf"(?P<past>(?:last|since|previous|until last)\s+(?:{_any(WEEKDAYS)}|week|month))"
    rf"|(?P<iso>\d{{4}}-\d\d-\d\d)"
    rf"|(?P<slash>\d{{1,2}}[/.]\d{{1,2}}(?:[/.]\d{{2,4}})?(?![\d%/.]*\d|%))"
    rf"|(?P<monthday>{_MONTH}\s+(?:the\s+)?(?:{_DAY}|\d{{1,2}})(?:,?\s+20\d\d)?)"
    rf"|(?P<daymonth>(?:the\s+)?(?:{_DAY}|\d{{1,2}}\.?)\s+(?:of\s+|de\s+)?{_MONTH}(?:,?\s+20\d\d)?)"
    rf"|(?P<nthis>the\s+(?:{_DAY})(?:\s+of\s+(?:this|next)\s+month)?(?!\s+(?!{_AFTER_DAY})\w))"
    rf"|(?:the\s+)?(?P<ends>end of (?:the |this |next )?(?:week|month|quarter|year)|eow|eom|eoq|month[- ]end|week's end"
    rf"|year[- ]end|quarter[- ]end|"
    rf"fin de semana|fin de mois|fin de mes|ende der woche|monatsende)"
    rf"|(?P<weekday>(?:(?:next|this|coming|nächsten|próximo|volgende)\s+)?(?:{_any(WEEKDAYS)})"
    r"(?:\s+(?:of\s+)?next\s+week|\s+week|\s+in\s+a\s+week|\s+prochain)?)"
    rf"|(?P<ahead>(?:in|within|give me|in the next|inside)\s+(?:the\s+next\s+)?(?:{_any(NUMBERS)}|\d{{1,3}})\s+"
    r"(?:working\s+|business\s+)?(?:day|week|month)s?"
    rf"|(?:{_any(NUMBERS)}|\d{{1,3}})\s+(?:day|week|month)s?\s+(?:from\s+(?:now|today)|today)"
    r"|in a fortnight|a fortnight from (?:now|today)|in zwei wochen)"
    rf"|(?P<tomorrow>(?:the\s+)?day after tomorrow|{_TOMORROW})"
    rf"|(?P<today>{_TODAY})"
    rf"|(?P<vague>next (?:week|month|quarter|sprint|year)|this (?:week|month|quarter)|q[1-4])"
)
"""What looks like a date, to be searched in lower case; the groups say which form it is."""

BEGINS = frozenset(
    word.split()[0]
    for word in [*WEEKDAYS, *MONTHS, *ORDINALS, *NUMBERS, *_TODAY.split("|"), *_TOMORROW.split("|"),
                 "end", "eow", "eom", "eoq", "month", "week's", "year", "quarter", "fin", "ende", "monatsende", "next",
                 "this", "coming", "last", "since", "previous", "until", "within", "give", "inside", "day",
                 "q1", "q2", "q3", "q4", "volgende", "nächsten", "próximo"]
) - {"the", "a", "an", "in", "by", "right", "close", "before"}  # fmt: skip
"""Words with which a date may begin."""

BEHIND = {
    "the": frozenset([*(word.split()[0] for word in ORDINALS), "end", "day", "next"]),
    "a": frozenset(["week", "month", "fortnight", "couple", "day"]),
    "an": frozenset(["hour"]),
    "in": frozenset([*NUMBERS, "the", "a", "zwei"]),
    "by": frozenset(["lunch", "noon"]),
    "right": frozenset(["now", "away"]),
    "close": frozenset(["of"]),
    "before": frozenset(["lunch"]),
}  # fmt: skip
"""Common words with which a date begins only if one of these is next."""

_FAR_DAYS = 270
"""A day that is named without its year is seldom so far ahead."""

_FIND = re.compile(rf"(?<!\w)(?:{DATE})(?!\w)")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+)?")


def find(text: str) -> str | None:
    """Return the first words of a text that look like a date, lower case."""
    match = _FIND.search(text.lower())
    return match[0] if match else None


class _Asked(NamedTuple):
    """Words that say when, in lower case; the day of the meeting; whether ``3/4`` is the fourth of March."""

    said: str
    today: date
    month_first: bool


@lru_cache(maxsize=4096)
def resolve(said: str, today: date, *, month_first: bool = False) -> date | None:
    """Return the day that words mean, seen from ``today``; ``None`` when they name no day.

    Args:
        said: lower case, as :data:`DATE` found them.
        today: the local day of the meeting.
        month_first: ``3/4`` is the fourth of March.
    """
    match = _FIND.match(said)
    if match is None:
        return None
    form = match.lastgroup
    try:
        return _FORMS[form](_Asked(match[0], today, month_first)) if form in _FORMS else None
    except (ValueError, OverflowError):
        return None


def _iso(asked: _Asked) -> date | None:
    return date.fromisoformat(asked.said)


def _parsed(asked: _Asked) -> date | None:
    """Read digits as the region does; without a year the other way, where that day lies most of a year ahead."""
    found = _in_order(asked, month_first=asked.month_first)
    if found is None or len(_NUMBER.findall(asked.said)) > 2 or (found - asked.today).days < _FAR_DAYS:
        return found
    other = _in_order(asked, month_first=not asked.month_first)
    return other if other is not None and asked.today <= other < found else found


def _in_order(asked: _Asked, *, month_first: bool) -> date | None:
    settings = {
        "RELATIVE_BASE": datetime(asked.today.year, asked.today.month, asked.today.day, 12),  # noqa: DTZ001 - a local day
        "PREFER_DATES_FROM": "future",
        "DATE_ORDER": "MDY" if month_first else "DMY",
    }
    found = dateparser.parse(asked.said, languages=["en"], settings=settings)
    return found.date() if found else None


def _month_day(asked: _Asked) -> date | None:
    month = next((MONTHS[word] for word in re.findall(r"[^\W\d_]+", asked.said) if word in MONTHS), None)
    day = _day_of(asked.said)
    if month is None or day is None:
        return None
    year = re.search(r"20\d\d$", asked.said)
    if year:
        return date(int(year[0]), month, day)
    this = date(asked.today.year, month, day)
    return this if this >= asked.today else date(asked.today.year + 1, month, day)


def _day_of(said: str) -> int | None:
    number = _NUMBER.search(said)
    if number and len(number[0]) < 3:
        return int(number[0])
    words = said.replace("-", " ").split()
    for place, word in enumerate(words):
        pair = f"{word} {words[place + 1]}" if place + 1 < len(words) else ""
        if pair in ORDINALS:
            return ORDINALS[pair]
        if word in ORDINALS:
            return ORDINALS[word]
    return None


def _nth(asked: _Asked) -> date | None:
    day = _day_of(asked.said)
    if day is None:
        return None
    year, month = asked.today.year, asked.today.month
    if day < asked.today.day or "next month" in asked.said:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, day)


def _ends(asked: _Asked) -> date | None:
    coming = "next" in asked.said
    if "week" in asked.said or "woche" in asked.said or "semana" in asked.said or asked.said == "eow":
        friday = asked.today + timedelta(days=4 - asked.today.weekday())
        return friday + timedelta(days=7) if coming or friday < asked.today else friday
    if "year" in asked.said:
        return date(asked.today.year + coming, 12, 31)
    year, month = asked.today.year, asked.today.month
    if "quarter" in asked.said or asked.said == "eoq":
        month = (month - 1) // 3 * 3 + 3
        step = 3
    else:
        step = 1
    if coming:
        year, month = (year, month + step) if month + step <= 12 else (year + 1, month + step - 12)
    return date(year, month, monthrange(year, month)[1])


def _weekday(asked: _Asked) -> date | None:
    day = next(WEEKDAYS[word] for word in asked.said.split() if word in WEEKDAYS)
    nearest = asked.today + timedelta(days=(day - asked.today.weekday() - 1) % 7 + 1)
    if asked.said.startswith(("next ", "nächsten", "volgende")) or "next week" in asked.said:
        return asked.today - timedelta(days=asked.today.weekday()) + timedelta(days=7 + day)
    if asked.said.endswith((" week", "in a week")):
        return nearest + timedelta(days=7)
    return nearest


def _ahead(asked: _Asked) -> date | None:
    if "fortnight" in asked.said:
        return asked.today + timedelta(days=14)
    number = _NUMBER.search(asked.said)
    count = (
        int(number[0]) if number else next((n for w, n in _LONGEST_NUMBERS if re.search(rf"\b{w}\b", asked.said)), None)
    )
    if count is None:
        return None
    if "month" in asked.said:
        year, month = divmod(asked.today.month - 1 + count, 12)
        year += asked.today.year
        return date(year, month + 1, min(asked.today.day, monthrange(year, month + 1)[1]))
    if "working" in asked.said or "business" in asked.said:
        day = asked.today
        while count > 0:
            day += timedelta(days=1)
            count -= day.weekday() < 5
        return day
    return asked.today + timedelta(days=count * (7 if "week" in asked.said or "woche" in asked.said else 1))


_LONGEST_NUMBERS = sorted(NUMBERS.items(), key=lambda pair: -len(pair[0]))


def _tomorrow(asked: _Asked) -> date | None:
    return asked.today + timedelta(days=2 if "after" in asked.said else 1)


def _today(asked: _Asked) -> date | None:
    return asked.today


_FORMS = {
    "iso": _iso,
    "slash": _parsed,
    "monthday": _month_day,
    "daymonth": _month_day,
    "nthis": _nth,
    "ends": _ends,
    "weekday": _weekday,
    "ahead": _ahead,
    "tomorrow": _tomorrow,
    "today": _today,
}

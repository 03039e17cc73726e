"""What must not be published is replaced: addresses, numbers, secrets, and people's names where that is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers

from agents.profiles.meetings.people import People

# a pattern begins where a run of its letters begins, and tries no part of one again: else a long run costs its square
_EMAIL = re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]+\s?@\s?[\w-]+(?:\.[\w-]+)*", re.UNICODE)
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w.-])[\w.-]+ (?:at|\(at\)|\[at\]) [\w-]+ (?:dot|\(dot\)|\[dot\]) (?:com|org|net|io|co|de|eu|ch|uk)\b",
    re.IGNORECASE,
)
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"')\]]+", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,9}\b")
_DIGITS = re.compile(r"(?:\d[\s().\u00a0/-]{0,2}){7,}|\+\d")
_CARD = re.compile(r"(?<![\w.])(?:\d[ -]?){12,18}\d(?![\w])")
_LONG_NUMBER = re.compile(r"(?<![\w])\+?\(?\d(?:[\s().\u00a0/-]{0,2}\d){6,}(?!\w)")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d$")
_SECRET = re.compile(
    r"\b(?:sk|pk|rk|ghp|gho|ghs|xox[abp]|tldr_sk|whsec|AKIA|eyJ)[-_]?[A-Za-z0-9_./+=-]{12,}"
    r"|\b(?:password|passwort|passcode|pin|token|secret|api[ _-]?key)\b"
    r"(?:\s{1,9}(?:is|to|for\s{1,9}\w{1,40}\s{1,9}is))?\s{0,9}(?:[:=]\s{0,9})?(?=\S*[\d_!@#$%^&*])\S{4,}"
    r"|(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{24,}\b",
    re.IGNORECASE,
)
_CHEAP = re.compile(r"[@\d]|://| dot |(?i:password|passwort|passcode|secret|token|api.?key)")
"""What a text has at least when there is anything to replace."""

LONGEST = 10_000
"""Characters of a text that are published where something may be hidden: to look for it costs time."""

KINDS = ("email", "phone", "account", "secret", "url query")
NAMES = "names"


class Privacy:
    """What is replaced in everything that is published.

    Args:
        mode: ``off``, ``keep`` (contacts, numbers, secrets) or ``pseudonyms`` (names too).
        people: whose names have pseudonyms.
        region: two letters; where numbers without a country's prefix are dialled.
    """

    def __init__(self, mode: str, people: People, region: str = "US") -> None:
        self.mode = mode
        self._people = people
        self._region = region
        full = [self.text(person.name) for person in people.attendees]
        self._shown_names = [f"Participant {place + 1}" for place in range(len(full))] if self.hides_names else full

    @property
    def on(self) -> bool:
        """Something is replaced."""
        return self.mode != "off"

    @property
    def hides_names(self) -> bool:
        """Names have pseudonyms."""
        return self.mode == "pseudonyms"

    def stated(self) -> dict[str, object]:
        """What a record says about it."""
        kinds = [*KINDS, NAMES] if self.hides_names else [*KINDS] if self.on else []
        return {"mode": self.mode, "anonymised": kinds}

    def text(self, text: str) -> str:
        """Return a text fit to be published; at most ``LONGEST`` of it."""
        if not self.on:
            return text
        text = text[:LONGEST]
        if _CHEAP.search(text):
            text = _redacted(text, self._region)
        return self._people.replaced(text) if self.hides_names else text

    def name(self, place: int) -> str:
        """Return an attendee's name, or its pseudonym."""
        return self._shown_names[place]


def _redacted(text: str, region: str) -> str:
    if "://" in text:
        text = _URL.sub(lambda match: re.split(r"[?#]", _without_user(match[0]))[0], text)
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    text = _SPOKEN_EMAIL.sub("[email]", text)
    text = _SECRET.sub(_secret, text)
    if _DIGITS.search(text):
        text = _IBAN.sub("[account]", text)
        text = _CARD.sub("[account]", text)
        text = _phones(text, region)
        text = _LONG_NUMBER.sub(_number, text)
    return text


def _without_user(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _secret(match: re.Match[str]) -> str:
    word = match[0].split()[0].rstrip(":=")
    return f"{word} [secret]" if " " in match[0] or match[0][len(word) :][:1] in (":", "=") else "[secret]"


def _number(match: re.Match[str]) -> str:
    return match[0] if _ISO_DATE.match(match[0]) else "[phone]"


@lru_cache(maxsize=2048)
def _phones(text: str, region: str) -> str:
    found = [(match.start, match.end) for match in phonenumbers.PhoneNumberMatcher(text, region)]
    for start, end in reversed(found):
        text = f"{text[:start]}[phone]{text[end:]}"
    return text


def redacted_value(value: object, clean: Callable[[str], str]) -> object:
    """Return a JSON value with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): redacted_value(one, clean) for key, one in value.items()}
    if isinstance(value, list):
        return [redacted_value(one, clean) for one in value]
    return value

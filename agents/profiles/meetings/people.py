"""Who is in the meeting: names, aliases and addresses, found in texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from agents.profiles.profile import ProfileInputError

MOST = 500
"""Attendees that are read."""

_TITLES = frozenset({"dr", "dr.", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "prof.", "sir", "de", "van", "von",
                     "le", "la", "di"})  # fmt: skip
_NOBODY = re.compile(r"(?:speaker|unknown|participant|sprecher)[ _-]?\w{0,3}$", re.IGNORECASE)


Name = Annotated[str, msgspec.Meta(max_length=200)]


class Attendee(msgspec.Struct, frozen=True):
    """One person. ``email`` is used to tell who speaks, and never published."""

    name: Name
    email: Annotated[str, msgspec.Meta(max_length=320)] = ""
    aliases: Annotated[list[Name], msgspec.Meta(max_length=20)] = []


def attendees_of(given: Any) -> tuple[Attendee, ...]:
    """Read attendees, given as names or as objects.

    Raises:
        ProfileInputError: they are neither.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        given = [name.strip() for name in re.split(r"[,;\n]", given) if name.strip()]
    try:
        people = [
            msgspec.convert({"name": one} if isinstance(one, str) else one, Attendee)
            for one in msgspec.convert(given, list[str | dict[str, Any]])
        ]
    except msgspec.ValidationError as error:
        raise ProfileInputError(f"metadata.attendees: names, or objects with name, email, aliases: {error}") from error
    return tuple(person for person in people[:MOST] if person.name.strip())


class People:
    """The attendees, by all that they are called.

    Args:
        attendees: in their order, which numbers their pseudonyms.
        ambiguous: words that are names as well (Will, Mark): names only with a capital letter.
    """

    def __init__(self, attendees: Sequence[Attendee], ambiguous: frozenset[str]) -> None:
        self.attendees = tuple(attendees)
        self._by_name: dict[str, int] = _called(self.attendees)
        self._ambiguous = ambiguous
        self.names = names = sorted(self._by_name, key=lambda name: (-len(name), name))
        self.pattern = "|".join(re.escape(name) for name in names) or r"(?!)"
        self._whole = re.compile(rf"(?<![\w@.])(?:{self.pattern})(?!\w)", re.IGNORECASE)

    def full_name(self, place: int) -> str:
        """The name of an attendee."""
        return self.attendees[place].name

    def find(self, said: str) -> int | None:
        """Return the place of who is called so, or ``None``; ``Will`` is somebody, ``will`` is not."""
        low = said.lower()
        if low in self._ambiguous and said[:1] == low[:1]:
            return None
        return self._by_name.get(low)

    def speaker(self, said: str | None) -> int | None:
        """Return the place of a speaker as the transcript names him."""
        return None if said is None else self._by_name.get(" ".join(said.split()).lower())

    def replaced(self, text: str) -> str:
        """Return a text with pseudonyms in place of names."""
        return self._whole.sub(self._pseudonym, text) if self.attendees else text

    def _pseudonym(self, match: re.Match[str]) -> str:
        place = self.find(match[0])
        return match[0] if place is None else f"Participant {place + 1}"


def nameless(speaker: str) -> bool:
    """Say whether a speaker's label is no name: ``Speaker 2``."""
    return _NOBODY.match(speaker.strip()) is not None


def _called(attendees: Sequence[Attendee]) -> dict[str, int]:
    """Every way to call someone that means one person only."""
    certain: dict[str, int] = {}
    parts: dict[str, set[int]] = {}
    for place, person in enumerate(attendees):
        for name in (person.name, person.email, person.email.partition("@")[0], *person.aliases):
            if name.strip():
                certain.setdefault(" ".join(name.split()).lower(), place)
        words = [word for word in person.name.split() if word.lower() not in _TITLES]
        for part in {word.lower().strip(".,") for word in (words[:1] + words[-1:])}:
            if len(part) > 1:
                parts.setdefault(part, set()).add(place)
        if len(words) > 2:
            parts.setdefault(" ".join(words[:2]).lower(), set()).add(place)
    unique = {part: min(places) for part, places in parts.items() if len(places) == 1}
    return {**unique, **certain}

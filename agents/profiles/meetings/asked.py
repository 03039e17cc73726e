"""What a request's metadata says about the meeting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from agents.profiles.meetings.people import Attendee, attendees_of
from agents.profiles.profile import ProfileInputError

FIELDS = ("meeting_id", "title", "attendees", "agenda", "date", "timezone", "privacy")
"""The metadata that is read, beside the transcript."""

MOST_POINTS = 100
"""Points of an agenda that are read."""

_BULLET = re.compile(r"^\s*(?:[-*\u2022]|\d{1,3}[.)])\s*")

_MONTH_FIRST = ("America/", "US/", "Pacific/Honolulu")
_REGIONS = {
    "Europe/London": "GB", "Europe/Berlin": "DE", "Europe/Zurich": "CH", "Europe/Paris": "FR", "Europe/Madrid": "ES",
    "Europe/Rome": "IT",
    "Europe/Vienna": "AT", "Europe/Amsterdam": "NL", "Europe/Dublin": "IE", "Europe/Stockholm": "SE",
    "Asia/Kolkata": "IN",
    "Australia/Sydney": "AU", "Pacific/Auckland": "NZ", "Asia/Tokyo": "JP", "Asia/Singapore": "SG",
}  # fmt: skip
"""In whose country numbers without a prefix are dialled; the United States for all others."""


class Meeting(msgspec.Struct, frozen=True):
    """The meeting, as its request tells.

    Attributes:
        meeting_id: the producer's id; empty when he gives none.
        title: for people; empty when there is none.
        attendees: in their order.
        agenda: its points.
        starts: when it began, with its offset; ``None`` when nobody said.
        day_only: its request names the day and no time of it.
        zone: its time zone.
        names: ``keep`` or ``pseudonyms``; ``off`` for no privacy at all.
    """

    meeting_id: str
    title: str
    attendees: tuple[Attendee, ...]
    agenda: tuple[str, ...]
    starts: datetime | None
    day_only: bool
    zone: ZoneInfo
    names: Literal["keep", "pseudonyms", "off"]

    @property
    def today(self) -> date | None:
        """The local day of the meeting."""
        return self.starts.astimezone(self.zone).date() if self.starts else None

    @property
    def month_first(self) -> bool:
        """``3/4`` is the fourth of March where it takes place."""
        return self.zone.key.startswith(_MONTH_FIRST)

    @property
    def region(self) -> str:
        """The country whose numbers need no prefix."""
        return _REGIONS.get(self.zone.key, "US")


def meeting_of(metadata: Mapping[str, Any], requested_at: datetime | None) -> Meeting:
    """Read a request's metadata; ``requested_at`` is the meeting's time when it names no date.

    Raises:
        ProfileInputError: a field cannot be used; the text names it.
    """
    zone = _zone(metadata.get("timezone"))
    return Meeting(
        meeting_id=_text(metadata, "meeting_id"),
        title=_text(metadata, "title"),
        attendees=attendees_of(metadata.get("attendees")),
        agenda=_agenda(metadata.get("agenda")),
        starts=_starts(metadata.get("date"), zone) or requested_at,
        day_only=_is_day(metadata.get("date")),
        zone=zone,
        names=_names(metadata.get("privacy")),
    )


def _text(metadata: Mapping[str, Any], field: str) -> str:
    value = metadata.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ProfileInputError(f"metadata.{field}: a text is expected")
    return str(value)[:500]


def _zone(value: Any) -> ZoneInfo:
    if value is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ProfileInputError("metadata.timezone: an IANA name such as Europe/Zurich is expected") from error


def _starts(value: Any, zone: ZoneInfo) -> datetime | None:
    if value is None:
        return None
    try:
        starts = datetime.fromisoformat(value)
        starts = starts if starts.tzinfo else starts.replace(tzinfo=zone)
        starts.astimezone(zone)
    except (ValueError, TypeError, OverflowError) as error:
        raise ProfileInputError("metadata.date: ISO 8601 is expected, local or with an offset") from error
    return starts


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (ValueError, TypeError):
        return False


def _agenda(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ProfileInputError("metadata.agenda: a text with a point on each line, or a list of texts, is expected")
    points = (_BULLET.sub("", line).strip()[:200] for line in lines)
    return tuple(dict.fromkeys(point for point in points if point))[:MOST_POINTS]


def _names(value: Any) -> Literal["keep", "pseudonyms", "off"]:
    if value is None:
        return "keep"
    if value == "off":
        return "off"
    names = value.get("names", "keep") if isinstance(value, dict) else None
    if names == "keep":
        return "keep"
    if names == "pseudonyms":
        return "pseudonyms"
    raise ProfileInputError('metadata.privacy: {"names": "keep"}, {"names": "pseudonyms"} or "off" is expected')

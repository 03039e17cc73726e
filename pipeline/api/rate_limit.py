"""Read what an answer says about pace: `X-RateLimit-*` and `Retry-After`. Total: unreadable means absent."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

LONGEST_RETRY_AFTER_S = 86_400.0
"""A longer `Retry-After` is cut to a day: no plan's window is longer, and a slip must not stop a fleet for ever."""

LONGEST_RESET_S = 3_600.0
"""A window that is said to end later than this is waited for no longer: plans count by the hour."""

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


class RateLimit(msgspec.Struct, frozen=True):
    """The pace as of one answer; None where the header is absent or unreadable (an unlimited plan may send none).

    `limit` and `remaining` count requests of the current window, `reset` is its end in unix seconds.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


def read_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read the three `x-ratelimit-*` headers (lower-case keys); None if no one of them is readable."""
    limit = _number(headers.get("x-ratelimit-limit"))
    remaining = _number(headers.get("x-ratelimit-remaining"))
    reset = _number(headers.get("x-ratelimit-reset"))
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(
        limit=None if limit is None else int(limit),
        remaining=None if remaining is None else int(remaining),
        reset=reset,
    )


def read_retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Read `retry-after`, seconds or an HTTP date, as seconds from `now` (unix seconds).

    Returns:
        0 to a day; None if absent or unreadable.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None:
        moment = _http_date(text)
        if moment is None:
            return None
        seconds = moment - now
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def seconds_to_reset(pace: RateLimit | None, *, now: float) -> float | None:
    """Return the seconds until the next window begins, up to an hour; None while this one has requests left."""
    if pace is None or pace.remaining != 0 or pace.reset is None or pace.reset <= now:
        return None
    return min(pace.reset - now, LONGEST_RESET_S)


def _number(text: str | None) -> float | None:
    # a header sent twice arrives joined by a comma; the first one counts
    first = (text or "").split(",", 1)[0].strip()
    return float(first) if _NUMBER.fullmatch(first) else None


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        # a date without a zone is GMT by RFC 9110
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None

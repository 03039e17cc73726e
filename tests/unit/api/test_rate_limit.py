"""Pace headers: read on every answer, total over any text."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.rate_limit import LONGEST_RETRY_AFTER_S, RateLimit, read_rate_limit, read_retry_after
from tests.unit.api.support import UNHURRIED

NOW = 1_800_000_000.0


def test_three_headers_are_read() -> None:
    """Limit, remaining and reset come out as numbers."""
    headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": " 7 ", "x-ratelimit-reset": "1800000060"}
    assert read_rate_limit(headers) == RateLimit(limit=100, remaining=7, reset=1_800_000_060.0)


def test_absent_headers_are_no_rate_limit() -> None:
    """An answer that says nothing about pace gives None, so that the last known pace stays."""
    assert read_rate_limit({"content-type": "application/json"}) is None


def test_unreadable_header_is_absent() -> None:
    """`unlimited`, as an enterprise plan may send, is no number and does not hide the other headers."""
    headers = {"x-ratelimit-limit": "unlimited", "x-ratelimit-remaining": "5, 5"}
    assert read_rate_limit(headers) == RateLimit(limit=None, remaining=5, reset=None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("12", 12.0), ("1.5", 1.5), ("999999999", LONGEST_RETRY_AFTER_S)],
)
def test_retry_after_in_seconds(text: str, seconds: float) -> None:
    """Seconds are taken as they are, up to a day."""
    assert read_retry_after({"retry-after": text}, now=NOW) == seconds


def test_retry_after_as_a_date() -> None:
    """An HTTP date counts from now."""
    date = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
    assert read_retry_after({"retry-after": date}, now=NOW) == 90.0


def test_retry_after_in_the_past_is_now() -> None:
    """A date that has passed asks for no wait, never for a negative one."""
    date = format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True)
    assert read_retry_after({"retry-after": date}, now=NOW) == 0.0


@pytest.mark.parametrize("text", ["", "-1", "soon", "1e9", "nan", "inf", "١٢", "Mon, 99 Foo 20x6"])
def test_unreadable_retry_after_is_absent(text: str) -> None:
    """What is neither seconds nor a date counts as not sent."""
    assert read_retry_after({"retry-after": text}, now=NOW) is None


@UNHURRIED
@given(st.text(), st.text(), st.text())
def test_reading_is_total(one: str, two: str, three: str) -> None:
    """No text whatever in these headers raises, and a wait is always 0 to a day."""
    headers = {"x-ratelimit-limit": one, "x-ratelimit-reset": two, "retry-after": three}
    read_rate_limit(headers)
    wait = read_retry_after(headers, now=NOW)
    assert wait is None or 0 <= wait <= LONGEST_RETRY_AFTER_S

"""Days as people say them, seen from the day of the meeting."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.meetings.dates import find, resolve

TUESDAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("by friday", "2026-03-13"),
        ("tuesday", "2026-03-17"),
        ("next friday", "2026-03-20"),
        ("friday next week", "2026-03-20"),
        ("monday of next week", "2026-03-16"),
        ("by the end of the week", "2026-03-13"),
        ("end of next week", "2026-03-20"),
        ("end of the month", "2026-03-31"),
        ("end of next month", "2026-04-30"),
        ("end of the quarter", "2026-03-31"),
        ("tomorrow", "2026-03-11"),
        ("the day after tomorrow", "2026-03-12"),
        ("eod", "2026-03-10"),
        ("in two weeks", "2026-03-24"),
        ("in 3 days", "2026-03-13"),
        ("within five working days", "2026-03-17"),
        ("three weeks from today", "2026-03-31"),
        ("in a fortnight", "2026-03-24"),
        ("in one month", "2026-04-10"),
        ("the 14th", "2026-03-14"),
        ("the 5th", "2026-04-05"),
        ("the twenty-first", "2026-03-21"),
        ("march 3rd", "2027-03-03"),
        ("the fifth of june", "2026-06-05"),
        ("3 april", "2026-04-03"),
        ("december first", "2026-12-01"),
        ("2026-05-04", "2026-05-04"),
        ("3/4", "2026-04-03"),
        ("feb 30th", None),
        ("next week", None),
        ("q3", None),
    ],
)
def test_days(said: str, day: str | None) -> None:
    """Weekdays, ends, spans, ordinals and whole dates."""
    phrase = find(said)
    assert phrase is not None
    found = resolve(phrase, TUESDAY)
    assert (found and found.isoformat()) == day


def test_digits_are_read_as_where_the_meeting_is() -> None:
    """3/4 is in March in New York; without a year nobody means a day that is most of a year ahead."""
    assert resolve("3/4", date(2026, 1, 5), month_first=True) == date(2026, 3, 4)
    assert resolve("12/11", date(2026, 11, 26)) == date(2026, 12, 11)
    assert resolve("12/11/2027", date(2026, 11, 26)) == date(2027, 11, 12)
    assert resolve("20/11", date(2026, 11, 26)) == date(2027, 11, 20)


@pytest.mark.parametrize(
    "said", ["soon", "the ninth floor", "since last monday we wait", "i may go", "a second opinion"]
)
def test_what_is_no_date_is_none(said: str) -> None:
    """Cheap words with other meanings."""
    phrase = find(said)
    assert phrase is None or resolve(phrase, TUESDAY) is None


@given(st.text(max_size=60), st.dates())
def test_any_text_is_resolved_or_not(said: str, today: date) -> None:
    """Never raises, whatever the text and the day."""
    phrase = find(said)
    assert phrase is None or resolve(phrase, today) is None or isinstance(resolve(phrase, today), date)

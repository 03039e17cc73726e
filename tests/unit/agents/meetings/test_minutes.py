"""Minutes: merging, topics, follow-ups; and the forms in which they leave."""

from __future__ import annotations

import csv
import re
import time
from datetime import UTC, datetime
from io import StringIO
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from agents.profiles.meetings.exports import EXPORTS
from agents.profiles.meetings.merging import merged
from tests.unit.agents.meetings.support import minutes, prepared, said, shown, spoken, state
from tests.unit.agents.support import summary_of

WORDS = ["send", "book", "the", "letter", "venue", "to", "bank", "board", "call", "<b>", "=1+1", "report", "draft"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@st.composite
def mentions(draw: st.DrawFn) -> dict[str, Any]:
    """One mention of an item."""
    text = draw(TEXTS)
    at_s = float(draw(st.integers(0, 5)))
    confidence = draw(st.sampled_from([0.6, 0.8, 0.9]))
    due = draw(st.sampled_from([None, "2026-03-13", "2026-03-20"]))
    return {
        "id": "x",
        "kind": draw(st.sampled_from(["action_item", "decision"])),
        "text": text,
        "assignee": draw(st.sampled_from([None, "Anna Berger"])),
        "assignee_known": True,
        "due": due,
        "due_text": due and "then",
        "priority": draw(st.sampled_from(["urgent", "normal", "low"])),
        "depends_on": None,
        "speaker": None,
        "at_s": at_s,
        "confidence": confidence,
        "evidence": {
            "text": text, "field": draw(st.sampled_from(["title", "transcript"])),
            "start": 0, "end": len(text), "at_s": at_s, "rule": "r@1",
            "confidence": confidence,
        },
    }  # fmt: skip


@given(st.lists(mentions(), max_size=12))
def test_what_stands_on_the_same_spoken_words_is_one(found: list[dict[str, Any]]) -> None:
    """No two items of a kind share a spoken ground, whoever they fall to and whatever their words."""
    shared = [{**one, "text": f"{one['text']} {place}"} for place, one in enumerate(found)]
    holders: dict[tuple[Any, ...], set[int]] = {}
    for place, item in enumerate(merged([*found, *shared])):
        for ground in item["evidence"]:
            if ground["field"] == "transcript":
                key = (item["kind"], ground["at_s"], ground["start"], ground["end"], ground["text"])
                holders.setdefault(key, set()).add(place)
    assert all(len(places) == 1 for places in holders.values())


@given(st.lists(mentions(), max_size=12), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_order(found: list[dict[str, Any]], luck: Random) -> None:
    """However highlights come in, the minutes are the same."""
    mixed = list(found)
    luck.shuffle(mixed)
    assert merged(mixed) == merged(found)


@given(st.lists(mentions(), max_size=12))
def test_merging_what_is_merged_changes_nothing(found: list[dict[str, Any]]) -> None:
    """Merging is idempotent, and loses no ground."""
    once = merged(found)
    assert merged(once) == once
    assert {one["evidence"]["text"] for one in found} == {
        ground["text"] for item in once for ground in item["evidence"]
    }


def test_one_action_in_two_highlights_is_one_with_both_grounds() -> None:
    """Overlapping highlights tell the same."""
    rules = spoken(("Anna Berger", "I'll send the letter to the bank."))
    first = shown(id="h1")
    second = shown(id="h2", description="Anna will send the letter to the bank by Friday.")
    (action,) = minutes(rules, [first, second])["actions"]
    assert action["due"] == "2026-03-13"
    assert {ground["field"] for ground in action["evidence"]} == {"transcript", "description"}


def test_minutes_have_all_parts() -> None:
    """Counts, lines, attendees, topics of the agenda with times, and the state of the transcript."""
    rules = spoken(
        ("Anna Berger", "The budget is approved."),
        ("Ben Okafor", "I'll book the venue by Friday."),
        ("Chiara Rossi", "Who signs the lease?"),
        title="Weekly",
        agenda="1. Budget\n2. Venue\n3. Hiring",
    )
    document = minutes(rules, [shown(id="h1", duration=10.0), shown(id="h2", timestamp=10.0, duration=20.0)])
    summary = document["summary"]
    assert (summary["decisions"], summary["actions"], summary["open_questions"]) == (1, 1, 1)
    assert document["meeting"]["date"] == "2026-03-10T10:00+01:00"
    assert document["attendees"][0] == "Anna Berger"
    assert [topic["start_s"] for topic in document["topics"]] == [0.0, 10.0, None]
    assert document["transcript"] == {"status": "read", "segments": 3, "problem": "", "cut": ""}


def test_follow_ups_are_due_at_the_end_of_the_day_in_the_meetings_zone() -> None:
    """17:00 in Zurich is 16:00 in UTC in March."""
    rules = spoken(("Anna Berger", "I'll book the venue by Friday."), ("Ben Okafor", "I'll call the bank."))
    document = minutes(rules, [shown()])
    follow_ups = rules.follow_ups(document)
    assert [one.due for one in follow_ups] == [datetime(2026, 3, 13, 16, tzinfo=UTC), None]
    assert follow_ups[0].item_id == document["actions"][0]["id"]


def exported(name: str, document: dict[str, Any]) -> str:
    """The only file of an export."""
    (text,) = EXPORTS[name].render(summary_of(document), []).values()
    return text


@pytest.mark.parametrize(
    ("date", "timezone", "shown_as"),
    [
        ("2026-11-24T09:00:00", "Europe/Lisbon", "24 November 2026, 09:00 (Europe/Lisbon)"),
        ("2026-03-01T23:30:00Z", "Europe/Zurich", "2 March 2026, 00:30 (Europe/Zurich)"),
        ("2026-11-24T00:00:00", "Europe/Lisbon", "24 November 2026, 00:00 (Europe/Lisbon)"),
        ("2026-11-24", "Europe/Lisbon", "24 November 2026"),
    ],
)
def test_minutes_tell_their_day_as_people_do(date: str, timezone: str, shown_as: str) -> None:
    """With the time where the request gave one; the record's own field stays as machines read it."""
    document = minutes(prepared(date=date, timezone=timezone), [shown()])
    assert exported("minutes-md", document).splitlines()[2] == shown_as
    page = exported("minutes-html", document)
    assert f"<p>{shown_as}</p>" in re.sub("</?time[^>]*>", "", page)
    day = document["meeting"]["date"]
    assert f'<time datetime="{day if "," in shown_as else "2026-11-24"}">' in page


@pytest.mark.parametrize(
    ("privacy", "line"),
    [
        (
            {"names": "keep"},
            "Replaced where found: e-mail addresses, phone numbers, account numbers, secrets, queries of URLs.",
        ),
        (
            {"names": "pseudonyms"},
            "Replaced where found: e-mail addresses, phone numbers, account numbers, secrets, queries of URLs, names.",
        ),
        ("off", "Nothing is replaced."),
    ],
)
def test_minutes_tell_what_is_looked_for(privacy: Any, line: str) -> None:
    """Not that it was there."""
    document = minutes(prepared(privacy=privacy), [shown()])
    assert exported("minutes-md", document).splitlines()[-1] == line
    assert f"<footer><p>{line}</p></footer>" in exported("minutes-html", document)


HOSTILE = '=cmd()|"<script>alert(1)</script>", I\'ll send it by Friday.'


def test_the_calendar_is_read_back() -> None:
    """Tasks with their due moments, stable ids and no address of anybody."""
    rules = spoken(("Anna Berger", "I'll book the venue by Friday, it is urgent."))
    document = minutes(rules, [shown()])
    calendar = Calendar.from_ical(exported("actions-ics", document))
    (task,) = calendar.walk("VTODO")
    assert task["UID"] == f"{document['actions'][0]['id']}.r1@tldr-highlight"
    assert task.decoded("due") == datetime(2026, 3, 13, 16, tzinfo=UTC)
    assert task["PRIORITY"] == 1


def test_without_tasks_there_is_no_calendar() -> None:
    """A calendar needs a component (RFC 5545, 3.6), so an empty one would be refused by those who read it."""
    assert EXPORTS["actions-ics"].render(summary_of({"actions": []}), []) == {}
    assert EXPORTS["actions-ics"].render(summary_of({}), []) == {}


def test_decisions_and_open_questions_have_one_form_on_the_page() -> None:
    """Who said it and when; a list without any says so."""
    said = {"text": "Ship <it>", "speaker": "Ann", "at_s": 61.0}
    row = "<li>Ship &lt;it&gt; <small>(Ann, 1:01)</small></li>"
    for some, none in (("decisions", "open_questions"), ("open_questions", "decisions")):
        page = exported("minutes-html", {some: [said], none: []})
        assert page.count(row) == 1
        assert page.count("<li>None.</li>") == 1


def test_the_table_runs_no_formula() -> None:
    """What begins like a formula is quoted."""
    rows = list(csv.DictReader(StringIO(exported("actions-csv", {"actions": [hostile_item()]}))))
    assert rows[0]["text"].startswith("'=cmd")
    assert rows[0]["due"] == "2026-03-13"


def test_the_page_and_the_text_escape_what_was_said() -> None:
    """Words of a meeting are never markup."""
    document = {**minutes(prepared(title="<b>Weekly</b>"), [shown("<i>Hi</i>")]), "actions": [hostile_item()]}
    page = exported("minutes-html", document)
    assert "<script>" not in page
    assert "&lt;b&gt;Weekly" in page
    assert "<script>" not in exported("minutes-md", document).replace("\\<", "")


def hostile_item() -> dict[str, Any]:
    """An action whose words are an attack."""
    return {
        "id": "abc",
        "text": HOSTILE,
        "assignee": "@Anna",
        "due": "2026-03-13",
        "due_text": "friday",
        "priority": "normal",
        "depends_on": None,
        "at_s": 3.0,
        "confidence": 0.9,
        "evidence": [],
    }


LONGEST_S = 4.0
"""Of a busy machine; a quiet one needs a quarter of it."""


def test_the_minutes_of_very_many_highlights_do_not_hold_the_loop() -> None:
    """Those beyond the first hundreds are not told anew, and none is left out."""
    rules = spoken(*[("Ben Okafor", f"I'll send draft number {turn} to Anna by Friday.") for turn in range(6)])
    kept = state(rules, shown(timestamp=0.0, duration=60.0))
    began = time.thread_time()
    document = rules.document({f"h{number}": kept for number in range(5_000)})
    assert time.thread_time() - began < LONGEST_S
    assert document["summary"]["highlights"] == 5_000
    assert len({item["text"] for item in document["actions"]}) == len(document["actions"]) > 0


def test_very_many_items_that_are_nearly_alike_do_not_hold_the_loop() -> None:
    """Each would be compared with all others: only the surest are."""
    (one,) = said(("Ben Okafor", "I'll send the draft to Anna by Friday."), kind="action_item")
    many = [
        {
            **one,
            "text": f"{one['text']} {number}",
            "at_s": float(number),
            "evidence": {**one["evidence"], "start": number},
        }
        for number in range(10_000)
    ]
    began = time.thread_time()
    assert merged(many)
    assert time.thread_time() - began < LONGEST_S

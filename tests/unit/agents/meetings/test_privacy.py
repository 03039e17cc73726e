"""Nothing private is published while privacy is on; nothing breaks whatever a highlight says."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profiles import General, ProfileInputError, Profiles
from agents.profiles.meetings.exports import EXPORTS
from schemas.records import ObservedStream
from tests.unit.agents.meetings.support import MEETINGS, minutes, prepared, shown, spoken
from tests.unit.agents.support import Bench, observation, seen_highlight, summary_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
SPEECH = st.lists(
    st.sampled_from(["I'll", "send", "by", "Friday", ".", "?", ",", "Anna", "we", "decided", "could you", "the 31st",
                     "\n", "agreed"])
    | st.text(max_size=8),
    max_size=30,
).map(" ".join)  # fmt: skip


@given(
    title=st.text(max_size=200), description=SPEECH, metadata=st.dictionaries(st.text(max_size=10), JSON, max_size=3)
)
@example(title="\ud800", description="İ will send it by Feb 30th, 31/31/99", metadata={"transcript": {"segments": 3}})
def test_enriching_never_raises(title: str, description: str, metadata: dict[str, Any]) -> None:
    """Any text and metadata of a highlight gives at least one item and minutes."""
    for privacy in ({"names": "keep"}, {"names": "pseudonyms"}, "off"):
        rules = prepared(privacy=privacy)
        enriched = rules.enrich(shown(title, description, metadata=metadata), [])
        assert enriched.enrichment["items"]
        assert isinstance(msgspec.to_builtins(enriched.note), dict)


@given(transcript=JSON)
def test_a_highlights_own_transcript_never_breaks(transcript: Any) -> None:
    """Whatever stands where a transcript may stand."""
    assert prepared().enrich(shown("Title", metadata={"transcript": transcript}), []).enrichment["items"]


def test_no_address_is_published_among_tags() -> None:
    """The record has tags twice: ours, and those of the API, from which is taken what is private too."""
    bench = Bench(domain=HighlightDomain(Policy(), Random(7), profiles=Profiles((General(), MEETINGS))))
    bench.request(profile="meetings", metadata={"attendees": ["Anna Berger"]})
    stream = ObservedStream(id="s1", status="processing")
    bench.observe(observation(seen_highlight("h1", tags=["Budget", "mail anna@corp.example.com"]), stream=stream))
    (record,) = bench.of("highlights")
    assert "anna@" not in msgspec.json.encode(record).decode()
    assert "budget" in record.api_tags


LOCAL = st.text("abcdefghij.-_0123456789", min_size=1, max_size=12).filter(
    lambda text: text[0].isalnum() and text[-1].isalnum()
)
PHONES = st.sampled_from(["+41 79 123 45 67", "+1 (415) 555-2671", "+442079460958", "044 668 18 00", "415-555-2671"])


@given(
    LOCAL,
    PHONES,
    st.sampled_from(["Mail {} or call {}.", "I'll send it to {}, ring {} by Friday", "we decided: {} and {}"]),
)
def test_no_address_and_no_number_is_published(local: str, phone: str, form: str) -> None:
    """In items, shown words, minutes and all exports."""
    mail = f"{local}@corp.example.com"
    text = form.format(mail, phone)
    rules = spoken(("Anna Berger", text), title=text, agenda=[text], meeting_id="m")
    highlight = shown(text, text, metadata={"transcript": text})
    enriched = rules.enrich(highlight, [text])
    document = minutes(rules, [highlight])
    exported = [text for one in EXPORTS.values() for text in one.render(summary_of(document), []).values()]
    published = msgspec.json.encode([enriched, document, exported]).decode()
    assert "corp.example.com" not in published
    assert phone not in published


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("Write to ann@example.com", "Write to [email]"),
        ("the card is 4111 1111 1111 1111", "the card is [account]"),
        ("pay to CH93 0076 2011 6238 5295 7", "pay to [account]"),
        ("see https://u:p@example.com/a?token=1#x now", "see https://example.com/a now"),
        ("the key sk_live_abcdefgh12345678", "the key [secret]"),
        ("the password is hunter2!", "the password [secret]"),
        ("ann at example dot com", "[email]"),
        ("by 2026-03-13 in room 12", "by 2026-03-13 in room 12"),
    ],
)
def test_what_is_replaced(private: str, public: str) -> None:
    """Each kind has its word, and dates stay."""
    replaced = prepared().enrich(shown(private), []).shown
    assert replaced is not None
    assert replaced.title == public


def test_names_become_numbers_by_the_order_of_attendees() -> None:
    """In assignees, speakers and texts; the record says so."""
    rules = spoken(("Ben Okafor", "Anna will send Chiara the letter."), privacy={"names": "pseudonyms"})
    enriched = rules.enrich(shown("Rossi asks Ben"), [])
    (action,) = (item for item in msgspec.to_builtins(enriched.enrichment["items"]) if item["kind"] == "action_item")
    assert (action["assignee"], action["speaker"]) == ("Participant 1", "Participant 2")
    assert action["text"] == "Participant 1 will send Participant 3 the letter."
    assert enriched.shown is not None
    assert enriched.shown.title == "Participant 3 asks Participant 2"
    assert "names" in enriched.enrichment["privacy"]["anonymised"]
    assert minutes(rules, [shown()])["attendees"][:2] == ["Participant 1", "Participant 2"]


def test_without_privacy_all_is_published_as_it_came() -> None:
    """``off`` is a choice that a request makes."""
    enriched = prepared(privacy="off").enrich(shown("Mail ann@example.com"), [])
    assert enriched.shown is None
    assert enriched.enrichment["privacy"] == {"mode": "off", "anonymised": []}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attendees", 3),
        ("attendees", [{"email": "x"}]),
        ("attendees", ["x" * 201]),
        ("attendees", [{"name": "x", "aliases": ["y"] * 21}]),
        ("agenda", {"a": 1}),
        ("agenda", [1]),
        ("date", "tomorrow"),
        ("date", 3),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("timezone", 3),
        ("transcript", 3),
        ("privacy", "no"),
        ("privacy", {"names": "hide"}),
        ("meeting_id", ["x"]),
        ("title", {}),
    ],
)
def test_a_wrong_field_of_a_request_is_named(field: str, value: Any) -> None:
    """The producer learns which one to mend."""
    with pytest.raises(ProfileInputError, match=field):
        prepared(**{field: value})

"""The oracle finds what it is there to find: each broken case is counted where it belongs, and a good one passes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from agents.profile_trial import Trial
from agents.profiles.gaming import Gaming
from schemas.records import Highlight, ObservedHighlight, Request, encode
from tests.chaos.oracle import Account, Truth, compare, projection
from tests.chaos.reading import Read

REQUEST, STREAM = "r-1", "str-1"


def content(highlight_id: str, title: str = "Goal") -> dict[str, Any]:
    """The API's content of a highlight."""
    return {
        "id": highlight_id,
        "title": title,
        "description": "",
        "timestamp": 5.0,
        "duration": 10.0,
        "confidence_score": 0.5,
        "tags": ["goal"],
    }


def told_content(title: str) -> dict[str, Any]:
    """A content as the oracle compares it."""
    return {name: value for name, value in content("", title).items() if name != "id"}


ASKED = Request(
    request_id=REQUEST, tenant="t", source_url="https://example.com/v", profile="gaming", metadata={"game": "rl"}
)


def told(seq: int, highlight_id: str, revision: int = 1, title: str = "Goal", **fields: Any) -> Read:
    """A record of the highlights topic."""
    shown = ObservedHighlight(
        id=highlight_id, title=title, timestamp=5.0, duration=10.0, confidence_score=0.5, tags=["goal"]
    )
    record = Trial(Gaming(), ASKED).see(shown)
    told = msgspec.structs.replace(record, seq=seq, revision=revision, **fields)
    return Read(0, seq, REQUEST.encode(), encode(told), {})


def document(*records: Read) -> dict[str, Any]:
    """The document about the last record of each highlight."""
    trial = Trial(Gaming(), ASKED)
    for record in records:
        trial.again(msgspec.json.decode(record.value or b"", type=Highlight))
    made: dict[str, Any] = json.loads(msgspec.json.encode(trial.document()))
    return made


def account(
    records: list[Read], *, posts: int = 1, count: int = 2, last_seq: int = 2, about: dict[str, Any] | None = None
) -> Account:
    """Compare records with a truth of two highlights, the second revised once."""
    truth = Truth(
        {STREAM: {"highlights": [content("a"), content("b", "Own goal")]}},
        {"a": [told_content("Goal")], "b": [told_content("Goal"), told_content("Own goal")]},
        {REQUEST: [STREAM] * posts},
    )
    summary = {
        "stream_id": STREAM,
        "count": count,
        "last_seq": last_seq,
        "ids_sha256": hashlib.sha256(b"a\nb").hexdigest(),
        "document": document(*records) if about is None else about,
    }
    return compare({REQUEST: encode(ASKED)}, records, {REQUEST: summary}, truth)


GOOD = [told(1, "a"), told(2, "b", title="Own goal")]


def test_what_is_complete_once_and_in_order_passes() -> None:
    """Nothing is wrong with all highlights, each once, with the final content."""
    assert account(GOOD).holds


def test_a_correction_is_no_duplicate() -> None:
    """A highlight with two contents may have two revisions."""
    assert account([told(1, "a"), told(2, "b"), told(3, "b", 2, "Own goal")], last_seq=3).holds


@pytest.mark.parametrize(
    ("records", "figure"),
    [
        pytest.param(GOOD[:1], "missing", id="one never published"),
        pytest.param([*GOOD, told(3, "b", 1, "Own goal")], "duplicate", id="a revision again"),
        pytest.param([*GOOD, told(3, "b", 2, "Own goal")], "duplicate", id="the same content as a new revision"),
        pytest.param([*GOOD, told(3, "a", 2, "x"), told(4, "a", 3)], "unknown", id="a content that never was"),
        pytest.param([*GOOD, told(3, "b", 2, "Goal"), told(4, "b", 3, "Own goal")], "out_of_order", id="went back"),
        pytest.param([told(1, "a"), told(3, "b", title="Own goal")], "out_of_order", id="a gap in seq"),
        pytest.param(GOOD[::-1], "out_of_order", id="swapped"),
        pytest.param([told(1, "a"), told(2, "b")], "stale", id="not the final content"),
        pytest.param([*GOOD, told(3, "c")], "unknown", id="a highlight of nobody"),
        pytest.param([*GOOD, told(3, "c")], "bad_summaries", id="the summary does not count it"),
    ],
)
def test_what_is_wrong_is_counted(records: list[Read], figure: str) -> None:
    """Each fault shows in its own figure, with words, and nothing passes with it."""
    found = account(records)
    assert getattr(found, figure) > 0
    assert found.problems
    assert not found.holds


def test_an_enrichment_or_a_document_of_another_content_is_counted() -> None:
    """The last record and the latest summary must be what the profile makes of the final highlights."""
    other = [GOOD[0], told(2, "b", title="Own goal", enrichment={"events": []})]
    assert account(other).bad_rules == 1
    former = account(GOOD, about=document(GOOD[0], told(2, "b")))
    assert (former.bad_rules, former.holds) == (1, False)


def test_a_second_submission_is_counted() -> None:
    """A request that was submitted twice does not pass, however well its highlights look."""
    found = account(GOOD, posts=2)
    assert (found.extra_posts, found.holds) == (1, False)


def test_a_request_without_summary_is_unsettled() -> None:
    """What never came to its end does not pass."""
    found = compare({REQUEST: encode(ASKED)}, GOOD, {}, Truth({}, {}, {}))
    assert (found.unsettled, found.holds) == (1, False)


def test_the_projection_sees_content_and_not_the_way_it_came() -> None:
    """Order and number of revisions leave the hash as it is; the final content does not."""
    detour = [told(1, "b"), told(2, "a"), told(3, "b", 2, "Own goal")]
    assert projection(detour) == projection(GOOD)
    assert projection(detour[:2]) != projection(GOOD)

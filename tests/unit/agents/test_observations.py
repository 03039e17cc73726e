"""The rule of the observations topic: what is news, and what is not."""

from __future__ import annotations

import gc
from typing import Any

import msgspec
import pytest

from agents.rules.canonical import digest_of
from pipeline.domain import Outcome
from pipeline.effects.calls import Accepted, Read
from schemas.records import ObservedHighlight, ObservedStream, RecordError, encode
from tests.unit.agents.support import START, Bench, header, observation, seen_highlight


@pytest.fixture
def bench() -> Bench:
    """A request whose stream runs."""
    bench = Bench()
    bench.request(user_id="u1", platform="twitch")
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="pending"), START))
    return bench


def test_a_new_highlight_is_published_enriched(bench: Bench) -> None:
    """It carries its request's fields, normalised tags, a link to the moment, and its numbers."""
    shown = seen_highlight(
        "h1", timestamp=3_723.0, confidence_score=0.9, tags=["Epic Goal", "epic  goal", "Last Minute"]
    )
    assert bench.observe(observation(shown)) == Outcome.PUBLISHED
    (highlight,) = bench.of("highlights")
    assert (highlight.tenant, highlight.user_id, highlight.stream_id) == ("acme", "u1", "str_1")
    assert (highlight.revision, highlight.seq, highlight.rank) == (1, 1, 1)
    assert (highlight.start_s, highlight.end_s) == (3_723.0, 3_753.0)
    assert highlight.tags == ["epic-goal", "last-minute"]
    assert highlight.api_tags == ["Epic Goal", "epic  goal", "Last Minute"]
    assert highlight.moment_url == "https://twitch.tv/videos/42?t=1h2m3s"
    assert highlight.enrichment == {"confidence_band": "high"}
    assert highlight.profile == "general@1"
    assert header(bench.stage.published[-1].headers, "ce_id") == "r1/h1/1"


def test_an_identical_observation_publishes_nothing(bench: Bench) -> None:
    """The same again is known; seen again later, only the time is noted."""
    bench.observe(observation(seen_highlight("h1")))
    assert bench.observe(observation(seen_highlight("h1"))) == Outcome.KNOWN
    assert bench.observe(observation(seen_highlight("h1"), at=START + 5)) == Outcome.FOLDED
    assert len(bench.of("highlights")) == 1


CHANGES: list[dict[str, Any]] = [
    {"title": "Other"},
    {"description": "Other"},
    {"timestamp": 61.0},
    {"duration": 31.0},
    {"confidence_score": 0.81},
    {"tags": ["Epic Goal", "more"]},
    {"metadata": {"a": 1}},
    {"video_url": "https://cdn.example.com/other.mp4"},
]
NO_CHANGES: list[dict[str, Any]] = [
    {"tags": ["epic  goal", "EPIC GOAL"]},
    {"video_url": "https://cdn.example.com/h.mp4?signature=other#x"},
    {"created_at": "2026-01-01T00:00:00Z"},
    {"extra": {"new_field": 1}},
]
BASE: dict[str, Any] = {"video_url": "https://cdn.example.com/h.mp4?signature=one"}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_content_is_the_next_revision(bench: Bench, change: dict[str, Any]) -> None:
    """Each named field counts as content."""
    bench.observe(observation(seen_highlight("h1", **BASE)))
    bench.observe(observation(seen_highlight("h1", **{**BASE, **change}), at=START + 1, source="poll"))
    assert [(record.revision, record.seq) for record in bench.of("highlights")] == [(1, 1), (2, 2)]


@pytest.mark.parametrize("change", NO_CHANGES)
def test_what_the_api_merely_writes_anew_is_no_change(bench: Bench, change: dict[str, Any]) -> None:
    """Spelling of tags, signatures of media URLs and fields without a name of ours do not make a revision."""
    bench.observe(observation(seen_highlight("h1", **BASE)))
    bench.observe(observation(seen_highlight("h1", **{**BASE, **change}), at=START + 1))
    assert len(bench.of("highlights")) == 1


def test_metadata_counts_by_value_not_by_order() -> None:
    """The digest is the same for the same metadata in another order, at any depth."""
    one = ObservedHighlight(id="h", metadata={"a": 1, "b": {"c": 1, "d": 2}})
    two = ObservedHighlight(id="h", metadata={"b": {"d": 2, "c": 1}, "a": 1})
    assert digest_of(one) == digest_of(two)


def test_an_older_observation_never_overrides(bench: Bench) -> None:
    """What was seen earlier changes nothing, also after the same content was merely seen again."""
    bench.observe(observation(seen_highlight("h1", title="new"), at=START + 20))
    assert bench.observe(observation(seen_highlight("h1", title="old"), at=START + 10)) == Outcome.KNOWN
    bench.observe(observation(seen_highlight("h1", title="new"), at=START + 40))
    assert bench.observe(observation(seen_highlight("h1", title="old"), at=START + 30)) == Outcome.KNOWN
    assert [record.title for record in bench.of("highlights")] == ["new"]


def test_rank_counts_those_seen_so_far(bench: Bench) -> None:
    """Rank 1 is the best so far; a revision does not compete with its own former confidence."""
    for name, confidence in (("h1", 0.5), ("h2", 0.9), ("h3", 0.7)):
        bench.observe(observation(seen_highlight(name, confidence_score=confidence)))
    bench.observe(observation(seen_highlight("h2", confidence_score=0.6), at=START + 1, source="poll"))
    assert [record.rank for record in bench.of("highlights")] == [1, 1, 2, 2]


def test_signatures_are_not_published(bench: Bench) -> None:
    """Media URLs go out without query and fragment: a signature is a credential, and soon stale."""
    bench.observe(observation(seen_highlight("h1", **BASE, thumbnail_url="https://cdn.example.com/h.jpg#x")))
    (highlight,) = bench.of("highlights")
    assert highlight.clip_url == "https://cdn.example.com/h.mp4"
    assert highlight.thumbnail_url == "https://cdn.example.com/h.jpg"


def test_a_highlight_that_is_too_large_goes_without_its_free_parts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than dropping it or failing, what the topic cannot take is left out, and the record says so."""
    publish = bench.stage.publish

    def narrow(topic: str, key: bytes | None, value: bytes | None, headers: Any = ()) -> None:
        if len(value or b"") > 50_000:
            raise RecordError("oversize_output", "too large")
        publish(topic, key, value, headers)

    monkeypatch.setattr(bench.stage, "publish", narrow)
    shown = seen_highlight("h1", metadata={"blob": "x" * 60_000}, description="y" * 60_000)
    assert bench.observe(observation(shown)) == Outcome.PUBLISHED
    (highlight,) = bench.of("highlights")
    assert highlight.api_metadata == {}
    assert highlight.api_extra == {"trimmed_by_pipeline": True}


def test_a_status_moves_the_lifecycle(bench: Bench) -> None:
    """A webhook that says completed starts the final sweep at once."""
    ended = ObservedStream(id="str_1", status="completed", processed_s=60.0)
    assert bench.observe(observation(stream=ended, at=START + 1)) == Outcome.PUBLISHED
    assert bench.states()[-1] == "settling"
    call = bench.call()
    assert isinstance(call, Read)
    assert call.full
    assert bench.now == START + 1


def test_an_older_status_changes_nothing(bench: Bench) -> None:
    """A late webhook of an earlier time does not move the lifecycle back."""
    bench.observe(observation(stream=ObservedStream(id="str_1", status="completed"), at=START + 10))
    late = observation(stream=ObservedStream(id="str_1", status="processing"), at=START + 3)
    assert bench.observe(late) == Outcome.KNOWN
    assert bench.states()[-1] == "settling"


def test_an_unknown_status_is_carried(bench: Bench) -> None:
    """A vendor's new word is no fault: it is kept and published with the next change."""
    paused = observation(stream=ObservedStream(id="str_1", status="paused"), at=START + 1)
    assert bench.observe(paused) == Outcome.FOLDED
    assert bench.one().api_status == "paused"
    assert bench.one().state == "processing"


def test_observations_without_a_request_are_parked_within_bounds() -> None:
    """Beyond the bounds, for one request or in all, they are refused."""
    bench = Bench(parked_per_request=2, parked_per_partition=3)
    for number in range(2):
        bench.observe(observation(seen_highlight(f"h{number}"), request_id="r1"))
    with pytest.raises(RecordError) as refusal:
        bench.observe(observation(seen_highlight("h9"), request_id="r1"))
    assert refusal.value.code == "parked_full"
    bench.observe(observation(seen_highlight("h1"), request_id="r2"))
    with pytest.raises(RecordError):
        bench.observe(observation(seen_highlight("h1"), request_id="r3"))
    assert bench.state.parked == 3


def test_parked_records_expire_as_dead_letters() -> None:
    """What waited too long is given up with its bytes and headers, and is gone from the state."""
    bench = Bench(parked_for_s=100.0)
    early = observation(seen_highlight("h1"))
    bench.feed("observations", early, headers=[("ce_id", b"e1")])
    bench.now += 101
    assert bench.begin() is None
    (letter,) = bench.dead_letters()
    assert (letter.key, letter.value) == (b"r1", encode(early))
    assert header(letter.headers, "ce_id") == "e1"
    assert header(letter.headers, "tldr-error-code") == "parked_expired"
    assert bench.state.entries == {}
    assert bench.state.parked == 0


def test_each_highlight_of_an_observation_counts(bench: Bench) -> None:
    """An observation of many publishes those that are news, in order."""
    bench.observe(observation(seen_highlight("h1")))
    bench.observe(observation(seen_highlight("h1"), seen_highlight("h2"), seen_highlight("h3"), at=START + 1))
    assert [(record.highlight_id, record.seq) for record in bench.of("highlights")] == [("h1", 1), ("h2", 2), ("h3", 3)]


def test_ledger_records_are_small(bench: Bench) -> None:
    """A highlight's state stays under 350 bytes, so that a million of them can be restored and held."""
    bench.observe(observation(seen_highlight("h1", title="x" * 500, confidence_score=0.123456789)))
    sizes = [len(value) for key, value in bench.stage.log if key.startswith("highlight/") and value is not None]
    assert max(sizes) < 350


def test_a_highlight_state_is_no_burden_for_the_garbage_collector(bench: Bench) -> None:
    """Neither state record is tracked: a full collection does not walk over a million of them."""
    bench.observe(observation(seen_highlight("h1")))
    entry = bench.state.entries["r1"]
    assert not gc.is_tracked(entry.highlights["h1"])
    assert not gc.is_tracked(entry.request)
    assert isinstance(entry.request, msgspec.Struct)

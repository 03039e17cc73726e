"""A profile that breaks its contract: a customer's plugin that raises ends no worker and loses no highlight."""

# ruff: noqa: ARG002 - the profile is a port
from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from agents.domain import HighlightDomain
from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import Enriched, General, Profile, ProfileInputError, Profiles
from agents.profiles.follow_up import FollowUpItem
from agents.rules.guarding import FAILED
from pipeline.domain import Headers
from schemas.records import ObservedHighlight, ObservedStream, RecordError, Request
from tests.unit.agents.support import Bench, MemoryStage, observation, seen_highlight

ENDED = ObservedStream(id="s1", status="completed")


class Broken(General):
    """A plugin that is fine until a test breaks a part of it."""

    name = "broken"
    label = "broken@1"
    hides = True

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.made: Any = Enriched(["fine"], {"fine": True}, {"todo": "a"})
        self.documented: Any = {"fine": True}

    def _fail(self, part: str) -> None:
        if part in self.broken:
            raise KeyError("Alice")

    def options(self, asked: Request) -> Mapping[str, Any]:
        """None."""
        self._fail("options")
        return {}

    def transcript_url(self, asked: Request) -> str | None:
        """None."""
        self._fail("transcript_url")
        return None

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> Broken:
        """Itself."""
        if "input" in self.broken:
            raise ProfileInputError("metadata.x: new data wants it")
        self._fail("prepare")
        return self

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """What the test says."""
        self._fail("enrich")
        made: Enriched = self.made
        return made

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """What the test says."""
        self._fail("document")
        documented: dict[str, Any] = self.documented
        return documented

    def follow_ups(self, document: Mapping[str, Any]) -> list[FollowUpItem]:
        """One."""
        self._fail("follow_ups")
        return [FollowUpItem(item_id="a", text="Do it")]


def bench_of(*profiles: Profile) -> Bench:
    """A bench whose requests may name these profiles."""
    return Bench(profiles=Profiles((General(), *profiles)))


def submitted(bench: Bench) -> None:
    """Accept a request, and have its stream run."""
    bench.request(profile="broken", metadata={"x": 1})
    bench.accept(ObservedStream(id="s1", status="processing"))


def settle(bench: Bench, *highlights: ObservedHighlight) -> None:
    """Read until the request is settled."""
    while not bench.of("summaries"):
        bench.read(ENDED, *highlights)


@pytest.mark.parametrize("part", ["prepare", "options", "transcript_url"])
def test_a_new_request_is_dead_lettered_with_the_kind_of_the_error(part: str) -> None:
    """Nothing is staged; the reason does not repeat what the error says, which may be private."""
    bench = bench_of(Broken(part))
    with pytest.raises(RecordError, match="broken@1 raised KeyError") as caught:
        bench.request(profile="broken")
    assert caught.value.code == "profile_failed"
    assert "Alice" not in caught.value.reason
    assert not bench.stage.log
    assert not bench.stage.published


@pytest.mark.parametrize("part", ["prepare", "options", "transcript_url", "enrich", "input"])
def test_a_highlight_is_published_whatever_breaks(part: str) -> None:
    """By the general rules, saying so, without the words that the profile may have hidden; its document too."""
    profile = Broken()
    bench = bench_of(profile)
    submitted(bench)
    profile.broken.add(part)
    bench.state.entries["r1"].context = None  # as after a restart
    bench.observe(observation(seen_highlight("h1", title="Alice speaks", metadata={"who": "Alice"}), at=bench.now))
    (record,) = bench.of("highlights")
    assert record.enrichment[FAILED]["profile"] == "broken@1"
    assert record.title == ""
    assert record.api_metadata == {}
    assert "Alice" not in str(record.enrichment)
    settle(bench, seen_highlight("h1", title="Alice speaks", metadata={"who": "Alice"}))
    assert bench.one().state == "settled"
    assert bench.stage.restored().snapshot() == bench.state.snapshot()


def test_a_profile_that_hides_nothing_withholds_nothing() -> None:
    """The title is there when the profile says so."""
    profile = Broken("enrich")
    profile.hides = False
    bench = bench_of(profile)
    submitted(bench)
    bench.observe(observation(seen_highlight("h1", title="Goal"), at=bench.now))
    (record,) = bench.of("highlights")
    assert record.title == "Goal"
    assert FAILED in record.enrichment


@pytest.mark.parametrize(
    "made",
    [
        None,
        Enriched([], {"what": object()}),
        Enriched([], {}, "\ud800"),
        Enriched([], {}, "x" * 5_000_000),
        Enriched([], {"x": "x" * 5_000_000}),
        Enriched([], {}, sighting=3),  # type: ignore[arg-type]
    ],
)
def test_what_no_record_can_carry_counts_as_broken(made: Any) -> None:
    """Whatever a plugin returns, the highlight goes out."""
    profile = Broken()
    profile.made = made
    bench = bench_of(profile)
    submitted(bench)
    bench.observe(observation(seen_highlight("h1"), at=bench.now))
    (record,) = bench.of("highlights")
    assert FAILED in record.enrichment


def test_a_note_is_live_what_a_restore_brings_back() -> None:
    """A plugin that notes tuples and numbers as keys does not see other notes after a restart."""
    profile = Broken()
    profile.made = Enriched([], {}, {1: (2, 3)})
    bench = bench_of(profile)
    submitted(bench)
    bench.observe(observation(seen_highlight("h1"), at=bench.now))
    assert bench.stage.restored().snapshot() == bench.state.snapshot()


@pytest.mark.parametrize("part", ["document", "follow_ups", "prepare"])
def test_a_broken_document_withdraws_no_follow_up(part: str) -> None:
    """The summary goes out and says what failed; what was to be done stays as it was."""
    profile = Broken()
    bench = bench_of(profile)
    submitted(bench)
    settle(bench, seen_highlight("h1"))
    assert [item.kind for item in bench.of("follow-ups")] == ["opened"]
    profile.broken.add(part)
    bench.command("refresh")
    bench.read(ENDED, seen_highlight("h1"), seen_highlight("h2"))
    summary = bench.of("summaries")[-1]
    assert summary.revision == 2
    assert FAILED in summary.document
    assert len(bench.of("follow-ups")) == 1


class Narrow(MemoryStage):
    """A stage that takes no more than topics do."""

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        """Keep an output record, unless it is too large."""
        if len(value or b"") > 4_000_000:
            raise RecordError("oversize_output", topic)
        super().publish(topic, key, value, headers, partition=partition)


def test_a_document_that_is_too_large_does_not_keep_a_request_from_its_end() -> None:
    """The summary goes out without it, and says so; what it leaves to be done is followed up."""
    profile = Broken()
    profile.documented = {"minutes": "x" * 5_000_000}
    bench = bench_of(profile)
    bench.stage = Narrow(bench.state)
    submitted(bench)
    settle(bench, seen_highlight("h1"))
    (summary,) = bench.of("summaries")
    assert summary.document == {"trimmed_by_pipeline": True}
    assert summary.count == 1
    assert len(bench.of("follow-ups")) == 1


def test_nothing_that_was_prepared_is_kept_beyond_the_end() -> None:
    """A settled request is known for weeks: neither its repetition nor a late highlight makes its transcript stay."""
    bench = bench_of(Broken())
    submitted(bench)
    settle(bench, seen_highlight("h1"))
    bench.request(profile="broken", metadata={"x": 1})
    assert bench.state.entries["r1"].context is None
    bench.request("r2")
    bench.command("cancel", request_id="r2")
    assert bench.one("r2").state == "settled"
    assert bench.state.entries["r2"].context is None


def test_a_profile_that_went_away_is_told_and_withholds() -> None:
    """A plugin that is not installed any more: its streams go on, and nothing that it hid is published."""
    bench = bench_of(Broken())
    submitted(bench)
    domain = HighlightDomain(bench.policy, Random(7))
    bench.domain = domain
    bench.state.entries["r1"].context = None
    bench.observe(observation(seen_highlight("h1", title="Alice speaks"), at=bench.now))
    (record,) = bench.of("highlights")
    assert record.profile == "general@1"
    assert record.enrichment[FAILED]["profile"] == "broken@1"
    assert record.title == ""

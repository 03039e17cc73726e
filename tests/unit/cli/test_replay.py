"""A past range run again, as far as it needs no Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger_records import STATE_VERSION, LinkedTranscript, OriginalRequest, original_key, transcript_key
from agents.profile_desk import ProfilesOnDesk
from agents.profile_trial import Trial
from agents.profiles import Export, General, Profiles
from agents.profiles.gaming import Gaming
from agents.profiles.meetings import Meetings
from pipeline.cli.errors import CommandError
from pipeline.cli.replay import check_found, span_of
from pipeline.cli.replay_past import Past, Span
from pipeline.cli.replay_run import Replayed, run_again
from pipeline.cli.replay_scratch import scratch_name
from pipeline.domain import LinkedText
from schemas.catalogue import load
from schemas.records import Highlight, Request, Summary, encode
from tests.unit.agents.support import seen_highlight
from tests.unit.cli.world import NOW, REQUEST, summary

HOUR = timedelta(hours=1)
ALWAYS = span_of(None, None, None, NOW)
DESK = ProfilesOnDesk(Profiles([General(), Gaming(), Meetings()]))
ASKED = Request(
    request_id=REQUEST, tenant="acme", source_url="https://www.twitch.tv/videos/42", profile="gaming", platform="twitch"
)


def records() -> list[Highlight]:
    """Two highlights of a match, an hour apart; the first is corrected another hour later."""
    trial = Trial(Gaming(), ASKED)
    made = [
        trial.see(seen_highlight("h1", title="Nyx has four")),
        trial.see(seen_highlight("h2", title="Karu wins the 1v3")),
        trial.see(seen_highlight("h1", title="Nyx aces")),
    ]
    return [
        msgspec.structs.replace(one, seq=seq, revision=1 + (seq == 3), published_at=NOW + seq * HOUR)
        for seq, one in enumerate(made, start=1)
    ]


def ended() -> Summary:
    """Their summary."""
    trial = Trial(Gaming(), ASKED)
    for record in records():
        trial.again(record)
    return summary(records(), profile="gaming@1", document=msgspec.to_builtins(trial.document()))


def past(span: Span = ALWAYS, *, request: bool = True, highlights: list[Highlight] | None = None) -> Past:
    """What was published, folded."""
    found = Past(DESK, span)
    for record in records() if highlights is None else highlights:
        found.fold("highlights", REQUEST, encode(record))
    found.fold("summaries", REQUEST, encode(ended()))
    if request:
        original = OriginalRequest(state_version=STATE_VERSION, value=encode(ASKED).decode(), offset=0, timestamp=0)
        found.fold("ledger", original_key(REQUEST), msgspec.json.encode(original))
    return found


def again(found: Past, profile: str = "general@1") -> Replayed:
    """Run it."""
    return run_again(DESK, profile, profile, found, lambda _: None)


def test_the_same_rules_make_the_same_records_and_the_same_document() -> None:
    """Field by field, and no difference is told."""
    done = again(past(), "gaming@1")
    assert done.highlights == records()[1:]
    assert done.summaries == [ended()]
    assert done.differences == []


def test_other_rules_are_told_by_highlight_and_by_document() -> None:
    """The new records carry the new rules' name, and else what the published ones did."""
    done = again(past())
    assert [(one.highlight_id, one.revision, one.profile) for one in done.highlights] == [
        ("h2", 1, "general@1"),
        ("h1", 2, "general@1"),
    ]
    assert [one.highlight_id for one in done.differences] == ["h2", "h1", ""]
    assert "tag:clutch" in done.differences[0].removed
    assert "best" in done.differences[2].added
    assert done.summaries[0].profile == "general@1"


def test_a_range_has_the_latest_revision_within_it_and_the_document_is_about_the_whole() -> None:
    """A revision published after the range hides none within it; what lies outside is not written anew."""
    done = again(past(Span(NOW, NOW + 2 * HOUR)), "gaming@1")
    assert [(one.highlight_id, one.revision) for one in done.highlights] == [("h1", 1)]
    assert done.summaries == [ended()]
    assert done.differences == []


@given(st.permutations([1, 2, 3]), st.integers(0, 4), st.integers(0, 4))
def test_a_range_holds_what_was_published_in_it(order: list[int], begin: int, length: int) -> None:
    """No highlight from before or after, for any range and any order of partitions."""
    span = Span(NOW + begin * HOUR, NOW + (begin + length) * HOUR)
    made = [record for place in order for record in records() if record.seq == place]
    within = {record.highlight_id for record in made if span.begin <= record.published_at < span.end}
    found = past(span, highlights=made)
    assert {record.highlight_id for record in again(found, "gaming@1").highlights} == within


def test_a_document_is_not_made_of_half_of_its_highlights() -> None:
    """Retention took one: the summary says so, and no false difference is told."""
    done = again(past(highlights=records()[1:2]), "gaming@1")
    assert done.summaries == []
    assert done.undocumented == {REQUEST: "1 of its 2 highlights are still there"}
    assert done.differences == []


def test_requests_that_are_gone_are_named() -> None:
    """Never remembered, forgotten since, or written by a newer version: each with its reason, and none is guessed."""
    assert "not remember" in again(past(request=False)).lost[REQUEST]
    forgotten = past()
    forgotten.fold("ledger", original_key(REQUEST), None)
    assert "not remember" in again(forgotten).lost[REQUEST]
    newer = past()
    newer.fold("ledger", original_key(REQUEST), b'{"state_version": 99}')
    done = again(newer)
    assert "cannot be read" in done.lost[REQUEST]
    assert done.highlights == []


def test_metadata_that_other_rules_cannot_use_leaves_the_request_out() -> None:
    """With the field's name; the run goes on."""
    found = Past(DESK, ALWAYS)
    found.fold("highlights", REQUEST, encode(records()[0]))
    asked = msgspec.structs.replace(ASKED, metadata={"players": 7})
    original = OriginalRequest(state_version=STATE_VERSION, value=encode(asked).decode(), offset=0, timestamp=0)
    found.fold("ledger", original_key(REQUEST), msgspec.json.encode(original))
    assert "players" in again(found, "gaming@1").lost[REQUEST]


def test_only_the_requests_asked_for_are_kept() -> None:
    """Others take no memory."""
    found = Past(DESK, ALWAYS, ["another"])
    found.fold("highlights", REQUEST, encode(records()[0]))
    found.fold("summaries", REQUEST, encode(ended()))
    assert (found.latest, found.in_span, found.summaries) == ({}, {}, {})


def test_why_a_transcript_is_not_there_is_remembered() -> None:
    """A document that says so would differ otherwise."""
    state = LinkedTranscript(state_version=STATE_VERSION, text="", problem="answered 404")
    found = DESK.remembered(transcript_key(REQUEST), msgspec.json.encode(state))
    assert found is not None
    assert found.transcript == LinkedText("", "answered 404")
    asked = msgspec.structs.replace(ASKED, metadata={"transcript": {"url": "https://example.com/t.vtt"}})
    assert "answered 404" in str(DESK.trial("meetings", asked, found.transcript).document())


def test_text_that_privacy_replaced_stays_replaced() -> None:
    """Rules without privacy see what was published, and nothing brings the original back."""
    record = Trial(Meetings(), ASKED).see(seen_highlight("h1", title="Write to ada@example.com by Friday"))
    assert "ada@example.com" not in record.title
    assert DESK.trial("general", ASKED).again(record).title == record.title


class Broken(General):
    """A stranger's profile: it fails in one place."""

    name, label = "broken", "broken@1"
    exports: Mapping[str, Export] = MappingProxyType(
        {"card": Export("a card", lambda summary, _: {"card.md": summary.document["dish"]})}
    )

    def __init__(self, where: str) -> None:
        self._where = where

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> Any:  # noqa: ARG002 - the port
        """Fail, if it is here."""
        if self._where == "prepare":
            raise KeyError("dish")
        return self

    def document(self, highlights: Any) -> dict[str, Any]:
        """Fail, if it is here."""
        if self._where == "document":
            raise KeyError("dish")
        return super().document(highlights)


def test_a_strangers_profile_that_fails_is_named_and_is_no_fault_of_ours() -> None:
    """At the request: it is left out with the reason. In the document: the general one says so, as a worker's would."""
    broken = ProfilesOnDesk(Profiles([Broken("prepare")]))
    done = run_again(broken, "broken@1", "broken@1", past(), lambda _: None)
    assert "broken@1 fails" in done.lost[REQUEST]
    broken = ProfilesOnDesk(Profiles([Broken("document")]))
    done = run_again(broken, "broken@1", "broken@1", past(), lambda _: None)
    assert done.summaries[0].document["profile_failed"]["reason"] == "document raised KeyError"
    with pytest.raises(ValueError, match="failed when the document was made"):
        broken.export("card", done.summaries[0], [])
    with pytest.raises(ValueError, match="cannot render card"):
        broken.export("card", summary([], profile="broken@1"), [])


def test_tags_that_privacy_replaces_are_replaced_anew() -> None:
    """Rules with privacy, over what rules without it published."""
    published = Trial(General(), ASKED).see(seen_highlight("h1", title="x", tags=["ada@example.com"]))
    assert "ada@example.com" in str(published)
    assert "ada@example.com" not in str(DESK.trial("meetings", ASKED).again(published))


@pytest.mark.parametrize("prefix", ["", "team.", "a" * 100])
def test_a_scratch_topic_has_a_name_of_its_own(prefix: str) -> None:
    """It says whose rules and when, is none of the pipeline's, and begins with the prefix that rights are given by."""
    name = scratch_name(None, prefix, "gaming@2", datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC))
    assert name == f"{prefix}tldr.highlights.v1.replay-gaming-2-20261126T010203"
    assert name not in {prefix + spec.name for spec in load().topics.values()}


def test_a_range_may_begin_before_there_were_clocks() -> None:
    """The longest time that --since takes ends at 1970."""
    assert span_of("999999d", None, None, NOW).begin == datetime.fromtimestamp(0, UTC)
    assert span_of("2h", None, None, NOW).begin == NOW - 2 * HOUR


def test_a_request_that_the_range_has_not_is_no_request_without_a_difference() -> None:
    """Beside others it is told; alone it is a failure."""
    done = Replayed("gaming@1")
    check_found(past(), [REQUEST, "nope"], done)
    assert list(done.lost) == ["nope"]
    with pytest.raises(CommandError, match="no highlight of nope was published"):
        check_found(Past(DESK, ALWAYS, ["nope"]), ["nope"], done)

"""Prepared rules are bounded in what they weigh, and those that were dropped say the same when they are used again."""

from __future__ import annotations

import gc
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.domain import HighlightDomain
from agents.ledger_records import STATE_VERSION, LinkedTranscript, transcript_key
from agents.policy import Policy
from agents.profiles import General, Profiles
from agents.profiles.education import Education
from agents.profiles.meetings import Meetings
from agents.rules.context import Context, context_of
from agents.rules.kept import LIGHTEST, PER_BYTE, KeptRules
from schemas.records import RecordError
from tests.unit.agents.support import Bench, seen_highlight

PROFILES = Profiles((General(), Education(), Meetings()))
SAID = ("We will ship it on Friday.", "Entropy is the measure of disorder.", "Who looks at the budget?")


def captions(words: str) -> str:
    """A transcript of a minute."""
    cues = (f"00:{n:02}.000 --> 00:{n:02}.900\n<v Ada Lovelace>{words}\n" for n in range(60))
    return "\n".join(["WEBVTT\n", *cues])


def bench_of(count: int) -> Bench:
    """Requests of each profile with transcripts, carried and linked."""
    bench = Bench(domain=HighlightDomain(Policy(), Random(7), profiles=PROFILES))
    for number in range(count):
        name = f"r{number}"
        text = captions(SAID[number % 3])
        carried = number % 2 == 0
        transcript: Any = text if carried else {"url": "https://files.example/a.vtt"}
        bench.request(
            name, profile=("meetings", "education", "general")[number % 3], metadata={"transcript": transcript}
        )
        if not carried:
            bench.stage.put(transcript_key(name), LinkedTranscript(state_version=STATE_VERSION, text=text))
        bench.state.entries[name].context = None  # a test has limits of its own
    return bench


def told(context: Context, at: float) -> bytes:
    """What the rules make of a highlight."""
    return msgspec.json.encode(context.rules.enrich(seen_highlight("h1", timestamp=at, duration=9.0), ["x"]))


@settings(max_examples=40, deadline=None)
@given(
    uses=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=30),
    most=st.integers(0, 12 * LIGHTEST),
)
def test_dropped_rules_say_the_same_when_they_are_used_again(uses: list[tuple[int, int]], most: int) -> None:
    """Whatever the limit and the order of use; and never more is kept than the limit, or one."""
    bench = bench_of(6)
    bounded, unbounded = KeptRules(most), KeptRules(1 << 40)
    contexts: dict[str, tuple[Context, Context]] = {}
    for number, at in uses:
        entry = bench.state.entries[f"r{number}"]
        if entry.request_id not in contexts:
            first = context_of(entry, PROFILES, bounded)
            entry.context = None
            contexts[entry.request_id] = first, context_of(entry, PROFILES, unbounded)
        one, other = contexts[entry.request_id]
        assert told(one, float(at)) == told(other, float(at))
        assert (one.profile_name, one.options, one.tournament) == (other.profile_name, other.options, other.tournament)
        heaviest = LIGHTEST + PER_BYTE * 2 * len(captions(max(SAID, key=len)))
        assert bounded.weight <= max(most, heaviest)


def test_the_least_recently_used_rules_are_dropped() -> None:
    """What is used stays; one request is prepared anew, once, when its turn comes again."""
    bench = bench_of(2)
    entries = [bench.state.entries[name] for name in ("r0", "r1")]
    weights = []
    for entry in entries:
        alone = KeptRules()
        context = context_of(entry, PROFILES, alone)
        weights.append(alone.weight)
        entry.context = None
        del context
    kept = KeptRules(sum(weights) - 1)
    first, second = (context_of(entry, PROFILES, kept) for entry in entries)
    rules = second.rules
    assert second.rules is rules
    anew = first.rules  # was dropped for the second, and now that is
    assert first.rules is anew
    assert second.rules is not rules


def test_what_is_prepared_goes_with_its_request() -> None:
    """A request at its end leaves nothing behind, and weighs nothing."""
    bench = bench_of(2)
    kept = KeptRules()
    for name in ("r0", "r1"):
        context_of(bench.state.entries[name], PROFILES, kept)
    assert kept.weight > 2 * LIGHTEST
    for name in ("r0", "r1"):
        bench.command("cancel", request_id=name)
    gc.collect()
    assert kept.weight == 0


def test_a_carried_transcript_still_tells_requests_apart() -> None:
    """It is not kept with what is derived from a request, but a request with another one is another request."""
    bench = Bench(domain=HighlightDomain(Policy(), Random(7), profiles=PROFILES))
    bench.request(profile="meetings", metadata={"transcript": captions(SAID[0])})
    bench.request(profile="meetings", metadata={"transcript": captions(SAID[0])})
    context = bench.state.entries["r1"].context
    assert context is not None
    assert "transcript" not in context.asked.metadata
    with pytest.raises(RecordError, match="used before"):
        bench.request(profile="meetings", metadata={"transcript": captions(SAID[1])})

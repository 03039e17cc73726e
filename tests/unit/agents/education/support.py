"""Lectures for the tests of the profile ``education``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from agents.policy import Policy
from agents.profiles.education import Education
from agents.profiles.education.points import Item
from agents.profiles.education.profile import PreparedEducation
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from schemas.records import Highlight, ObservedHighlight
from schemas.records.highlight import Observed
from tests.unit.agents.support import START, make_request, seen_highlight

EDUCATION = Education()

WORDS = (
    "A roux is equal parts fat and flour, cooked together.",
    "Newton's third law says that every force has an equal one in the opposite direction.",
    "For example, two amps come in here and half an amp leaves.",
    "This will be on the exam, so write it down.",
    "Why does the bread rise when we leave it alone?",
    "Can everybody hear me at the back?",
    "so by primary source we mean something made at the time",
    "",
    "?",
)

SAID = st.text(max_size=60) | st.sampled_from(WORDS)

SHOWN = st.builds(
    ObservedHighlight,
    id=st.sampled_from(["a", "b", "c", "d", "e"]),
    title=SAID,
    description=SAID,
    timestamp=st.floats(0, 1e7) | st.floats(0, 300),
    duration=st.floats(0, 1e4) | st.floats(0, 60),
    confidence_score=st.floats(0, 1),
    tags=st.lists(st.text(), max_size=3),
    metadata=st.dictionaries(st.sampled_from(["transcript", "text", "x"]), SAID | st.none() | st.lists(st.integers())),
)

SEGMENTS = st.lists(
    st.fixed_dictionaries(
        {"start": st.floats(0, 300), "duration": st.floats(0, 30), "text": SAID},
        optional={"speaker": st.sampled_from(["Dr. Sato", "<b>", ""])},
    ),
    max_size=6,
)


def prepared(profile: Education = EDUCATION, **metadata: Any) -> PreparedEducation:
    """The rules for a lecture with that metadata."""
    return profile.prepare(make_request(metadata=metadata), None)


def items(*texts: str, profile: Education = EDUCATION) -> list[Item]:
    """What is found in a highlight in which that is said, ten seconds each."""
    said = [{"start": 10.0 * place, "end": 10.0 * place + 10, "text": text} for place, text in enumerate(texts)]
    shown = seen_highlight("h1", timestamp=0.0, duration=10.0 * len(texts), title="A moment")
    found: list[Item] = prepared(profile, transcript=said).enrich(shown, []).enrichment["items"]
    return found


def kinds(*texts: str, profile: Education = EDUCATION) -> list[str]:
    """The kinds of what is found."""
    return [item.kind for item in items(*texts, profile=profile)]


def record(shown: ObservedHighlight, **metadata: Any) -> Highlight:
    """The output record of a highlight."""
    at = datetime.fromtimestamp(START, UTC)
    context = Context(make_request(metadata=metadata), EDUCATION, 1, None)
    seen = Seen(Observed(by="poll", observation_id="o"), "s1", at, at)
    highlight, _ = enriched(shown, context, seen, Place(1, 1, 1), signed=Policy().publish_signed_urls)
    return highlight

"""What our profiles find in the labelled items: through the same calls that a worker makes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from agents.ledger_records import HighlightState
from agents.profile_setup import OURS
from agents.profiles import Prepared, Profile
from agents.profiles.data import load
from agents.rules.canonical import normal_tags
from schemas.records import ObservedHighlight, Request
from tests.eval.labelled import Excerpt, Industry, Match, Passage, Said


@cache
def profile_of(industry: Industry) -> Profile:
    """Return a profile as it ships."""
    return OURS[industry](None)


@cache
def unmeasured(industry: Industry) -> Profile:
    """Return a profile without its calibration: a confidence is what the rule weighs."""
    kinds = load(f"agents.profiles.{industry}", "calibration.yaml")["calibration"]
    return OURS[industry]({"calibration": dict.fromkeys(kinds)})


class Mention(msgspec.Struct, frozen=True):
    """One thing that was found.

    Attributes:
        kind: what it is.
        text: the words that it was found in.
        confidence: that the rule states, 0 to 1.
        rule: which rule.
        about: the term of a definition; ``assignee`` and ``due`` of an action.
    """

    kind: str
    text: str
    confidence: float
    rule: str
    about: dict[str, Any] = {}


class Found(msgspec.Struct, frozen=True):
    """All that was found in one item; ``who``: players and teams."""

    mentions: tuple[Mention, ...]
    who: frozenset[str] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds, each once."""
        return frozenset(mention.kind for mention in self.mentions)


def found(profile: Profile, item: Match | Passage | Excerpt) -> Found:
    """Enrich an item: a match as the highlight it is, the others as one that covers their words in a transcript."""
    enrichment = _enriched(profile, item)
    if not isinstance(item, Match):
        return Found(tuple(_mention(point) for point in enrichment["items"]))
    who = frozenset(name for role in ("players", "teams") for name in _names(enrichment[role]))
    return Found(tuple(_mention(event) for event in enrichment["events"]), who)


def players(item: Match) -> list[str]:
    """Return the players that are named in a match."""
    return _names(_enriched(profile_of("gaming"), item)["players"])


def _names(named: Sequence[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in named]


def key_phrases(item: Passage) -> list[str]:
    """Return the key phrases of a lecture that is a passage alone, the best first."""
    profile, shown = profile_of("education"), shown_for(item)
    rules = prepared_for(profile, item)
    note = rules.enrich(shown, []).note
    state = HighlightState(1, 1, 1, 1, 0.0, 1.0, shown.timestamp, shown.duration, 0, 0, shown.title, note)
    return [one["concept"] for one in rules.document({shown.id: state})["concepts"]]


def prepared_for(profile: Profile, item: Match | Passage | Excerpt) -> Prepared:
    """Prepare a profile for a request that says what an item says."""
    asked = Request(request_id="eval", tenant="eval", source_url="https://example.com/v.mp4", metadata=_metadata(item))
    return profile.prepare(asked, None)


def _metadata(item: Match | Passage | Excerpt) -> dict[str, Any]:
    if isinstance(item, Match):
        return {"game": item.game}
    if isinstance(item, Passage):
        return {"transcript": _transcript(item.segments), "topics": item.topics}
    return {
        "transcript": _transcript(item.turns),
        "attendees": item.attendees,
        "date": item.date,
        "timezone": item.timezone,
    }


def shown_for(item: Match | Passage | Excerpt) -> ObservedHighlight:
    """Return an item as a highlight: a match in its words, the others as the time that they cover."""
    if isinstance(item, Match):
        return ObservedHighlight(
            id=item.id, title=item.title, description=item.description, timestamp=60.0, duration=20.0, tags=item.tags
        )
    said = item.segments if isinstance(item, Passage) else item.turns
    start = min(one.start for one in said)
    return ObservedHighlight(
        id=item.id, title="Highlight", timestamp=start, duration=max(one.end for one in said) - start, tags=[]
    )


def _enriched(profile: Profile, item: Match | Passage | Excerpt) -> dict[str, Any]:
    shown = shown_for(item)
    enriched = prepared_for(profile, item).enrich(shown, normal_tags(shown.tags))
    plain: dict[str, Any] = msgspec.to_builtins(enriched.enrichment)
    return plain


def _mention(item: dict[str, Any]) -> Mention:
    evidence = item["evidence"]
    about: dict[str, Any] = {name: item[name] for name in ("term", "assignee", "due") if name in item}
    return Mention(item["kind"], evidence["text"], item["confidence"], evidence["rule"], about)


def _transcript(said: Sequence[Said]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(one) for one in said]

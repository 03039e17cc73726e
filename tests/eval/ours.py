"""What our profiles find in the labelled items: through the same calls that a worker makes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from agents.profile_setup import OURS
from agents.profiles import Prepared, Profile
from agents.rules.canonical import normal_tags
from schemas.records import ObservedHighlight, Request
from tests.eval.labelled import Excerpt, Industry, Match, Passage, Said


@cache
def _ours(industry: Industry) -> Profile:
    return OURS[industry](None)


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


def match(item: Match) -> Found:
    """Enrich the highlight of a match."""
    enrichment = _enriched(_ours("gaming"), item)
    who = frozenset(one["name"] for one in (*enrichment["players"], *enrichment["teams"]))
    return Found(tuple(_mention(event) for event in enrichment["events"]), who)


def passage(item: Passage) -> Found:
    """Enrich a highlight that covers a passage, whose words come as the request's transcript."""
    return Found(tuple(_mention(point) for point in _enriched(_ours("education"), item)["items"]))


def excerpt(item: Excerpt) -> Found:
    """Enrich a highlight that covers an excerpt of a meeting."""
    return Found(tuple(_mention(point) for point in _enriched(_ours("meetings"), item)["items"]))


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

"""The patterns that the integration guide itself proposes, on the same sets: the measure to be better than.

Source: the enterprise integration guide, "Common Integration Scenarios". Its keywords and expressions are used as they
stand there, as a reader would apply them; what it leaves open (assignees, due dates) has no answer here.
"""

from __future__ import annotations

import re

from tests.eval.labelled import Excerpt, Match, Passage

KEYWORDS = {
    "valorant": ("ace", "clutch", "flick", "headshot"),
    "league_of_legends": ("pentakill", "baron", "steal", "outplay"),
    "fortnite": ("victory royale", "elimination", "build"),
}
"""Keywords by game; the guide has none for other games."""

DEFINITIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:is defined as|means|refers to)\s+(.+?)(?:\.|,)",
        r"(?:The concept of|The idea of)\s+(.+?)(?:\s+is|,)",
    )
)

ACTION = ("action item", "will do", "assigned to", "by next", "follow up")
DECISION = ("decided", "agreed", "conclusion", "approve", "reject")


def match_kinds(item: Match) -> set[str]:
    """A kind for each keyword of the game that stands in title or description."""
    text = f"{item.title} {item.description}".lower()
    return {word.replace(" ", "_") for word in KEYWORDS.get(item.game, ()) if word in text}


def passage_kinds(item: Passage) -> set[str]:
    """Definitions, where one of the two expressions matches; the title rule knows examples by the word."""
    text = " ".join(said.text for said in item.segments)
    found = {"definition"} if any(pattern.search(text) for pattern in DEFINITIONS) else set()
    return found | ({"example"} if "example" in text.lower() else set())


def excerpt_kinds(item: Excerpt) -> set[str]:
    """Exactly one category for each moment."""
    text = " ".join(said.text for said in item.turns).lower()
    if any(word in text for word in ACTION):
        return {"action_item"}
    return {"decision"} if any(word in text for word in DECISION) else {"discussion"}

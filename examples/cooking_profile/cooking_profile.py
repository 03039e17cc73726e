"""A profile of your own: what is done in cooking streams, and at the end the steps as a recipe card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import Enriched, Export, ProfileInputError
from agents.profiles.evidence import Evidence
from schemas.records import Highlight, ObservedHighlight, Request, Summary

_TECHNIQUE = re.compile(r"\b(bak|blanch|chop|fry|knead|roast|simmer|whisk)(?:e|es|ing|ed|s)?\b", re.IGNORECASE)
_NAMES = {"bak": "bake"}
_CONFIDENCE = 0.9


class Cooking:
    """Techniques by their verbs. Requests may say which dish it is: ``metadata.dish``."""

    name = "cooking"
    version = 1
    label = "cooking@1"
    about = "Cooking streams: techniques, and a recipe card."

    def __init__(self) -> None:
        card = Export("the steps as a recipe card, Markdown", recipe_card)
        self.exports: Mapping[str, Export] = MappingProxyType({"recipe-md": card})

    def describe(self) -> dict[str, Any]:
        """What ``highlights profiles show cooking`` prints."""
        rule = {"id": "cooking.technique@1", "confidence": _CONFIDENCE, "pattern": _TECHNIQUE.pattern}
        return {"options": {"clip_duration": 45}, "rules": [rule]}

    def options(self, asked: Request) -> Mapping[str, Any]:  # noqa: ARG002 - the port
        """Ask for clips that are long enough for a step."""
        return {"clip_duration": 45}

    def transcript_url(self, asked: Request) -> str | None:  # noqa: ARG002 - the port
        """No transcript is read."""
        return None

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> CookingRules:  # noqa: ARG002 - the port
        """Read what the request says.

        Raises:
            ProfileInputError: ``metadata.dish`` is no text.
        """
        dish = asked.metadata.get("dish", "")
        if not isinstance(dish, str):
            raise ProfileInputError("metadata.dish: a text is expected")
        return CookingRules(dish)


class CookingRules:
    """The rules of one request."""

    def __init__(self, dish: str) -> None:
        self._dish = dish

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Name each technique in the title once, with its evidence."""
        found: dict[str, Evidence] = {}
        for word in _TECHNIQUE.finditer(seen.title):
            stem = word[1].lower()
            said = Evidence(
                word[0], "title", word.start(), word.end(), seen.timestamp, "cooking.technique@1", _CONFIDENCE
            )
            found.setdefault(_NAMES.get(stem, stem), said)
        techniques = [{"name": name, "evidence": msgspec.to_builtins(said)} for name, said in found.items()]
        new_tags = [name for name in found if name not in tags]
        return Enriched([*tags, *new_tags], {"techniques": techniques}, note=list(found))

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """List the steps in the order of the stream."""
        steps = sorted((one.start_s, highlight_id, one) for highlight_id, one in highlights.items() if one.note)
        return {
            "dish": self._dish,
            "steps": [
                {"highlight_id": highlight_id, "at_s": start, "text": one.title, "techniques": one.note}
                for start, highlight_id, one in steps
            ],
        }


def recipe_card(summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:  # noqa: ARG001 - the port
    """Render the document as Markdown: one file."""
    document = summary.document
    lines = [f"# {document['dish'] or 'Recipe'}", ""]
    lines += [f"{number}. {step['text']}" for number, step in enumerate(document["steps"], start=1)]
    return {"recipe.md": "\n".join(lines) + "\n"}

"""What a perfect worker would have made of the final highlights: enrichment and document, by the same rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.profile_desk import ProfilesOnDesk
from agents.profile_setup import OURS
from agents.profiles import General, Profiles
from agents.rules.context import Context
from schemas.records import Highlight, Request

_NOT_OF_THE_RULES = ("transcript",)
"""Parts of a document that tell what came of a fetch, and not what rules made of it."""


class Rules:
    """The profiles, as a worker without a customer's data has them."""

    def __init__(self) -> None:
        self._profiles = Profiles([General(), *(make(None) for make in OURS.values())])
        self._desk = ProfilesOnDesk(self._profiles)

    def context(self, asked: bytes) -> Context:
        """Return what a worker derives from a request's value, its profile's rules among it."""
        request = msgspec.json.decode(asked, type=Request)
        return Context(request, self._profiles.get(request.profile), 1, None)

    def differences(
        self, asked: bytes, records: Sequence[Mapping[str, Any]], summary: Mapping[str, Any] | None
    ) -> list[str]:
        """Say what the last record of each highlight, or the latest summary, has otherwise than the rules make it.

        Args:
            asked: the request's value.
            records: the last record of each highlight of the request.
            summary: the latest.
        """
        request = msgspec.json.decode(asked, type=Request)
        trial = self._desk.trial(request.profile, request)
        wrong = []
        for record in records:
            again = trial.again(msgspec.convert(record, Highlight))
            if record["tags"] != again.tags or record["enrichment"] != _plain(again.enrichment):
                wrong.append(f"{record['highlight_id']} is not enriched as {trial.label} does")
        if summary is not None and _of_rules(summary["document"]) != _of_rules(_plain(trial.document())):
            wrong.append(f"its document is not what {trial.label} makes of its final highlights")
        return wrong


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def _of_rules(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _NOT_OF_THE_RULES}

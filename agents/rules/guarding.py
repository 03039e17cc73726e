"""What follows when a profile breaks its contract: a stranger's code may raise, and a stream goes on all the same.

A worker that ended for it would meet the same record after each restart. So the highlight is published by the general
rules, and says so; what the API's words would have told is withheld unless the profile hides nothing, since a profile
that was to hide names cannot be asked any more. Pure; only the kind of the error is told, since its text may quote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import Enriched, General, Prepared, Profile, Shown
from agents.profiles.follow_up import FollowUpItem, LeavesFollowUps
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request

FAILED = "profile_failed"
"""Key in ``enrichment`` and in a document that the general rules made in place of the profile's."""

LARGEST = 1_048_576
"""Bytes of what a profile makes of one highlight, or of one item to follow up: both go into ledger records."""

_NOT_LEFT = "follow_ups raised"

_general = General()
_encode = msgspec.json.Encoder().encode
_enriched = msgspec.json.Decoder(Enriched).decode
_items = msgspec.json.Decoder(list[FollowUpItem]).decode


class StandIn:
    """The general rules in place of a profile that could not be prepared, or is not there any more.

    Attributes:
        label: as records name it.
    """

    label = _general.label

    def __init__(self, failed: str, why: str, *, hides: bool) -> None:
        self._failed = failed
        self._why = why
        self._hides = hides

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Add the confidence band, and what failed."""
        added = _general.enrich(seen, tags)
        added.enrichment[FAILED] = self._told()
        if not self._hides:
            return added
        return msgspec.structs.replace(added, tags=[], shown=Shown("", ""))

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Make the general document, and say what failed."""
        return {**_general.document(highlights), FAILED: self._told()}

    def _told(self) -> dict[str, str]:
        return {"profile": self._failed, "reason": self._why}


class Gone(General):
    """A profile that an accepted request has, and that no worker knows any more."""

    hides = True

    def __init__(self, label: str) -> None:
        self._label = label

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> StandIn:  # type: ignore[override]  # noqa: ARG002 - the port
        """The general rules, which say so."""
        return StandIn(self._label, "it is not there any more", hides=True)


def prepared(profile: Profile, asked: Request, linked: LinkedTranscript | None) -> Prepared:
    """Prepare a profile for a request that was accepted: its data or its code may have changed since."""
    try:
        return profile.prepare(asked, linked)
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
        return stand_in(profile, "prepare", error)


def stand_in(profile: Profile, where: str, error: Exception) -> StandIn:
    """Return the rules in place of a profile that raised."""
    return StandIn(profile.label, f"{where} raised {type(error).__name__}", hides=getattr(profile, "hides", True))


def enrich(profile: Profile, rules: Prepared, seen: ObservedHighlight, tags: list[str]) -> Enriched:
    """Enrich one highlight, whatever the rules do. Checked to be what records and the ledger can carry."""
    if type(rules) is General:
        return rules.enrich(seen, tags)
    try:
        data = _encode(rules.enrich(seen, tags))
        made = _enriched(data)  # what a restore would bring back: no tuples, no keys but text
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
        return stand_in(profile, "enrich", error).enrich(seen, tags)
    return made if len(data) <= LARGEST else stand_in(profile, "enrich", OverflowError()).enrich(seen, tags)


def document(
    profile: Profile, rules: Prepared, highlights: Mapping[str, HighlightState]
) -> tuple[dict[str, Any], list[FollowUpItem] | None]:
    """Make a document, whatever the rules do.

    Returns:
        The document, and what it leaves to be done; ``None`` when that is not known: what was known stays.
    """
    if isinstance(rules, StandIn):
        return rules.document(highlights), None
    try:
        made = rules.document(highlights)
        _encode(made)
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
        return stand_in(profile, "document", error).document(highlights), None
    if not isinstance(rules, LeavesFollowUps):
        return made, []
    try:
        items = _items(_encode(list(rules.follow_ups(made))))
        return made, [item if len(_encode(item)) <= LARGEST else _bare(item) for item in items]
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
        return {**made, FAILED: {"profile": profile.label, "reason": f"{_NOT_LEFT} {type(error).__name__}"}}, None


def stood_in(document: Mapping[str, Any]) -> str:
    """Return why the general rules made a document in place of its profile's; empty when its own did."""
    told = document.get(FAILED)
    reason = str(told.get("reason", "")) if isinstance(told, dict) else ""
    return "" if reason.startswith(_NOT_LEFT) else reason


def _bare(item: FollowUpItem) -> FollowUpItem:
    return msgspec.structs.replace(item, evidence=())

"""A profile's rules over highlights outside of a worker: to try them, or to run a past range again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from agents.ledger_records import POLL, STATE_VERSION, HighlightState, LinkedTranscript
from agents.profiles import Profile
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from agents.rules.guarding import document
from pipeline.domain import LinkedText
from schemas.records import Highlight, ObservedHighlight, Request
from schemas.records.highlight import Observed

_NOBODY = Seen(Observed(by="poll", observation_id="trial"), "", *[datetime.fromtimestamp(0, UTC)] * 2)


class Trial:
    """Implements :class:`pipeline.domain.ProfileTrial`.

    Raises:
        ProfileInputError: the profile cannot use the request's metadata.
    """

    def __init__(self, profile: Profile, asked: Request, linked: LinkedText | None = None) -> None:
        transcript = None if linked is None else LinkedTranscript(state_version=STATE_VERSION, **linked._asdict())
        self.label = profile.label
        profile.prepare(asked, transcript)  # whoever tries a profile is told what a worker would only note
        self._context = Context(asked, profile, 1, None, transcript)
        self._states: dict[str, HighlightState] = {}

    def see(self, highlight: ObservedHighlight) -> Highlight:
        """Enrich a highlight in the API's words, and keep it for the document; numbers of a record are 1."""
        record, added = enriched(highlight, self._context, _NOBODY, Place(1, 1, 1), signed=True)
        self._states[highlight.id] = HighlightState(
            STATE_VERSION,
            1,
            1,
            0,
            0.0,
            highlight.confidence_score,
            highlight.timestamp,
            highlight.duration,
            POLL,
            0,
            record.title[:120],
            added.note,
        )
        return record

    def again(self, record: Highlight) -> Highlight:
        """Enrich a published record anew, and keep it for the document. Text that privacy replaced stays replaced."""
        anew = self.see(observed(record))
        return msgspec.structs.replace(
            record,
            title=anew.title,
            description=anew.description,
            tags=anew.tags,
            api_tags=anew.api_tags,
            api_metadata=anew.api_metadata,
            api_extra=anew.api_extra,
            enrichment=anew.enrichment,
            profile=anew.profile,
        )

    def document(self) -> dict[str, Any]:
        """The document about all that was seen."""
        return document(self._context.profile, self._context.rules, self._states)[0]


def observed(record: Highlight) -> ObservedHighlight:
    """Return what the API must have shown for a record, as far as the record tells."""
    return ObservedHighlight(
        id=record.highlight_id,
        stream_id=record.stream_id,
        title=record.title,
        description=record.description,
        video_url=record.clip_url,
        thumbnail_url=record.thumbnail_url,
        duration=record.duration_s,
        timestamp=record.start_s,
        confidence_score=record.confidence,
        tags=record.api_tags,
        metadata=record.api_metadata,
        created_at=record.api_created_at,
        extra=record.api_extra,
    )

"""One observed highlight: new, changed, confirmed or stale. The hottest path of the pipeline; each line is paid for."""

from __future__ import annotations

from agents.entry import Entry
from agents.ledger_records import POLL, STATE_VERSION, WEBHOOK, HighlightState, highlight_key
from agents.rules.canonical import Plain, digest_of, plain
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from agents.rules.outputs import Outputs
from pipeline.domain import Stage
from schemas.records.observation import ObservedHighlight

_LONGEST_TITLE = 120
"""Characters of a title that are remembered for the summary's document."""


class Sighting:
    """What all highlights of one observation share: whose they are, how and when they were seen."""

    __slots__ = ("at", "context", "entry", "how", "now", "settled")

    def __init__(self, entry: Entry, context: Context, how: Seen, *, settled: bool, now: float) -> None:
        self.entry = entry
        self.context = context
        self.how = how
        self.at = how.observed_at.timestamp()
        self.settled = settled
        self.now = now


class HighlightRule:
    """Decides about one observed highlight, and publishes it if it is news."""

    def __init__(self, outputs: Outputs, *, publish_signed_urls: bool) -> None:
        self._outputs = outputs
        self._signed = publish_signed_urls

    def apply(self, seen: ObservedHighlight, sighting: Sighting, stage: Stage) -> bool | None:
        """Decide about one highlight.

        Order does not matter: of any set of observations, in any order and repeated, the latest one wins; between
        two of the same instant, the one with the greater digest.

        Returns:
            True when it was published, False when only its time was noted, ``None`` when nothing was news.
        """
        known = sighting.entry.highlights.get(seen.id)
        at = sighting.at
        if known is not None and at < known.observed_at:
            return None
        parts = plain(seen)
        digest = digest_of(seen, parts)
        if known is None:
            revision, source = 1, WEBHOOK if sighting.how.by.by == "webhook" else POLL
            late = 1 if sighting.settled else 0
        elif digest == known.digest:
            return self._confirm(seen.id, known, sighting, stage)
        elif at == known.observed_at and digest < known.digest:
            return None
        else:
            revision, source = known.revision + 1, known.source
            late = known.late + 1 if sighting.settled else known.late
        self._publish(seen, parts, known, (digest, revision, source, late), sighting, stage)
        return True

    def _confirm(self, highlight_id: str, known: HighlightState, sighting: Sighting, stage: Stage) -> bool | None:
        """Note that the content still stood at a later time, so that nothing older can override it."""
        if sighting.at == known.observed_at:
            return None
        noted = HighlightState(
            STATE_VERSION,
            known.revision,
            known.seq,
            known.digest,
            sighting.at,
            known.confidence,
            known.start_s,
            known.duration_s,
            known.source,
            known.late,
            known.title,
            known.note,
        )
        stage.put(highlight_key(sighting.entry.request_id, highlight_id), noted)
        return False

    def _publish(
        self,
        seen: ObservedHighlight,
        parts: Plain,
        known: HighlightState | None,
        decided: tuple[int, int, int, int],
        sighting: Sighting,
        stage: Stage,
    ) -> None:
        digest, revision, source, late = decided
        entry, context = sighting.entry, sighting.context
        confidence = seen.confidence_score
        seq = entry.last_seq + 1
        place = Place(revision, seq, entry.rank(confidence, known))
        record, note = enriched(seen, context, sighting.how, place, signed=self._signed, parts=parts)
        self._outputs.highlight(stage, context, record, sighting.now)
        stage.put(
            highlight_key(entry.request_id, seen.id),
            HighlightState(
                STATE_VERSION,
                revision,
                seq,
                digest,
                sighting.at,
                confidence,
                seen.timestamp,
                seen.duration,
                source,
                late,
                seen.title[:_LONGEST_TITLE],
                note,
            ),
        )

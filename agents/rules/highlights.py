"""One observed highlight: new, changed, confirmed or stale. The hottest path of the pipeline; each line is paid for."""

from __future__ import annotations

import enum

from agents.entry import Entry
from agents.ledger_records import POLL, STATE_VERSION, WEBHOOK, HighlightState, highlight_key
from agents.policy import Policy
from agents.rules.canonical import Plain, digest_of, plain
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from agents.rules.outputs import Outputs
from pipeline.domain import Stage
from schemas.records.observation import ObservedHighlight

_LONGEST_TITLE = 120
"""Characters of a title that are remembered for the summary's document."""


class Verdict(enum.Enum):
    """What became of one observed highlight.

    ``PUBLISHED``: news. ``NOTED``: nothing new but the time. ``KNOWN``: nothing new, or older than what is known.
    ``CONTESTED``: another content, which may be newer or older than what is known; nothing was staged, a read decides.
    """

    PUBLISHED = enum.auto()
    NOTED = enum.auto()
    KNOWN = enum.auto()
    CONTESTED = enum.auto()


class Sighting:
    """What all highlights of one observation share: whose they are, how and when they were seen.

    Attributes:
        since: unix seconds; when the content stood, at the earliest.
        until: at the latest.
        read: by a read of ours, which shows what stands, and not by a webhook, which tells what stood when it was sent,
            by another clock.
        settled: the request was at its end before.
    """

    __slots__ = ("context", "entry", "how", "now", "read", "settled", "since", "until")

    def __init__(
        self, entry: Entry, context: Context, how: Seen, *, since: float, until: float, settled: bool, now: float
    ) -> None:
        self.entry = entry
        self.context = context
        self.how = how
        self.since = since
        self.until = until
        self.read = how.by.by != "webhook"
        self.settled = settled
        self.now = now


class HighlightRule:
    """Decides about one observed highlight, and publishes it if it is news."""

    def __init__(self, outputs: Outputs, policy: Policy) -> None:
        self._outputs = outputs
        self._signed = policy.publish_signed_urls
        self._clock_skew_s = policy.clock_skew_s

    def apply(self, seen: ObservedHighlight, sighting: Sighting, stage: Stage) -> Verdict:
        """Decide about one highlight.

        Whatever sees a highlight first publishes it. Its content is replaced only by that of a read which began after
        everything that is known of it, so that what is published never goes back, whatever the clocks say. A webhook
        that contradicts what is known (the API has none for corrections: it is late, or tells more than its contract)
        asks for such a read, unless it is older by more than clocks may differ.
        """
        known = sighting.entry.highlights.get(seen.id)
        if known is not None and not sighting.read and sighting.since + self._clock_skew_s < known.observed_at:
            return Verdict.KNOWN
        parts = plain(seen)
        digest = digest_of(seen, parts)
        if known is None:
            revision, source = 1, POLL if sighting.read else WEBHOOK
            late = 1 if sighting.settled else 0
        elif digest == known.digest:
            return self._confirm(seen.id, known, sighting, stage)
        elif not sighting.read or sighting.since <= known.observed_at or sighting.since <= known.observed_until:
            return Verdict.CONTESTED  # a read is, when what is known came in while it was under way
        else:
            revision, source = known.revision + 1, known.source
            late = known.late + 1 if sighting.settled else known.late
        self._publish(seen, parts, known, (digest, revision, source, late), sighting, stage)
        return Verdict.PUBLISHED

    def _confirm(self, highlight_id: str, known: HighlightState, sighting: Sighting, stage: Stage) -> Verdict:
        """Note that the content still stood at a later time, so that nothing older can override it."""
        if not sighting.read and sighting.since <= known.observed_at:
            return Verdict.KNOWN
        since = max(sighting.since, known.observed_at)
        until = max(sighting.until, known.observed_at, known.observed_until)
        if since == known.observed_at and until == max(known.observed_at, known.observed_until):
            return Verdict.KNOWN
        noted = HighlightState(
            STATE_VERSION,
            known.revision,
            known.seq,
            known.digest,
            since,
            known.confidence,
            known.start_s,
            known.duration_s,
            known.source,
            known.late,
            known.title,
            known.note,
            until if until > since else 0.0,
        )
        stage.put(highlight_key(sighting.entry.request_id, highlight_id), noted)
        return Verdict.NOTED

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
        record, added = enriched(seen, context, sighting.how, place, signed=self._signed, parts=parts)
        self._outputs.highlight(stage, context, record, sighting.since, sighting.now)
        if added.sighting is not None:
            self._outputs.news.highlight(stage, context, record, added.sighting, self._outputs.at(sighting.now))
        stage.put(
            highlight_key(entry.request_id, seen.id),
            HighlightState(
                STATE_VERSION,
                revision,
                seq,
                digest,
                sighting.since,
                confidence,
                seen.timestamp,
                seen.duration,
                source,
                late,
                record.title[:_LONGEST_TITLE],
                added.note,
                sighting.until if sighting.until > sighting.since else 0.0,
            ),
        )

"""Folding one observation in, from a topic or from a poll: one path, one deduplication."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState
from agents.policy import Policy
from agents.rules import submission
from agents.rules.enriching import Seen
from agents.rules.highlights import HighlightRule, Sighting, Verdict
from agents.rules.lifecycle import BOUND, OUTCOMES, bound, change, refresh_asked
from agents.rules.outputs import Outputs
from agents.rules.surplus import with_surplus
from pipeline.api.redact import safe_text
from pipeline.domain import Stage
from schemas.records import Observation, RecordError
from schemas.records.highlight import Observed
from schemas.records.observation import ObservedStream

_LONGEST_STATUS = 100


class Folded(msgspec.Struct, frozen=True):
    """What an observation changed.

    Attributes:
        request: as it is to be put, by the caller; the same object when nothing of it changed.
        published: highlight records that went out.
        noted: whether any state of a highlight was written.
    """

    request: RequestState
    published: int
    noted: bool


class SightingRule:
    """Folds observations into requests that exist."""

    def __init__(self, outputs: Outputs, highlights: HighlightRule, policy: Policy) -> None:
        self._outputs = outputs
        self._highlights = highlights
        self._policy = policy

    def fold(self, entry: Entry, request: RequestState, seen: Observation, stage: Stage, now: float) -> Folded:
        """Publish what is news, and return what became of the request.

        Raises:
            RecordError: ``no_stream``: nothing says which stream was seen, and none is known yet. Nothing is staged.
        """
        if request.stream_id is None:
            request = self._bind(entry, request, seen, stage, now)
            if request.stream_id is None:
                return Folded(request, 0, noted=False)
        folded = Folded(request, 0, noted=False)
        if seen.highlights:
            folded = self._see_highlights(entry, request, seen, stage, now)
        if seen.stream is not None:
            after = self._see_stream(entry, folded.request, seen, seen.stream, stage, now)
            return Folded(after, folded.published, folded.noted)
        return folded

    def _see_highlights(
        self, entry: Entry, request: RequestState, seen: Observation, stage: Stage, now: float
    ) -> Folded:
        sighting = self._sighting(entry, request, seen, now)
        published = 0
        noted = contested = False
        apply = self._highlights.apply
        for highlight in seen.highlights:
            if highlight.stream_id and highlight.stream_id != request.stream_id:
                request = with_surplus(entry, request, highlight.stream_id, ended=False, now=now)
                if highlight.stream_id != request.stream_id:
                    continue
                sighting = self._sighting(entry, request, seen, now)
            verdict = apply(highlight, sighting, stage)
            if verdict is Verdict.PUBLISHED:
                published += 1
                noted = True
            elif verdict is Verdict.NOTED:
                noted = True
            elif verdict is Verdict.CONTESTED:
                contested = True
        if contested:
            request = self._read_again(request, now)
        return Folded(request, published, noted)

    def _read_again(self, request: RequestState, now: float) -> RequestState:
        """Observations contradict each other, and nobody can tell which is newer: a read that begins now can."""
        return refresh_asked(request, now + self._policy.poll_min_s)

    def _sighting(self, entry: Entry, request: RequestState, seen: Observation, now: float) -> Sighting:
        by = Observed(by=seen.source, observation_id=seen.observation_id)
        how = Seen(by, request.stream_id or "", seen.observed_at, self._outputs.at(now))
        since, until = _times(seen, now)
        settled = request.state == "settled"
        context = self._outputs.context(entry)
        return Sighting(entry, context, how, since=since, until=until, settled=settled, now=now)

    def _bind(self, entry: Entry, request: RequestState, seen: Observation, stage: Stage, now: float) -> RequestState:
        """Take the stream that an observation names as the request's, whatever became of our own submission."""
        stream_id = _stream_of(seen)
        if stream_id is None:
            raise RecordError("no_stream", "the observation names no stream, and the request has none yet")
        if request.state == "rejected":
            return request
        if request.state == "settled":  # cancelled while in doubt: nobody wants this stream
            ended = seen.stream is not None and seen.stream.status in OUTCOMES
            return with_surplus(entry, request, stream_id, ended=ended, now=now)
        request = bound(request, stream_id, "an observation named its stream", now, due=now)
        request = submission.bound_unseen(request, now, self._policy)
        self._outputs.stream(stage, entry, request, now)
        return request

    def _see_stream(
        self,
        entry: Entry,
        request: RequestState,
        seen: Observation,
        stream: ObservedStream,
        stage: Stage,
        now: float,
    ) -> RequestState:
        ended = stream.status in OUTCOMES
        if stream.id != request.stream_id:
            before = request.stream_id
            request = with_surplus(entry, request, stream.id, ended=ended, now=now)
            if request.stream_id == before:
                return request
        if request.state not in BOUND or request.state == "settled":
            return request
        status = stream.status[:_LONGEST_STATUS]
        since, until = _times(seen, now)
        known_until = max(request.status_at, request.status_until)
        if seen.source == "webhook":
            late = since + self._policy.clock_skew_s < request.status_at
            if late or (request.state == "settling" and not ended):
                return request  # whether an ended stream runs again is for the pass to tell that is due
        elif status != request.api_status and since <= known_until:
            return self._read_again(request, now)  # a webhook told something else while this read was under way
        since, until = max(since, request.status_at), max(until, known_until)
        request = msgspec.structs.replace(
            request,
            api_status=status,
            status_at=since,
            status_until=until if until > since else 0.0,
            processed_s=stream.processed_s,
            total_s=stream.total_s,
            found=stream.highlights_found,
        )
        if ended and request.state == "processing":
            reason = f"the API says {status}" + (f": {safe_text(stream.error)}" if stream.error else "")
            request = change(request, "settling", reason, now, sweeps=0, failures=0, due=now)
            self._outputs.stream(stage, entry, request, now)
        elif not ended and request.state == "settling":
            request = change(request, "processing", "the API shows it running again", now, due=now)
            self._outputs.stream(stage, entry, request, now)
        return request


def _times(seen: Observation, now: float) -> tuple[float, float]:
    """Return when what was seen stood, at the earliest and at the latest, unix seconds.

    What a webhook tells stood before it came in: that is certain, while its own time is the API's, in whole seconds.
    """
    since = seen.observed_at.timestamp()
    if seen.source == "webhook":
        return min(since, now), now
    return since, since if seen.observed_until is None else max(since, seen.observed_until.timestamp())


def _stream_of(seen: Observation) -> str | None:
    if seen.stream is not None:
        return seen.stream.id
    return next((highlight.stream_id for highlight in seen.highlights if highlight.stream_id), None)

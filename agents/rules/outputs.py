"""Turns decisions into output records: CloudEvents headers, encoding, keys. The only place that publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState
from agents.policy import DAY_S
from agents.profiles import Profiles
from agents.profiles.follow_up import FollowUpItem
from agents.rules.context import Context, context_of
from agents.rules.follow_ups import FollowUpRule
from agents.rules.guarding import document
from agents.rules.kept import KeptRules
from agents.rules.lifecycle import saw_all
from agents.rules.tournament_news import TournamentNews
from pipeline.domain import HighlightObserver, Incoming, Stage
from pipeline.streaming.dead_letter import TOPIC, error_headers
from schemas import cloudevents
from schemas.catalogue import Catalogue
from schemas.records import Highlight, RecordError, Stream, Summary, encode
from schemas.records.summary import Counts

SOURCE = "/tldr-highlight/pipeline"

PRICE_USD_PER_HOUR = {"premium": 0.12, "high": 0.10, "standard": 0.08, "fast": 0.05}
"""List prices by quality (source: API contract, "Prices")."""

_LONGEST_TEXT = 10_000
"""Characters of a description that is kept when a highlight is too large to publish."""


def moment(seconds: float) -> datetime:
    """Return unix seconds as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


class Outputs:
    """Publishes records of the public topics.

    Args:
        profiles: which profile a request has.
        catalogue: the topics' names, which are the events' types.
        prefix: before each topic's name on this cluster.
        observer: told of each highlight on its way out.
        place: the partition of a key.
        remind_before_s: how long before an item is due its reminder is sent.

    Attributes:
        profiles: see there.
        news: tells tournaments of their streams.
    """

    def __init__(
        self,
        profiles: Profiles,
        catalogue: Catalogue,
        prefix: str = "",
        observer: HighlightObserver | None = None,
        *,
        place: Callable[[bytes], int],
        remind_before_s: float = DAY_S,
    ) -> None:
        self.profiles = profiles
        self.news = TournamentNews(catalogue, place)
        self._kept = KeptRules()
        self._observer = observer
        self._catalogue = catalogue
        self._prefix = prefix
        self._highlight = cloudevents.EventHeaders(catalogue["highlights"].name, SOURCE)
        self._stream = cloudevents.EventHeaders(catalogue["streams"].name, SOURCE)
        self._summary = cloudevents.EventHeaders(catalogue["summaries"].name, SOURCE)
        self._follow_ups = FollowUpRule(catalogue, SOURCE, remind_before_s)
        self._now_ms = -1
        self._moment = moment(0.0)
        self._text = b""

    def full_name(self, topic: str) -> str:
        """Return a topic's name on the cluster by its short name."""
        return self._catalogue.full_name(topic, self._prefix)

    def at(self, now: float) -> datetime:
        """Return ``now`` as a datetime, to the millisecond. Records of one millisecond share it."""
        now_ms = int(now * 1000)
        if now_ms != self._now_ms:
            self._now_ms = now_ms
            self._moment = moment(now_ms / 1000)
            self._text = self._moment.isoformat(timespec="milliseconds").encode()
        return self._moment

    def context(self, entry: Entry) -> Context:
        """Return what is derived from the entry's request."""
        return context_of(entry, self.profiles, self._kept)

    def highlight(self, stage: Stage, context: Context, record: Highlight, seen_at: float, now: float) -> None:
        """Publish one revision, seen at ``seen_at``. Too large, it goes without its free-form parts, and says so."""
        self.at(now)
        headers = self._highlight.make(
            f"{context.events}/{record.highlight_id}/{record.revision}",
            self._text,
            record.request_id,
            context.traceparent,
        )
        try:
            stage.publish("highlights", context.key, encode(record), headers)
        except RecordError:
            stage.publish("highlights", context.key, encode(_trimmed(record)), headers)
        if self._observer is not None:
            made = record.api_created_at if record.revision == 1 else None
            self._observer(record.platform, record.quality, now, seen_at, made)

    def stream(
        self, stage: Stage, entry: Entry, request: RequestState, now: float, *, repeat: int | None = None
    ) -> None:
        """Publish where a request stands. ``repeat``: it is only told again, to the request record of this offset."""
        context = self.context(entry)
        asked = context.asked
        self.at(now)
        record = Stream(
            request_id=entry.request_id,
            tenant=asked.tenant,
            user_id=asked.user_id,
            state=request.state,
            previous=request.previous,
            reason=request.reason if repeat is None else "repeated request",
            outcome=request.outcome,
            stream_id=request.stream_id,
            source_url=context.source_url,
            platform=asked.platform,
            profile=context.profile_name,
            api_status=request.api_status,
            processed_s=request.processed_s,
            total_s=request.total_s,
            highlights=len(entry.highlights),
            accepted_at=moment(request.accepted_at),
            submitted_at=_moment_or_none(request.submitted_at),
            settled_at=_moment_or_none(request.settled_at),
            changed_at=moment(request.changed_at),
        )
        event = cloudevents.stream_id(context.events, request.changes)
        if repeat is not None:
            event = f"{event}/repeat/{repeat}"  # progress may have moved since the change was told
        headers = self._stream.make(event, self._text, entry.request_id, context.traceparent)
        stage.publish("streams", context.key, encode(record), headers)
        if repeat is None:
            self.news.stream(stage, context, record)

    def summary(self, stage: Stage, entry: Entry, request: RequestState, now: float) -> None:
        """Publish the manifest of a settled request, and what became of its follow-ups.

        Too large, it goes without its document, and says so. A profile that fails changes no follow-up.
        ``request.summaries`` is its revision.
        """
        context = self.context(entry)
        self.at(now)
        record, items = summary_of(entry, request, context)
        event = cloudevents.summary_id(context.events, request.summaries)
        headers = self._summary.make(event, self._text, entry.request_id, context.traceparent)
        try:
            stage.publish("summaries", context.key, encode(record), headers)
        except RecordError:
            bare = msgspec.structs.replace(record, document={"trimmed_by_pipeline": True})
            stage.publish("summaries", context.key, encode(bare), headers)
        if items is not None:
            self._follow_ups.compare(stage, entry, context, record, items, now, whole=saw_all(request))

    def remind(self, entry: Entry | None, stage: Stage, now: float) -> None:
        """Publish the reminders of an entry that are due."""
        if entry is not None:
            self._follow_ups.remind(stage, entry, now)

    def dead_letter(self, stage: Stage, record: Incoming, error: RecordError, now: float) -> None:
        """Give up a record that was taken in once: its bytes, and why."""
        stage.publish(TOPIC, record.key, record.value, error_headers(record, error, now))


def summary_of(entry: Entry, request: RequestState, context: Context) -> tuple[Summary, Sequence[FollowUpItem] | None]:
    """Make the summary of a settled request, and what its document leaves to be done (see ``guarding.document``)."""
    asked = context.asked
    quality = context.options.analysis_quality
    if request.outcome is None or request.settled_at is None:
        raise LookupError(f"{entry.request_id} is not settled")
    made, items = document(context.profile, context.rules, entry.highlights)
    summary = Summary(
        request_id=entry.request_id,
        tenant=asked.tenant,
        user_id=asked.user_id,
        stream_id=request.stream_id,
        revision=request.summaries,
        outcome=request.outcome,
        reason=request.reason,
        count=len(entry.highlights),
        last_seq=entry.last_seq,
        counts=Counts(
            by_webhook=entry.by_webhook,
            by_poll=len(entry.highlights) - entry.by_webhook,
            late=entry.late,
            corrected=entry.corrected,
        ),
        ids_sha256=hashlib.sha256("\n".join(sorted(entry.highlights)).encode()).hexdigest(),
        api_total=request.api_total,
        incomplete=request.incomplete,
        processed_s=request.processed_s,
        cost_usd=round(request.processed_s / 3600 * PRICE_USD_PER_HOUR[quality], 6),
        profile=context.profile_name,
        source_url=context.source_url,
        accepted_at=moment(request.accepted_at),
        submitted_at=_moment_or_none(request.submitted_at),
        settled_at=moment(request.settled_at),
        document=made,
    )
    return summary, items


def _trimmed(record: Highlight) -> Highlight:
    return msgspec.structs.replace(
        record,
        title=record.title[:1_000],
        description=record.description[:_LONGEST_TEXT],
        tags=[tag[:200] for tag in record.tags[:50]],
        api_tags=[tag[:200] for tag in record.api_tags[:50]],
        clip_url=_short(record.clip_url),
        thumbnail_url=_short(record.thumbnail_url),
        api_created_at=_short(record.api_created_at),
        api_metadata={},
        api_extra={"trimmed_by_pipeline": True},
    )


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= 4_096 else None

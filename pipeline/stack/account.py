"""The account: what the API made against what a read_committed consumer saw. Pure; for the demo and chaos tests."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.stack.published import Published, PublishedHighlight
from pipeline.stack.truth import TrueHighlight, TrueStream
from schemas.records import Highlight, Summary

FINAL_STATES = frozenset({"settled", "rejected"})
_CLOSE = 1e-6


class StreamAccount(msgspec.Struct, kw_only=True):
    """The account of one request.

    Attributes:
        made: highlights that the API made and still shows.
        published: distinct highlights on the topic.
        records: highlight records on the topic; more than ``published`` where the API corrected itself.
        state: where the request stands, empty when the pipeline never accepted it.
        outcome: how it ended, once it is settled.
        missing: highlights that were made and are not on the topic.
        outdated: highlights whose last record is not what the API showed last.
        duplicated: records that repeat a revision, or the content of the one before.
        out_of_order: places where ``seq`` or ``revision`` does not go on by one, or the partition changes.
        invented: highlights on the topic that the API never made.
        summary: what is wrong with the latest summary; empty when it agrees with the topic.
        surplus_streams: streams that the API accepted for this request beyond the one that counts.
    """

    request_id: str
    tenant: str = ""
    state: str = ""
    outcome: str = ""
    made: int = 0
    published: int = 0
    records: int = 0
    missing: list[str] = []
    outdated: list[str] = []
    duplicated: list[str] = []
    out_of_order: list[str] = []
    invented: list[str] = []
    summary: str = ""
    surplus_streams: int = 0

    @property
    def settled(self) -> bool:
        """Whether the pipeline is done with it."""
        return self.state in FINAL_STATES

    def findings(self) -> list[str]:
        """Return what is wrong, for people."""
        found = [] if self.settled else [f"{self.request_id}: not settled, it is {self.state or 'unknown'}"]
        for what in ("missing", "outdated", "duplicated", "out_of_order", "invented"):
            found += [f"{self.request_id}: {what.replace('_', ' ')}: {case}" for case in getattr(self, what)]
        return [*found, f"{self.request_id}: its summary {self.summary}"] if self.summary else found


class Account(msgspec.Struct, kw_only=True):
    """The account of a run: sums over :attr:`rows`."""

    rows: list[StreamAccount]
    dead_letters: int = 0

    def total(self, what: str) -> int:
        """Return the sum of a figure over all requests; of a list, the number of its cases."""
        values = (getattr(row, what) for row in self.rows)
        return sum(len(value) if isinstance(value, list) else value for value in values)

    @property
    def unsettled(self) -> list[str]:
        """Ids of requests the pipeline is not done with."""
        return [row.request_id for row in self.rows if not row.settled]

    @property
    def findings(self) -> list[str]:
        """Everything that is wrong, for people."""
        return [finding for row in self.rows for finding in row.findings()]

    @property
    def ok(self) -> bool:
        """Whether nothing is missing, outdated, doubled, out of order or invented, and everything is settled."""
        return not self.findings

    def figures(self) -> dict[str, int]:
        """Return the sums by name."""
        names = ("made", "published", "records", "missing", "outdated", "duplicated", "out_of_order", "invented")
        return {
            "requests": len(self.rows),
            "settled": len(self.rows) - len(self.unsettled),
            **{name: self.total(name) for name in names},
            "summary_mismatches": sum(bool(row.summary) for row in self.rows),
            "surplus_streams": self.total("surplus_streams"),
            "dead_letters": self.dead_letters,
        }


def settle(truth: Mapping[str, TrueStream], published: Published, requests: Collection[str]) -> Account:
    """Compare the truth with what was published.

    Args:
        truth: by stream id.
        published: everything on the output topics.
        requests: the ids that were asked for; others found on either side are counted too.
    """
    by_request: dict[str, list[TrueStream]] = {}
    for stream in truth.values():
        if stream.request_id is not None and not stream.deleted:
            by_request.setdefault(stream.request_id, []).append(stream)
    ids = dict.fromkeys([*requests, *published.highlights, *by_request])
    rows = [_settle_request(request_id, by_request.get(request_id, []), published) for request_id in ids]
    return Account(rows=rows, dead_letters=published.dead_letters)


def _settle_request(request_id: str, streams: list[TrueStream], published: Published) -> StreamAccount:
    records = published.highlights.get(request_id, [])
    state = published.streams.get(request_id)
    row = StreamAccount(request_id=request_id, records=len(records))
    if state is not None:
        row.tenant, row.state, row.outcome = state.tenant, state.state, state.outcome or ""
    latest = {place.record.highlight_id: place.record for place in records}
    row.published = len(latest)
    main = _main_stream(streams, state.stream_id if state else None)
    row.surplus_streams = max(0, len(streams) - 1)
    if main is not None:
        _compare(row, main.highlights, latest)
    known = {highlight_id for stream in streams for highlight_id in stream.highlights}
    row.invented = [highlight_id for highlight_id in latest if highlight_id not in known]
    _check_order(row, records)
    if row.state == "settled":
        row.summary = _summary_fault(published.summaries.get(request_id), latest, records)
    return row


def _main_stream(streams: list[TrueStream], stream_id: str | None) -> TrueStream | None:
    named = next((stream for stream in streams if stream.stream_id == stream_id), None)
    return named or next(iter(streams), None)


def _compare(row: StreamAccount, made: Mapping[str, TrueHighlight], latest: Mapping[str, Highlight]) -> None:
    shown = {highlight_id: true for highlight_id, true in made.items() if not true.removed}
    row.made = len(shown)
    for highlight_id, true in shown.items():
        record = latest.get(highlight_id)
        if record is None:
            row.missing.append(highlight_id)
        elif not _agrees(record, true.content):
            row.outdated.append(highlight_id)


def _agrees(record: Highlight, content: Mapping[str, Any]) -> bool:
    return (
        record.title == " ".join(content["title"].split())
        and abs(record.start_s - content["timestamp"]) < _CLOSE
        and abs(record.duration_s - content["duration"]) < _CLOSE
        and abs(record.confidence - content["confidence_score"]) < _CLOSE
    )


def _check_order(row: StreamAccount, records: Sequence[PublishedHighlight]) -> None:
    next_seq = 1
    revisions: Counter[str] = Counter()
    before: dict[str, tuple[Any, ...]] = {}
    for place in records:
        record = place.record
        name = f"{record.highlight_id} revision {record.revision} at {place.partition}/{place.offset}"
        if place.partition != records[0].partition:
            row.out_of_order.append(f"{name}: in another partition than {records[0].partition}")
        if record.seq != next_seq:
            row.out_of_order.append(f"{name}: seq {record.seq} where {next_seq} was next")
        next_seq = record.seq + 1
        if record.revision <= revisions[record.highlight_id] or before.get(record.highlight_id) == _content(record):
            row.duplicated.append(name)
        elif record.revision != revisions[record.highlight_id] + 1:
            row.out_of_order.append(f"{name}: after revision {revisions[record.highlight_id]}")
        revisions[record.highlight_id] = max(revisions[record.highlight_id], record.revision)
        before[record.highlight_id] = _content(record)


def _content(record: Highlight) -> tuple[Any, ...]:
    return (
        record.title,
        record.description,
        record.start_s,
        record.end_s,
        record.confidence,
        record.tags,
        record.api_tags,
        record.api_metadata,
        (record.clip_url or "").partition("?")[0],
    )


def _summary_fault(
    summary: Summary | None, latest: Mapping[str, Highlight], records: Sequence[PublishedHighlight]
) -> str:
    if summary is None:
        return "is not there"
    last_seq = max((place.record.seq for place in records), default=0)
    if (summary.count, summary.last_seq) != (len(latest), last_seq):
        return f"counts {summary.count} up to seq {summary.last_seq}; the topic has {len(latest)} up to {last_seq}"
    ids = hashlib.sha256("\n".join(sorted(latest)).encode()).hexdigest()
    if summary.ids_sha256 != ids:
        return "has another hash of ids than the topic"
    return "says that it is incomplete" if summary.incomplete else ""

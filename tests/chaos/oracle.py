"""Compares what a read_committed consumer saw with what the simulator says is true, record by record."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.reading import Read
from tests.chaos.rules import Rules

MARK = "tldr-nonce-"
"""Begins the tag by which the pipeline recognises its own submissions; never published."""

_SHOWN = 12
"""Problems that are spelled out; the rest is only counted."""


@dataclass(kw_only=True)
class Account:
    """The result of a comparison.

    Attributes:
        made: highlights that there are to find.
        published: distinct highlights found on the topic.
        records: records on the topic, revisions included.
        missing: highlights that were never published.
        unknown: published highlights, and contents of highlights, that the API never had.
        duplicate: records too many: the same revision or the same content again.
        out_of_order: breaks in ``seq`` or ``revision``, and contents that went back to an earlier one.
        stale: highlights whose last published content is not the final one.
        bad_summaries: requests whose latest summary does not equal what was published.
        bad_rules: final records and documents that are not what the request's profile makes of the final content.
        moments: that stand in tournaments; ``merged``: of these, with more than one point of view.
        notified: moments notified of; ``suppressed``: those that were too many.
        follow_ups: items of documents that are open; ``reminders``: reminders of them.
        bad_tournaments: what is wrong with moments, leaderboards and notifications.
        bad_follow_ups: what is wrong with follow-ups and reminders.
        unsettled: requests without a summary.
        posts: submissions that the API applied.
        extra_posts: of these, more than one for a request.
        problems: the first few of them, in words.
    """

    made: int = 0
    published: int = 0
    records: int = 0
    missing: int = 0
    unknown: int = 0
    duplicate: int = 0
    out_of_order: int = 0
    stale: int = 0
    bad_summaries: int = 0
    bad_rules: int = 0
    moments: int = 0
    merged: int = 0
    notified: int = 0
    suppressed: int = 0
    follow_ups: int = 0
    reminders: int = 0
    bad_tournaments: int = 0
    bad_follow_ups: int = 0
    unsettled: int = 0
    posts: int = 0
    extra_posts: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything is there, once, in order, and right."""
        records = (self.missing, self.unknown, self.duplicate, self.out_of_order, self.stale)
        made_of_them = (self.bad_summaries, self.bad_rules, self.bad_tournaments, self.bad_follow_ups)
        return not any((*records, *made_of_them, self.unsettled, self.extra_posts))

    @property
    def tells_late(self) -> bool:
        """Whether something is wrong that the next second may put right: leaderboards and reminders take their time."""
        return bool(self.bad_tournaments or self.bad_follow_ups)

    def note(self, problem: str) -> None:
        """Keep a problem in words, if not too many are kept already."""
        if len(self.problems) < _SHOWN:
            self.problems.append(problem)

    def figures(self) -> dict[str, Any]:
        """Return the figures by name; the problems only if there are any."""
        figures = asdict(self)
        return figures if self.problems else {name: value for name, value in figures.items() if name != "problems"}


@dataclass(frozen=True)
class Truth:
    """What the simulator says.

    Attributes:
        expected: by stream id: what a perfect client ends up with (``GET /_sim/expected``).
        contents: what each highlight ever was, in order, by id.
        posts: stream ids by request id, in the order of acceptance.
    """

    expected: Mapping[str, Mapping[str, Any]]
    contents: Mapping[str, Sequence[Mapping[str, Any]]]
    posts: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, expected: Iterable[bytes], log: Iterable[bytes]) -> Truth:
        """Read the answer of ``/_sim/expected`` and the truth log, both as JSON lines."""
        streams = {item["stream_id"]: item for item in map(json.loads, expected)}
        contents: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        posts: defaultdict[str, list[str]] = defaultdict(list)
        for line in log:
            if line.startswith((b'{"event":"made"', b'{"event":"revised"')):
                event = json.loads(line)
                contents[event["highlight_id"]].append(_content_wanted(event["content"]))
            elif line.startswith(b'{"event":"accepted"'):
                event = json.loads(line)
                posts[str(event["metadata"].get("request_id"))].append(event["stream_id"])
        return cls(streams, contents, posts)


def compare(
    asked: Mapping[str, bytes],
    highlights: Iterable[Read],
    summaries: Mapping[str, Mapping[str, Any]],
    truth: Truth,
) -> Account:
    """Compare.

    Args:
        asked: values of the requests by their ids.
        highlights: all records of the highlights topic, each partition in order.
        summaries: the latest summary by request id.
        truth: what really is.
    """
    account = Account(posts=sum(map(len, truth.posts.values())))
    rules = Rules()
    by_request: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for read in highlights:
        record = json.loads(read.value or b"{}")
        by_request[record["request_id"]].append(record)
        account.records += 1
    for request_id, value in asked.items():
        summary = summaries.get(request_id)
        final = _judge_request(account, request_id, by_request.pop(request_id, []), summary, truth)
        for problem in rules.differences(value, list(final.values()), summary):
            account.bad_rules += 1
            account.note(f"{request_id}: {problem}")
    for request_id, records in by_request.items():
        account.unknown += len(records)
        account.note(f"{request_id}: {len(records)} records of a request that nobody made")
    return account


def projection(highlights: Iterable[Read]) -> str:
    """Return a hash over request, highlight ids and final content: not times, marks, ranks or how it was observed."""
    final: dict[tuple[str, str], list[Any]] = {}
    for read in highlights:
        record = json.loads(read.value or b"{}")
        final[record["request_id"], record["highlight_id"]] = list(_content_of(record).values())
    lines = (json.dumps([*place, *content], sort_keys=True) for place, content in sorted(final.items()))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _judge_request(
    account: Account,
    request_id: str,
    records: list[dict[str, Any]],
    summary: Mapping[str, Any] | None,
    truth: Truth,
) -> dict[str, dict[str, Any]]:
    posted = truth.posts.get(request_id, ())
    if len(posted) > 1:
        account.extra_posts += len(posted) - 1
        account.note(f"{request_id}: submitted {len(posted)} times")
    if summary is None:
        account.unsettled += 1
        account.note(f"{request_id}: never settled, {len(records)} records")
    stream_id = summary.get("stream_id") if summary else (posted[0] if posted else None)
    wanted = {item["id"]: item for item in truth.expected.get(str(stream_id), {}).get("highlights", ())}
    account.made += len(wanted)
    final = _judge_records(account, request_id, records, truth)
    account.published += len(final)
    for highlight_id in wanted.keys() - final.keys():
        account.missing += 1
        account.note(f"{request_id}: {highlight_id} was never published")
    for highlight_id in final.keys() - wanted.keys():
        account.unknown += 1
        account.note(f"{request_id}: {highlight_id} is none of its stream's")
    for highlight_id in final.keys() & wanted.keys():
        if _content_of(final[highlight_id]) != _content_wanted(wanted[highlight_id]):
            account.stale += 1
            account.note(f"{request_id}: {highlight_id} ends with another content than the API's")
    if summary is not None and not _summary_holds(summary, set(final), len(records)):
        account.bad_summaries += 1
        account.note(f"{request_id}: its summary does not equal what was published")
    return final


def _judge_records(
    account: Account, request_id: str, records: list[dict[str, Any]], truth: Truth
) -> dict[str, dict[str, Any]]:
    """Check order and repetition within one request; return the last record of each highlight."""
    last: dict[str, dict[str, Any]] = {}
    places: dict[str, int] = {}
    seq = 0
    for record in records:
        highlight_id, revision = record["highlight_id"], record["revision"]
        before = last.get(highlight_id)
        if record["seq"] != seq + 1:
            account.out_of_order += 1
            account.note(f"{request_id}: seq {record['seq']} after {seq}")
        seq = record["seq"]
        latest = before["revision"] if before is not None else 0
        if revision <= latest:
            account.duplicate += 1
            account.note(f"{request_id}: {highlight_id} revision {revision} again")
        elif revision != latest + 1:
            account.out_of_order += 1
            account.note(f"{request_id}: {highlight_id} revision {revision} after {latest}")
        if before is not None and _content_of(before) == _content_of(record):
            account.duplicate += 1
            account.note(f"{request_id}: {highlight_id} twice with the same content")
        elif (contents := truth.contents.get(highlight_id)) is not None:
            _judge_content(account, record, contents, places)
        last[highlight_id] = record
    return last


def _judge_content(
    account: Account, record: dict[str, Any], contents: Sequence[Mapping[str, Any]], places: dict[str, int]
) -> None:
    """Check that a highlight's contents come in the order in which the API had them."""
    highlight_id, content = record["highlight_id"], _content_of(record)
    if content not in contents:
        account.unknown += 1
        account.note(f"{record['request_id']}: {highlight_id} with a content that the API never had")
        return
    place = contents.index(content)
    if place < places.get(highlight_id, -1):
        account.out_of_order += 1
        account.note(f"{record['request_id']}: {highlight_id} went back to an earlier content")
    places[highlight_id] = place


def _summary_holds(summary: Mapping[str, Any], ids: set[str], records: int) -> bool:
    return bool(
        summary["count"] == len(ids)
        and summary["last_seq"] == records
        and summary["ids_sha256"] == hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
        and not summary.get("incomplete")
    )


_CONTENT = {
    "title": "title",
    "description": "description",
    "start_s": "timestamp",
    "duration_s": "duration",
    "confidence": "confidence_score",
    "api_tags": "tags",
}
"""Fields of our record that carry the API's content, and what the API calls them."""


def _content_wanted(highlight: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: highlight[name] for name in _CONTENT.values()}
    return content | {"tags": [tag for tag in content["tags"] if not tag.startswith(MARK)]}


def _content_of(record: Mapping[str, Any]) -> dict[str, Any]:
    return {theirs: record.get(ours, [] if ours == "api_tags" else "") for ours, theirs in _CONTENT.items()}

"""Holds moments, leaderboards and notifications to what the rules make of the final highlights of all streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from agents.policy import Policy
from agents.tournaments.standings import tournament_record
from agents.tournaments.telling import moment_record
from schemas.records import Moment, Notification
from schemas.records import Tournament as Board
from tests.chaos.notices import judge_notices
from tests.chaos.oracle import Account
from tests.chaos.reading import Read
from tests.chaos.tournament_truth import Expected, expected_of


class Topics(NamedTuple):
    """All records of the topics about tournaments, each partition in order."""

    moments: Sequence[Read]
    boards: Sequence[Read]
    notifications: Sequence[Read]


def judge_tournaments(
    account: Account, asked: Mapping[str, bytes], highlights: Iterable[Read], topics: Topics, policy: Policy
) -> None:
    """Compare, and count in the account.

    Args:
        account: of the run.
        asked: values of the requests by their ids; all of them have come to their end.
        highlights: all records of the highlights topic, each partition in order.
        topics: what was told of tournaments.
        policy: of the workers: whom they notify of what, and how often.
    """
    moments = _by_key(topics.moments, Moment)
    boards = _by_key(topics.boards, Board)
    notifications = _by_key(topics.notifications, Notification)
    expected = expected_of(asked, highlights)
    for key in sorted(expected.keys() | moments.keys() | boards.keys() | notifications.keys()):
        problems = ["no request belongs to it"] if key not in expected else _misplaced(key, topics)
        if key in expected:
            wanted, sent = expected[key], notifications[key]
            suppressed, wrong = judge_notices(moments[key], sent, policy)
            problems += _judge_moments(wanted, moments[key])
            problems += wrong
            problems += _judge_boards(wanted, boards[key], len(sent), suppressed)
            account.moments += len(wanted.moments)
            account.merged += sum(moment.line.views > 1 for moment in wanted.moments.values())
            account.notified += len(sent)
            account.suppressed += suppressed
        account.bad_tournaments += len(problems)
        for problem in problems:
            account.note(f"tournament {key}: {problem}")


def _by_key(reads: Iterable[Read], kind: type[Any]) -> defaultdict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for read in reads:
        found[(read.key or b"").decode()].append(msgspec.json.decode(read.value or b"", type=kind))
    return found


def _misplaced(key: str, topics: Topics) -> list[str]:
    """What is not in the partition of all the rest, and so without an order."""
    places = {read.partition for topic in topics for read in topic if read.key == key.encode()}
    return [f"records in partitions {sorted(places)}"] if len(places) > 1 else []


def _judge_moments(wanted: Expected, records: Sequence[Moment]) -> list[str]:
    """Each revision once, in order, each of another content; the last ones are the moments that have to stand."""
    problems = []
    last: dict[str, Moment] = {}
    for record in records:
        name, before = record.moment_id, last.get(record.moment_id)
        latest = before.revision if before is not None else 0
        if record.revision <= latest:
            problems.append(f"moment {name} revision {record.revision} again")
        elif record.revision != latest + 1:
            problems.append(f"moment {name} revision {record.revision} after {latest}")
        elif before is not None and _content_of(before) == _content_of(record):
            problems.append(f"moment {name} twice with the same content")
        last[name] = record
    standing = {name: record for name, record in last.items() if not record.withdrawn}
    problems += [f"moment {name} does not stand" for name in sorted(wanted.moments.keys() - standing.keys())]
    problems += [f"moment {name} stands, of no highlights" for name in sorted(standing.keys() - wanted.moments.keys())]
    for name in sorted(standing.keys() & wanted.moments.keys()):
        record = standing[name]
        told = wanted.moments[name]
        if record != moment_record(wanted.tournament, told, record.revision, record.published_at):
            problems.append(f"moment {name} ends with another content than its highlights'")
    return problems + [
        f"moment {name} was merged into {record.merged_into}, which leads to no moment"
        for name, record in last.items()
        if record.withdrawn and not _leads_on(record, last)
    ]


def _content_of(record: Moment) -> Moment:
    return msgspec.structs.replace(record, revision=0, published_at=None)


def _leads_on(record: Moment, last: Mapping[str, Moment]) -> bool:
    """Whether a reader who follows a withdrawn moment finds one that stands."""
    passed = {record.moment_id}
    while record.withdrawn:
        into = last.get(record.merged_into or "")
        if into is None or into.moment_id in passed:
            return False
        passed.add(into.moment_id)
        record = into
    return True


def _judge_boards(wanted: Expected, records: Sequence[Board], notified: int, suppressed: int) -> list[str]:
    """Revisions count up from 1, and the last one, with the summary, is about the moments that have to stand."""
    revisions = [record.revision for record in records]
    problems = []
    if revisions != list(range(1, len(records) + 1)):
        problems.append(f"revisions {revisions} of its leaderboard")
    if not records:
        return [*problems, "it has no leaderboard"]
    assert wanted.tournament.state is not None
    state = msgspec.structs.replace(wanted.tournament.state, notified=notified, suppressed=suppressed)
    last = records[-1]
    right = tournament_record(wanted.tournament, state, last.revision, last.published_at)
    wrong = [name for name in Board.__struct_fields__ if getattr(last, name) != getattr(right, name)]
    if wrong:
        problems.append(f"its last record (revision {last.revision}) has another {', '.join(wrong)}")
    return problems

"""What is told of tournaments, held to what a perfect worker tells: moments, leaderboards, notifications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from agents.ledger_records import STATE_VERSION
from agents.profile_setup import OURS
from agents.profile_trial import observed
from agents.rules.canonical import normal_tags
from agents.rules.context import Context
from agents.rules.tournament_news import TournamentNews, key_of
from agents.tournament_records import Member, MomentState, SightingState, StreamPlace, TournamentState
from agents.tournaments.merging import moment_id
from agents.tournaments.standings import tournament_record
from agents.tournaments.telling import moment_record, told
from agents.tournaments.tournament import Tournament
from pipeline.domain import Headers
from schemas.catalogue import load
from schemas.records import Highlight, Moment, Notification, Request, SightedHighlight, TournamentSighting
from schemas.records import Tournament as TournamentRecord
from tests.chaos.reading import Read

TOPICS = ("moments", "tournaments", "notifications")

BURST, PER_MINUTE = 5, 30.0
"""Notifications of one tournament at once, and a minute over time."""

T = TypeVar("T", Moment, TournamentRecord, Notification)

_MILLISECONDS = 0.01
"""Records tell milliseconds; budgets are kept more finely."""

_NEVER = datetime.fromtimestamp(0, UTC)


class _Caught:
    """A stage that keeps what a stream tells its tournament."""

    def __init__(self) -> None:
        self.told: list[SightedHighlight] = []

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Nothing is put on the way."""
        raise AssertionError(key, value)

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        """Keep a sighting."""
        del topic, key, headers, partition
        news = msgspec.json.decode(value or b"", type=TournamentSighting)
        assert news.highlight is not None
        self.told.append(news.highlight)


class Told(NamedTuple):
    """The records of one tournament, each list in the order of its partition."""

    moments: list[Moment]
    tournaments: list[TournamentRecord]
    notifications: list[Notification]


def differences(
    asked: Mapping[str, bytes], finals: Mapping[str, Sequence[Mapping[str, Any]]], topics: Mapping[str, Iterable[Read]]
) -> list[str]:
    """Say what is wrong with what was told of tournaments.

    Args:
        asked: values of the requests by their ids.
        finals: the last record of each highlight, by request id.
        topics: all records of the topics :data:`TOPICS`.
    """
    wanted = _expected(asked, finals)
    by_key: defaultdict[str, Told] = defaultdict(lambda: Told([], [], []))
    for place, (topic, form) in enumerate(zip(TOPICS, (Moment, TournamentRecord, Notification), strict=True)):
        for read in topics.get(topic, ()):
            told: Any = msgspec.json.decode(read.value or b"", type=form)
            by_key[(read.key or b"").decode()][place].append(told)
    problems = [f"{key}: a tournament that nobody asked for" for key in by_key.keys() - wanted.keys()]
    for key, tournament in sorted(wanted.items()):
        found = by_key[key]
        problems += [f"{key}: {problem}" for problem in _of_moments(tournament, found.moments)]
        problems += [f"{key}: {problem}" for problem in _of_standings(tournament, found)]
        problems += [f"{key}: {problem}" for problem in _of_notifications(found.notifications)]
    return problems


def _expected(asked: Mapping[str, bytes], finals: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Tournament]:
    """Return each tournament as the final highlights of its streams make it, whatever their order was."""
    tournaments: dict[str, Tournament] = {}
    gaming, news = OURS["gaming"](None), TournamentNews(load(), lambda _key: 0)
    for request_id, value in asked.items():
        request = msgspec.json.decode(value, type=Request)
        context = Context(request, gaming, 1, None) if request.profile == "gaming" else None
        if context is None or context.tournament is None:
            continue
        key = key_of(request.tenant, context.tournament.tournament_id).decode()
        tournament = tournaments.setdefault(key, Tournament(key))
        tournament.fold_stream(
            request_id, StreamPlace(state_version=STATE_VERSION, epoch=1, ended=True, stream=context.tournament)
        )
        caught = _Caught()
        for final in finals.get(request_id, ()):
            record = msgspec.convert(final, Highlight)
            sighting = context.rules.enrich(observed(record), normal_tags(record.api_tags)).sighting
            assert sighting is not None
            news.highlight(caught, context, record, sighting, _NEVER)
        for highlight in caught.told:
            member = Member(request_id, highlight.highlight_id)
            tournament.fold_sighting(member, SightingState(STATE_VERSION, 1, highlight))
    return tournaments


def _of_moments(tournament: Tournament, records: Sequence[Moment]) -> Iterator[str]:
    last: dict[str, Moment] = {}
    for record in records:
        before = last[record.moment_id].revision if record.moment_id in last else 0
        if record.revision != before + 1:
            yield f"moment {record.moment_id} revision {record.revision} after {before}"
        last[record.moment_id] = record
    wanted = set()
    for match_id in list(tournament.matches):
        for group in tournament.grouped(match_id):
            content = told(group, tournament)
            name = moment_id(group[0].member)
            wanted.add(name)
            standing = MomentState(
                state_version=STATE_VERSION,
                revision=1,
                digest=content.digest,
                line=content.line,
                members=tuple(sight.member for sight in group),
            )
            tournament.fold_moment(name, standing)
            found = last.get(name)
            if found is None:
                yield f"moment {name} was never told"
                continue
            right = moment_record(tournament, content, found.revision, found.published_at)
            if msgspec.structs.replace(right, tournament_name=found.tournament_name) != found:
                yield f"moment {name} ends otherwise than its highlights do"
    for name in {name for name, record in last.items() if not record.withdrawn} - wanted:
        yield f"moment {name} stands, and there is no such moment"


def _of_standings(tournament: Tournament, found: Told) -> Iterator[str]:
    revisions = [record.revision for record in found.tournaments]
    if revisions != list(range(1, len(revisions) + 1)):
        yield f"its records are numbered {revisions}"
    if not revisions:
        yield "where it stands was never told"
        return
    last = found.tournaments[-1]
    state = TournamentState(
        state_version=STATE_VERSION,
        changed_at=0.0,
        tokens=0.0,
        tokens_at=0.0,
        name=last.name,
        notified=len(found.notifications),
        suppressed=last.totals.suppressed,
    )
    if tournament_record(tournament, state, last.revision, last.published_at) != last:
        yield f"its last record, final: {last.final}, is not what its moments come to"


def _of_notifications(records: Sequence[Notification]) -> Iterator[str]:
    names = [record.moment_id for record in records]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"moment {name} was notified {names.count(name)} times"
    times = sorted(record.published_at.timestamp() for record in records)
    for place, since in enumerate(times):
        for count, until in enumerate(times[place:], start=1):
            if count > BURST + (until - since) * PER_MINUTE / 60 + _MILLISECONDS:
                yield f"{count} notifications within {until - since:.3f} s"
                return

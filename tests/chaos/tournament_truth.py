"""What a perfect worker would have told of tournaments: made of the final highlights at once, whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents.ledger_records import STATE_VERSION
from agents.profile_trial import observed
from agents.rules.context import Context
from agents.rules.enriching import Place, Seen, enriched
from agents.rules.tournament_news import TournamentNews, key_of
from agents.tournament_records import Member, MomentState, SightingState, StreamPlace, TournamentState
from agents.tournaments.merging import moment_id
from agents.tournaments.telling import Told, told
from agents.tournaments.tournament import Tournament
from schemas.catalogue import load
from schemas.records import Highlight, SightedHighlight, TournamentSighting
from schemas.records.highlight import Observed
from tests.chaos.reading import Read
from tests.chaos.rules import Rules

_NOBODY = Seen(Observed(by="poll", observation_id="oracle"), "", *[datetime.fromtimestamp(0, UTC)] * 2)


@dataclass(frozen=True)
class Expected:
    """A tournament as it has to end, and the moments that stand in it, by id."""

    tournament: Tournament
    moments: dict[str, Told]


def expected_of(asked: Mapping[str, bytes], highlights: Iterable[Read]) -> dict[str, Expected]:
    """Return each tournament by its key.

    Args:
        asked: values of the requests by their ids; all of them have come to their end.
        highlights: all records of the highlights topic, each partition in order; the last of a highlight counts.
    """
    final: defaultdict[str, dict[str, Highlight]] = defaultdict(dict)
    for read in highlights:
        record = msgspec.json.decode(read.value or b"", type=Highlight)
        final[record.request_id][record.highlight_id] = record
    rules = Rules()
    tournaments: dict[str, Tournament] = {}
    for request_id, value in asked.items():
        context = rules.context(value)
        if context.tournament is None:
            continue
        key = key_of(context.asked.tenant, context.tournament.tournament_id).decode()
        tournament = tournaments.setdefault(key, Tournament(key))
        name = context.tournament.tournament_name
        tournament.state = TournamentState(state_version=STATE_VERSION, changed_at=0.0, name=name)
        place = StreamPlace(state_version=STATE_VERSION, epoch=1, ended=True, stream=context.tournament)
        tournament.fold_stream(request_id, place)
        for seen in _sightings(context, final[request_id].values()):
            state = SightingState(STATE_VERSION, 1, seen)
            tournament.fold_sighting(Member(request_id, seen.highlight_id), state)
    return {key: Expected(tournament, _merged(tournament)) for key, tournament in tournaments.items()}


def _sightings(context: Context, records: Iterable[Highlight]) -> list[SightedHighlight]:
    """What a tournament is told of highlights."""
    stage = _Sightings()
    news = TournamentNews(load(), lambda _key: 0)
    for record in records:
        _, added = enriched(observed(record), context, _NOBODY, Place(1, 1, 1), signed=True)
        if added.sighting is not None:
            news.highlight(stage, context, record, added.sighting, record.published_at)
    return [one.highlight for one in stage.told if one.highlight is not None]


def _merged(tournament: Tournament) -> dict[str, Told]:
    """Group every match from scratch, and fold the moments into the tournament."""
    found = {}
    for match_id in tournament.matches:
        for group in tournament.grouped(match_id):
            content = told(group, tournament)
            members = tuple(sight.member for sight in group)
            name = moment_id(members[0])
            state = MomentState(
                state_version=STATE_VERSION, revision=1, digest=content.digest, line=content.line, members=members
            )
            tournament.fold_moment(name, state)
            found[name] = content
    return found


class _Sightings:
    """A stage that keeps what a tournament is told, as the other partition reads it."""

    def __init__(self) -> None:
        self.told: list[TournamentSighting] = []

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Nothing that a tournament is told is state of the stream's partition."""
        raise AssertionError(f"{key} was put: {value}")

    def publish(self, topic: str, key: bytes | None, value: bytes | None, headers: Any = (), **where: Any) -> None:  # noqa: ARG002 - the port
        """Keep a sighting."""
        self.told.append(msgspec.json.decode(value or b"", type=TournamentSighting))

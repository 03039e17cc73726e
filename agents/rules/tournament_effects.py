"""What is due of tournaments: a record of where one stands, some seconds after a change, and in the end forgetting."""

from __future__ import annotations

import msgspec

from agents.policy import Policy
from agents.rules.outputs import moment as instant
from agents.rules.tournament_outputs import TournamentOutputs
from agents.state import PartitionState
from agents.tournament_records import (
    TOURNAMENT,
    TournamentState,
    moment_key,
    sighting_key,
    stream_key,
    tournament_key,
)
from agents.tournaments.standings import tournament_record
from agents.tournaments.tournament import Tournament
from pipeline.domain import Stage


class TournamentEffects:
    """Decides what becomes of a tournament that is due. No call to the API follows from it."""

    def __init__(self, outputs: TournamentOutputs, policy: Policy) -> None:
        self._outputs = outputs
        self._policy = policy

    def run(self, due: str, state: PartitionState, stage: Stage, now: float) -> None:
        """Do what is due of the tournament with this name on the due list."""
        tournament = state.tournaments.get(due.removeprefix(TOURNAMENT))
        known = None if tournament is None else tournament.state
        if tournament is None or known is None or known.due is None or now < known.due:
            return
        if known.changed:
            self._publish(tournament, known, stage, now)
        elif known.forgotten:
            stage.put(tournament_key(tournament.key), None)
        else:
            self._forget(tournament, known, stage, now)

    def _publish(self, tournament: Tournament, known: TournamentState, stage: Stage, now: float) -> None:
        revision = known.revision + 1
        self._outputs.tournament(stage, tournament, tournament_record(tournament, known, revision, instant(now)))
        after = msgspec.structs.replace(
            known,
            changed=False,
            changed_at=now,
            revision=revision,
            published_at=now,
            due=now + self._policy.retain_s if tournament.has_ended else None,
        )
        stage.put(tournament_key(tournament.key), after)

    def _forget(self, tournament: Tournament, known: TournamentState, stage: Stage, now: float) -> None:
        """Write tombstones for all but the tournament itself; they are never ahead of the input positions."""
        key = tournament.key
        for moment_id in list(tournament.moments):
            stage.put(moment_key(key, moment_id), None)
        for request_id, highlights in list(tournament.sightings.items()):
            for highlight_id in list(highlights):
                stage.put(sighting_key(key, request_id, highlight_id), None)
        for request_id in list(tournament.streams):
            stage.put(stream_key(key, request_id), None)
        after = msgspec.structs.replace(known, forgotten=True, due=now + self._policy.closed_for_s)
        stage.put(tournament_key(key), after)

"""Which moments people are told of: those above a threshold, each once, and not too many of a tournament."""

from __future__ import annotations

import msgspec

from agents.policy import Policy
from agents.rules.outputs import moment as instant
from agents.rules.tournament_outputs import TournamentOutputs
from agents.tournament_records import NEW, NOTIFIED, SUPPRESSED, TournamentState, tournament_key
from agents.tournaments.telling import Told
from agents.tournaments.tournament import Tournament
from pipeline.domain import Stage
from schemas.records import Notification


class Notices:
    """Decides about notifications. The budget of a tournament is a token bucket in its state."""

    def __init__(self, outputs: TournamentOutputs, policy: Policy) -> None:
        self._outputs = outputs
        self._policy = policy

    def decide(self, tournament: Tournament, told: Told, revision: int, notice: int, stage: Stage, now: float) -> int:
        """Notify of a moment if it is time to, and return what became of it.

        Args:
            tournament: whose moment it is; its state is known.
            told: the moment.
            revision: its revision.
            notice: what was decided about the moments that it came from.
            stage: where decisions go.
            now: unix seconds.
        """
        state = tournament.state
        if notice != NEW or told.line.score < self._policy.notify_above or state is None:
            return notice
        after, notice = self._paid(state, now)
        if notice == NOTIFIED:
            self._outputs.notification(stage, tournament, _record(tournament, after, told, revision, now))
        stage.put(tournament_key(tournament.key), after)
        return notice

    def _paid(self, state: TournamentState, now: float) -> tuple[TournamentState, int]:
        policy = self._policy
        waited = max(0.0, now - state.tokens_at)
        tokens = min(policy.notify_burst, state.tokens + waited * policy.notify_per_s)
        at = max(now, state.tokens_at)
        if tokens < 1.0:
            suppressed = state.suppressed + 1
            return msgspec.structs.replace(state, tokens=tokens, tokens_at=at, suppressed=suppressed), SUPPRESSED
        notified = state.notified + 1
        return msgspec.structs.replace(state, tokens=tokens - 1.0, tokens_at=at, notified=notified), NOTIFIED


def _record(tournament: Tournament, state: TournamentState, told: Told, revision: int, now: float) -> Notification:
    line = told.line
    return Notification(
        tenant=tournament.tenant,
        tournament_id=tournament.tournament_id,
        tournament_name=state.name,
        moment_id=line.moment_id,
        moment_revision=revision,
        match_id=line.match_id,
        phase=line.phase,
        title=line.title,
        start_s=line.start_s,
        score=line.score,
        kinds=line.kinds,
        players=line.players,
        teams=line.teams,
        clip_url=told.clip_url,
        suppressed=state.suppressed,
        published_at=instant(now),
    )

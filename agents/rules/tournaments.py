"""The rule of the topic of tournament sightings: highlights of streams become moments of a match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agents.ledger_records import STATE_VERSION
from agents.policy import Policy
from agents.rules.outputs import moment as instant
from agents.rules.tournament_news import key_of
from agents.rules.tournament_notices import Notices
from agents.rules.tournament_outputs import TournamentOutputs
from agents.state import PartitionState
from agents.tournament_records import (
    NEW,
    Member,
    MomentState,
    SightingState,
    StreamPlace,
    TournamentState,
    moment_key,
    sighting_key,
    stream_key,
    tournament_key,
)
from agents.tournaments.merging import Sight, moment_id
from agents.tournaments.telling import moment_record, told, withdrawn_record
from agents.tournaments.tournament import Tournament
from pipeline.domain import Incoming, Outcome, Stage
from schemas.records import RecordError, SightedHighlight, TournamentSighting, decode

_decoder = msgspec.json.Decoder(TournamentSighting)


class TournamentRule:
    """Decides about one sighting."""

    def __init__(self, outputs: TournamentOutputs, policy: Policy) -> None:
        self._outputs = outputs
        self._policy = policy
        self._notices = Notices(outputs, policy)

    def __call__(self, incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        """Fold what a stream tells, and publish the moments that changed.

        Raises:
            RecordError: of the record (``undecodable``, ``invalid``, ...), ``key_mismatch``.
        """
        seen = decode(_decoder, incoming.value)
        if incoming.key != (key := key_of(seen.tenant, seen.stream.tournament_id)):
            raise RecordError("key_mismatch", f"the key is not the tenant and tournament_id {key.decode()}")
        if (seen.kind == "highlight") != (seen.highlight is not None):
            raise RecordError("invalid", f"a highlight belongs to kind highlight, and only there: {seen.kind}")
        tournament = state.tournament(key.decode())
        place = _place_of(seen, tournament.streams.get(seen.request_id))
        if place is None:
            return Outcome.KNOWN  # of a former use of the request's id
        news = None if seen.highlight is None else _news(seen, seen.highlight, tournament)
        if news is None and place == tournament.streams.get(seen.request_id):
            return Outcome.KNOWN
        self._note_change(seen, tournament, stage, now)
        tournament = state.tournaments[tournament.key]
        published = self._place_stream(tournament, seen.request_id, place, stage, now)
        if news is not None:
            published += self._see(tournament, seen.request_id, news, stage, now)
        return Outcome.PUBLISHED if published else Outcome.FOLDED

    def _note_change(self, seen: TournamentSighting, tournament: Tournament, stage: Stage, now: float) -> None:
        """See to it that a record of the tournament follows: at once, or some seconds after the last one."""
        known = tournament.state or TournamentState(
            state_version=STATE_VERSION, changed_at=now, tokens=self._policy.notify_burst, tokens_at=now
        )
        name = known.name or seen.stream.tournament_name
        if known.changed and name == known.name:
            return
        due = max(now, known.published_at + self._policy.tournament_every_s)
        after = msgspec.structs.replace(known, changed=True, changed_at=now, due=due, name=name, forgotten=False)
        stage.put(tournament_key(tournament.key), after)

    def _place_stream(
        self, tournament: Tournament, request_id: str, place: StreamPlace, stage: Stage, now: float
    ) -> int:
        """Put a stream in its place; if it moves, all that it showed moves with it."""
        known = tournament.streams.get(request_id)
        if known == place:
            return 0
        shown = [Member(request_id, highlight_id) for highlight_id in tournament.sightings.get(request_id, ())]
        before = tournament.match_of(request_id)
        stage.put(stream_key(tournament.key, request_id), place)
        if not shown or known is None or known.stream == place.stream:
            return 0
        matches = dict.fromkeys((before, tournament.match_of(request_id)))
        groups = [group for match_id in matches for group in tournament.grouped(match_id)]
        return self._publish(tournament, groups, shown, stage, now)

    def _see(self, tournament: Tournament, request_id: str, news: SightingState, stage: Stage, now: float) -> int:
        """Take in one revision of a highlight."""
        member = Member(request_id, news.highlight.highlight_id)
        before = tournament.sight_of(member)
        stage.put(sighting_key(tournament.key, *member), news)
        after = tournament.sight_of(member)
        groups = tournament.regrouped(tournament.match_of(request_id), before, after)
        return self._publish(tournament, groups, [member], stage, now)

    def _publish(
        self,
        tournament: Tournament,
        groups: Iterable[Sequence[Sight]],
        changed: Sequence[Member],
        stage: Stage,
        now: float,
    ) -> int:
        """Publish the moments that are not as they were, and withdraw those that are no more; return how many."""
        touched = set(changed)
        news = []
        gone: dict[str, Member] = {}
        for group in groups:
            members = tuple(sight.member for sight in group)
            known = tournament.moments.get(moment_id(members[0]))
            if known is not None and known.members == members and touched.isdisjoint(members):
                continue
            news.append((group, members))
            for member in members:
                former = tournament.moment_of.get(member)
                if former is not None:
                    gone[former] = tournament.moments[former].members[0]
        stay = {moment_id(members[0]) for _, members in news}
        notices = {former: tournament.moments[former].notice for former in gone}
        former_of = {member: tournament.moment_of.get(member) for _, members in news for member in members}
        published = 0
        for group, members in news:
            notice = max((notices[former] for m in members if (former := former_of[m]) is not None), default=NEW)
            published += self._publish_moment(tournament, group, members, notice, stage, now)
        for former, opened_by in gone.items():
            if former not in stay:
                self._withdraw(tournament, former, tournament.moment_of.get(opened_by), stage, now)
                published += 1
        return published

    def _publish_moment(
        self,
        tournament: Tournament,
        group: Sequence[Sight],
        members: tuple[Member, ...],
        notice: int,
        stage: Stage,
        now: float,
    ) -> int:
        content = told(group, tournament)
        digest = content.digest
        known = tournament.moments.get(content.line.moment_id)
        if known is not None and known.digest == digest and known.members == members:
            return 0
        revision = 1 if known is None else known.revision + 1
        self._outputs.moment(stage, tournament, moment_record(tournament, content, revision, instant(now)))
        notice = self._notices.decide(tournament, content, revision, notice, stage, now)
        after = MomentState(
            state_version=STATE_VERSION,
            revision=revision,
            digest=digest,
            line=content.line,
            members=members,
            notice=notice,
        )
        stage.put(moment_key(tournament.key, content.line.moment_id), after)
        return 1

    def _withdraw(self, tournament: Tournament, gone: str, into: str | None, stage: Stage, now: float) -> None:
        known = tournament.moments[gone]
        revision = known.revision + 1
        record = withdrawn_record(tournament, known, into, revision, instant(now))
        self._outputs.moment(stage, tournament, record)
        after = msgspec.structs.replace(known, revision=revision, digest="", members=())
        stage.put(moment_key(tournament.key, gone), after)


def _place_of(seen: TournamentSighting, known: StreamPlace | None) -> StreamPlace | None:
    """Where a stream stands after what it tells; ``None`` when that is of a former use of its request's id."""
    if known is not None and seen.epoch < known.epoch:
        return None
    goes_on = known is not None and known.epoch == seen.epoch and known.ended
    ended = seen.kind == "ended" or (seen.kind == "highlight" and goes_on)
    return StreamPlace(state_version=STATE_VERSION, epoch=seen.epoch, ended=ended, stream=seen.stream)


def _news(seen: TournamentSighting, highlight: SightedHighlight, tournament: Tournament) -> SightingState | None:
    """What a highlight is now; ``None`` when that, or a later revision, is known."""
    known = tournament.sightings.get(seen.request_id, {}).get(highlight.highlight_id)
    if known is not None and (seen.epoch, highlight.revision) <= (known.epoch, known.highlight.revision):
        return None
    return SightingState(STATE_VERSION, seen.epoch, highlight)

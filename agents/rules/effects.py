"""The decisions around API calls: what is due now, and what follows from what came of it. Nothing here waits."""

from __future__ import annotations

from random import Random
from typing import Literal

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState, request_key
from agents.policy import Policy
from agents.rules import retention, submission
from agents.rules.lifecycle import OUTCOMES, SEARCHED, change, is_final, may_stop, wants_stop
from agents.rules.outputs import Outputs
from agents.rules.parking import Parking
from agents.rules.results import ResultRule, Turn
from agents.rules.sightings import SightingRule
from agents.rules.slots import Slots
from agents.rules.tournament_effects import TournamentEffects
from agents.rules.transcripts import TranscriptRule
from agents.state import FOLLOW_UPS, PartitionState
from agents.tournament_records import TOURNAMENT
from pipeline.domain import Stage
from pipeline.effects.calls import Accepted, Call, Failed, FetchTranscript, Locate, Read, Result, Seen, Stop, Submit

Step = Literal["stop", "locate", "queue", "fetch", "submit", "search", "rest", "read"]
"""What is done next for a request."""

CALLS: frozenset[Step] = frozenset({"stop", "locate", "submit", "search", "read"})
"""The steps that call the API, and wait where it must not be called. A transcript is on another's server."""


class HighlightEffects:
    """Implements :class:`pipeline.domain.EffectRules`."""

    def __init__(
        self,
        outputs: Outputs,
        policy: Policy,
        sightings: SightingRule,
        parking: Parking,
        tournaments: TournamentEffects,
        random: Random,
    ) -> None:
        self._outputs = outputs
        self._policy = policy
        self._parking = parking
        self._tournaments = tournaments
        self._random = random
        self._slots = Slots(policy, random)
        self._transcripts = TranscriptRule(policy, random)
        self._results = ResultRule(outputs, policy, sightings, random)

    # -- the due list ----------------------------------------------------------------------------------------------

    def next_due(self, state: PartitionState) -> float | None:
        """When the earliest effect is due (unix seconds); ``None`` when nothing waits."""
        return state.next_due()

    def take_due(self, state: PartitionState, now: float) -> str | None:
        """Take one request, or tournament, whose effect is due off the due list; ``None`` when none is."""
        return state.take_due(now)

    def release(self, state: PartitionState, request_id: str) -> None:
        """Give back a request that was taken and whose call will bring no result here."""
        state.release(request_id)

    # -- before a call ---------------------------------------------------------------------------------------------

    def calls_api(self, state: PartitionState, request_id: str, now: float) -> bool:
        """Whether what is due of one calls the API: only a request's steps do, and not each of them."""
        entry = state.entries.get(request_id)  # no request id begins as a tournament's name or a reminder's does
        if entry is None or entry.request is None or not state.is_due(request_id, now):
            return False
        return self._step(entry, entry.request, now) in CALLS

    def begin(self, state: PartitionState, request_id: str, stage: Stage, now: float) -> Call | None:
        """Say what to call, after staging what must be known before it. ``None``: nothing, or not now."""
        entry = state.entries.get(request_id)
        call: Call | None = None
        if not state.is_due(request_id, now):
            pass  # it changed while it waited
        elif request_id.startswith(TOURNAMENT):
            self._tournaments.run(request_id, state, stage, now)
        elif request_id.startswith(FOLLOW_UPS):
            self._outputs.remind(state.entries.get(request_id.removeprefix(FOLLOW_UPS)), stage, now)
        elif entry is None or (entry.request is None and not entry.parked):
            retention.forget_marker(request_id, state, stage, now)
        elif entry.request is None:
            self._parking.expire(entry, state.partition, stage, now)
        elif wait := self._wait_for_slot(state, entry, entry.request, now):
            state.postpone(request_id, now + wait)
            return None
        else:
            call = self._begin(state, entry, entry.request, stage, now)
        if call is None:
            state.release(request_id)
        return call

    def _wait_for_slot(self, state: PartitionState, entry: Entry, request: RequestState, now: float) -> float:
        if self._step(entry, request, now) != "submit":
            return 0.0
        return self._slots.wait(now, state.counts["queued"])

    def _step(self, entry: Entry, request: RequestState, now: float) -> Step:
        """What is next for a request that is due."""
        step: Step = "read"
        if may_stop(request, now) and _to_stop(request) is not None:
            step = "stop"
        elif request.doubts and request.state not in SEARCHED and now >= request.search_at:
            step = "locate"
        elif request.state == "scheduled":
            step = "queue"
        elif request.state == "queued":
            step = "submit" if self._fetch(entry, request) is None else "fetch"
        elif request.state in SEARCHED:
            step = "search"
        elif request.stream_id is None or self._is_at_rest(request, now):
            step = "rest"
        return step

    def _begin(
        self, state: PartitionState, entry: Entry, request: RequestState, stage: Stage, now: float
    ) -> Call | None:
        call: Call | None = None
        match self._step(entry, request, now):
            case "stop":
                call = Stop(stream_id=_to_stop(request) or "")
            case "locate":
                call = Locate(nonces=request.doubts, owned=state.streams, since=request.accepted_at)
            case "queue":
                self._move(entry, change(request, "queued", "its time has come", now, due=now), stage, now)
            case "fetch":
                call = self._fetch(entry, request)
            case "submit":
                call = self._begin_submission(entry, request, stage, now)
            case "search":
                call = self._begin_search(state, entry, request, stage, now)
            case "rest":
                self._rest(state, entry, request, stage, now)
            case "read":
                call = self._read(entry, request, request.stream_id or "")
        return call

    def _fetch(self, entry: Entry, request: RequestState) -> FetchTranscript | None:
        return self._transcripts.call_for(entry, request, self._outputs.context(entry))

    def _begin_submission(self, entry: Entry, request: RequestState, stage: Stage, now: float) -> Submit:
        request = submission.intent(request, now, self._policy, self._random)
        self._move(entry, request, stage, now)
        return submission.call_for(request, self._outputs.context(entry), self._policy)

    def _begin_search(
        self, state: PartitionState, entry: Entry, request: RequestState, stage: Stage, now: float
    ) -> Locate:
        if request.state == "submitting":  # nobody has it in flight: its process ended, or lost the partition
            request = change(request, "in_doubt", "found unfinished after a restart", now, due=now)
            self._move(entry, request, stage, now)
        nonces = (*request.doubts, request.nonce or "")
        return Locate(nonces=nonces, owned=state.streams, since=request.accepted_at)

    def _read(self, entry: Entry, request: RequestState, stream_id: str) -> Read:
        policy = self._policy
        entry.read_floor = max(entry.seen_until, request.status_at, request.status_until)
        full = request.wants_refresh or request.state != "processing" or request.quiet + 1 >= policy.full_read_every
        return Read(stream_id=stream_id, full=full, known=entry.highlights.keys(), answers=request.refreshes)

    def _rest(self, state: PartitionState, entry: Entry, request: RequestState, stage: Stage, now: float) -> None:
        """Nothing is to be called for a request at its end: forget it when its time has come."""
        ends = self._ends(request)
        if now >= ends:
            retention.forget_request(entry, state, stage, now, self._policy)
            return
        resting = msgspec.structs.replace(request, refreshed=request.refreshes, due=ends)
        stage.put(request_key(entry.request_id), _with_due(resting, now))

    def _is_at_rest(self, request: RequestState, now: float) -> bool:
        return is_final(request) and (not request.wants_refresh or now >= self._ends(request))

    def _ends(self, request: RequestState) -> float:
        """When a request at its end is forgotten, whatever is still asked of it."""
        return (request.changed_at if request.settled_at is None else request.settled_at) + self._policy.retain_s

    # -- after a call ----------------------------------------------------------------------------------------------

    def finish(
        self, state: PartitionState, request_id: str, call: Call, result: Result, stage: Stage, now: float
    ) -> None:
        """Fold what came of a call: the next state, the next due time, outputs."""
        entry = state.entries.get(request_id)
        if entry is not None and entry.request is not None:
            self._note_slots(entry.request, call, result, now)
            turn = Turn(state.partition, entry, stage, now)
            if isinstance(call, FetchTranscript):
                after = self._transcripts.after(turn, entry.request, call, result)
            else:
                after = self._results.after(turn, entry.request, call, result)
            if after is not entry.request:
                stage.put(request_key(request_id), _with_due(after, now))
        state.release(request_id)

    def _note_slots(self, request: RequestState, call: Call, result: Result, now: float) -> None:
        if isinstance(call, Submit) and isinstance(result, Failed) and result.fault == "no_slot":
            self._slots.refused(now)
        elif isinstance(result, Accepted):
            self._slots.taken(now)
        elif request.state == "processing" and isinstance(result, Seen) and result.stream.status in OUTCOMES:
            self._slots.freed(now)

    def _move(self, entry: Entry, request: RequestState, stage: Stage, now: float) -> None:
        stage.put(request_key(entry.request_id), request)
        self._outputs.stream(stage, entry, request, now)


def _to_stop(request: RequestState) -> str | None:
    """The stream to be stopped: one too many first."""
    return next(iter(request.extras), request.stream_id)


def _with_due(request: RequestState, now: float) -> RequestState:
    """Bring forward what is due: a stop that was asked for meanwhile, a surplus stream, a search."""
    due = request.due
    if due is None:
        return request
    if request.extras or wants_stop(request):
        due = min(due, max(request.stop_at, now))
    if request.doubts:
        due = min(due, max(request.search_at, now))
    return request if due == request.due else msgspec.structs.replace(request, due=due)

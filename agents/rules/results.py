"""What follows from what came of a call: the request as it is to be put, and what is published on the way."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NoReturn

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState
from agents.policy import Policy
from agents.rules import settling, submission
from agents.rules.lifecycle import BOUND, OUTCOMES, SEARCHED, bound, is_final
from agents.rules.originals import Original, restored_headers
from agents.rules.outputs import Outputs, moment
from agents.rules.pacing import backoff, jittered
from agents.rules.sightings import SightingRule
from agents.rules.surplus import with_surplus, without_surplus
from pipeline.domain import Stage
from pipeline.effects.calls import (
    Accepted,
    ApiCall,
    Call,
    Failed,
    Locate,
    Located,
    Read,
    Result,
    Seen,
    Stop,
    Stopped,
    Submit,
)
from schemas.records import Observation, RecordError
from schemas.records.observation import ObservedStream

_NEXT_S = 0.001


@dataclass(frozen=True, slots=True)
class Turn:
    """What deciding about one result takes: whose it is, where decisions go, and the time."""

    partition: int
    entry: Entry
    stage: Stage
    now: float


class ResultRule:
    """Decides about the results of calls.

    Each method returns the request as it is to be put by the caller, or the same object when nothing changed.
    """

    def __init__(self, outputs: Outputs, policy: Policy, sightings: SightingRule, random: Random) -> None:
        self._outputs = outputs
        self._policy = policy
        self._sightings = sightings
        self._random = random

    def after(self, turn: Turn, request: RequestState, call: ApiCall, result: Result) -> RequestState:
        """Decide what follows. The request may have moved on since the call began; then the result may say nothing."""
        match call:
            case Submit():
                return self._after_submit(turn, request, call, result)
            case Read():
                return self._after_read(turn, request, call, result)
            case Stop():
                return self._after_stop(turn, request, call, result)
            case Locate():
                return self._after_locate(turn, request, call, result)

    # -- submit ----------------------------------------------------------------------------------------------------

    def _after_submit(self, turn: Turn, request: RequestState, call: Submit, result: Result) -> RequestState:
        if isinstance(result, Accepted):
            request = self._bind(turn, request, result.stream, "the API accepted it", result.observed_at)
            return submission.resolved(request, call.nonce, is_bound=request.stream_id == result.stream.id)
        if not isinstance(result, Failed):
            mismatch(call, result)
        if request.state != "submitting" or request.nonce != call.nonce:
            # an observation was faster: what is left to know is whether this submission has to be looked for
            applied = result.fault in submission.PERHAPS_APPLIED
            return request if applied else submission.resolved(request, call.nonce, is_bound=False)
        after = submission.after_failure(request, result, turn.now, self._policy, self._random)
        self._publish(turn, request, after)
        return after

    def _bind(
        self,
        turn: Turn,
        request: RequestState,
        stream: ObservedStream,
        reason: str,
        observed_at: float,
        *,
        older: bool = False,
    ) -> RequestState:
        """Take a stream as the request's, or as one too many; ``older``: than the one that is bound."""
        if request.stream_id == stream.id:
            return request
        if request.stream_id is not None or is_final(request):
            return with_surplus(turn.entry, request, stream.id, ended=False, now=turn.now, older=older)
        due = turn.now + jittered(self._policy.poll_min_s, self._policy, self._random)
        after = bound(request, stream.id, reason, turn.now, due=due)
        self._outputs.stream(turn.stage, turn.entry, after, turn.now)
        seen = Observation(
            request_id=turn.entry.request_id,
            observation_id=f"bind:{stream.id}",
            source="poll",
            observed_at=moment(observed_at),
            stream=stream,
        )
        return self._sightings.fold(turn.entry, after, seen, turn.stage, turn.now).request

    # -- read ------------------------------------------------------------------------------------------------------

    def _after_read(self, turn: Turn, request: RequestState, call: Read, result: Result) -> RequestState:
        if request.stream_id != call.stream_id or request.state not in BOUND:
            return request
        if isinstance(result, Failed):
            after = settling.after_failed_read(request, result, turn.now, self._policy, self._random)
            self._publish(turn, request, after)
            return after
        if not isinstance(result, Seen):
            mismatch(call, result)
        # a read shows what stands after all that was known when it began, whatever the clocks of those who saw that say
        at = max(result.observed_at, turn.entry.read_floor + _NEXT_S)
        result = msgspec.structs.replace(result, observed_at=at, observed_until=max(at, result.observed_until))
        folded = self._sightings.fold(turn.entry, request, _observation(turn.entry, call, result), turn.stage, turn.now)
        if request.state == "settled":
            return self._after_refresh(turn, folded.request, call, result, folded.published)
        after = settling.after_read(
            request,
            folded.request,
            call,
            result,
            folded.published,
            turn.now,
            policy=self._policy,
            random=self._random,
        )
        if after.stopped and after.state == "processing" and result.stream.status not in OUTCOMES:
            after = self._stop_again(after, turn.now)
        self._publish(turn, folded.request, after)
        return after

    def _after_refresh(self, turn: Turn, request: RequestState, call: Read, seen: Seen, published: int) -> RequestState:
        answered = seen.clean or request.sweeps + 1 >= self._policy.sweep_max
        after = msgspec.structs.replace(
            request,
            refreshed=call.answers if answered else request.refreshed,
            sweeps=0 if answered else request.sweeps + 1,
            failures=0,
            missing=0,
            missing_since=0.0,
            summaries=request.summaries + (1 if published else 0),
        )
        rests_until = (request.settled_at or turn.now) + self._policy.retain_s
        due = turn.now + self._policy.poll_min_s if after.wants_refresh else rests_until
        after = msgspec.structs.replace(after, due=due)
        if published:
            self._outputs.summary(turn.stage, turn.entry, after, turn.now)
        return after

    # -- stop ------------------------------------------------------------------------------------------------------

    def _after_stop(self, turn: Turn, request: RequestState, call: Stop, result: Result) -> RequestState:
        surplus = call.stream_id in request.extras
        if isinstance(result, Failed) and not self._is_at_rest(request, result, turn.now):
            if not surplus or request.stop_failures + 1 < self._policy.stop_tries:
                return self._stop_later(request, result, turn.now)
        elif not isinstance(result, Stopped | Failed):
            mismatch(call, result)
        request = msgspec.structs.replace(request, failures=0, stop_at=0.0, due=turn.now)
        if call.stream_id == request.stream_id:  # should it run on, the next stop waits longer: the count stands
            return msgspec.structs.replace(request, stopped=True)
        return msgspec.structs.replace(without_surplus(request, call.stream_id), stop_failures=0)

    def _is_at_rest(self, request: RequestState, failed: Failed, now: float) -> bool:
        """Whether a failed stop means that there is nothing to stop; a young stream may not be known everywhere yet."""
        begun = request.changed_at if request.submitted_at is None else request.submitted_at
        return failed.fault == "refused" or (failed.fault == "gone" and now >= begun + self._policy.gone_after_s)

    def _stop_again(self, request: RequestState, now: float) -> RequestState:
        """The stream runs although the API said that it is stopped: stop it again, less and less often."""
        failures = request.stop_failures + 1
        stop_at = now + backoff(failures, self._policy, self._random)
        return msgspec.structs.replace(request, stopped=False, stop_failures=failures, stop_at=stop_at)

    def _stop_later(self, request: RequestState, failed: Failed, now: float) -> RequestState:
        """Try again later; until then what else is due goes on, and a read comes before the next stop."""
        policy = self._policy
        failures = request.stop_failures + 1
        pause = backoff(failures, policy, self._random, asked=failed.retry_after)
        due = now + min(pause, max(policy.poll_min_s, failed.retry_after or 0.0))
        return msgspec.structs.replace(request, stop_failures=failures, stop_at=due + pause, due=due)

    # -- locate ----------------------------------------------------------------------------------------------------

    def _after_locate(self, turn: Turn, request: RequestState, call: Locate, result: Result) -> RequestState:
        if isinstance(result, Failed):
            return self._search_later(request, result, turn.now)
        if not isinstance(result, Located):
            mismatch(call, result)
        request = self._take_found(turn, request, call.nonces, result)
        if request.doubts:
            request = submission.search_again(request, turn.now, self._policy, self._random)
        if request.state != "in_doubt":
            return msgspec.structs.replace(request, due=turn.now)
        after = submission.not_found(request, turn.now, self._policy, self._random, blind=result.blind)
        if after.due is None:  # held for a person, who should see it
            self._outputs.stream(turn.stage, turn.entry, after, turn.now)
        self._publish(turn, request, after)
        return after

    def _search_later(self, request: RequestState, failed: Failed, now: float) -> RequestState:
        """Search again later. Beside a stream that is known nothing else waits for it, and it ends in its time."""
        policy = self._policy
        if request.state not in SEARCHED:
            return submission.search_again(request, now, policy, self._random, asked=failed.retry_after)
        failures = request.failures + 1
        later = now + backoff(failures, policy, self._random, asked=failed.retry_after)
        return msgspec.structs.replace(request, failures=failures, due=later, search_at=later)

    def _take_found(self, turn: Turn, request: RequestState, nonces: tuple[str, ...], located: Located) -> RequestState:
        """Take the streams found. The oldest is the one to keep: none that comes after it takes its place."""
        bound = len(nonces) - request.younger  # submissions from here on are younger than the stream that is bound
        for place, nonce in enumerate(nonces):
            stream = located.streams.get(nonce)
            if stream is None:
                continue
            older = place < bound
            request = self._bind(turn, request, stream, "found by its mark", located.observed_at, older=older)
            if request.stream_id == stream.id:
                bound = place
        # once one is bound, the latest submission is a doubt like the others
        open_doubts = nonces if bound < len(nonces) else request.doubts
        doubts = tuple(nonce for nonce in open_doubts if nonce and nonce not in located.streams)
        younger = sum(nonce in doubts for nonce in nonces[bound:])
        return msgspec.structs.replace(request, doubts=doubts, younger=younger)

    # -- shared ----------------------------------------------------------------------------------------------------

    def _publish(self, turn: Turn, before: RequestState, after: RequestState) -> None:
        """Publish a change of state, if there is one, and what goes with the end of a request."""
        if after.state == before.state:
            return
        self._outputs.stream(turn.stage, turn.entry, after, turn.now)
        if after.state == "settled":
            self._outputs.summary(turn.stage, turn.entry, after, turn.now)
        elif after.state == "rejected":
            original = self._original(turn)
            self._outputs.dead_letter(turn.stage, original, RecordError("rejected", after.reason), turn.now)

    def _original(self, turn: Turn) -> Original:
        """The request record as it came, so that it can be mended and sent again."""
        kept = turn.entry.original
        if kept is None:
            raise LookupError(turn.entry.request_id)
        return Original(
            topic=self._outputs.full_name("requests"),
            partition=turn.partition,
            offset=kept.offset,
            timestamp=kept.timestamp,
            key=turn.entry.request_id.encode(),
            value=kept.value.encode(),
            headers=restored_headers(kept.headers),
        )


def _observation(entry: Entry, call: Read, seen: Seen) -> Observation:
    """A read as the same observation that a webhook would be: one path from here on."""
    return Observation(
        request_id=entry.request_id,
        observation_id=f"{call.kind}:{int(seen.observed_at * 1000)}",
        source="sweep" if call.full else "poll",
        observed_at=moment(seen.observed_at),
        observed_until=moment(seen.observed_until),
        stream=seen.stream,
        highlights=seen.highlights,
        total=seen.total,
    )


def mismatch(call: Call, result: Result) -> NoReturn:
    """Raise: a result of another call is a fault of ours."""
    raise AssertionError(f"{type(result).__name__} is no result of {type(call).__name__}")

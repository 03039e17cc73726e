"""When a request is settled: the stream has ended, and one whole clean pass brought nothing that was not seen. Pure."""

from __future__ import annotations

from random import Random

import msgspec

from agents.ledger_records import RequestState
from agents.policy import Policy
from agents.rules.lifecycle import outcome_of, settled
from agents.rules.pacing import backoff, jittered, near_the_end, next_interval, refused_pause
from pipeline.effects.calls import Failed, Read, Seen
from schemas.records.stream import Outcome


def after_read(
    before: RequestState,
    request: RequestState,
    call: Read,
    seen: Seen,
    published: int,
    now: float,
    *,
    policy: Policy,
    random: Random,
) -> RequestState:
    """Return the request after a read whose observation is folded.

    Args:
        before: as it stood when the read came back.
        request: with the observation folded.
        call: what was asked.
        seen: what came.
        published: highlight records that it brought.
        now: unix seconds.
        policy: intervals and bounds.
        random: for jitter.
    """
    total = request.api_total if seen.total is None else seen.total
    request = msgspec.structs.replace(
        request,
        failures=0,
        missing=0,
        missing_since=0.0,
        api_total=total,
        refreshed=call.answers,
        quiet=0 if seen.whole else request.quiet + 1,
    )
    if request.state == "settling":
        return _after_pass(request, whole=seen.whole, clean=seen.clean, published=published, now=now, policy=policy)
    interval = next_interval(request, published, policy)
    wait = policy.poll_min_s if request.wants_refresh else near_the_end(before, request, interval, policy)
    delay = jittered(wait, policy, random)
    return msgspec.structs.replace(request, interval=interval, due=now + delay)


def _after_pass(
    request: RequestState, *, whole: bool, clean: bool, published: int, now: float, policy: Policy
) -> RequestState:
    if not whole:
        return msgspec.structs.replace(request, due=now)
    sweeps = request.sweeps + 1
    at_rest = clean and published == 0 and not request.wants_refresh
    if at_rest or sweeps >= policy.sweep_max:
        return settled(
            msgspec.structs.replace(request, sweeps=sweeps, incomplete=not at_rest),
            outcome_of(request),
            _reason(request),
            now,
            policy,
        )
    # a pass that was clean but brought news is repeated at once; a list in motion gets a moment to come to rest
    pause = 0.0 if clean else policy.sweep_pause_s
    return msgspec.structs.replace(request, sweeps=sweeps, due=now + pause)


def after_failed_read(
    request: RequestState, failed: Failed, now: float, policy: Policy, random: Random
) -> RequestState:
    """Return the request after a read that failed: tried again later, or ended when the stream is gone.

    A settled one is not read again when the API refuses to: it has its end, and a refresh is given up.
    """
    failures = request.failures + 1
    missing = request.missing + 1 if failed.fault == "gone" else 0
    since = (request.missing_since or now) if missing else 0.0
    if missing >= policy.gone_after and now >= max(since, request.submitted_at or 0.0) + policy.gone_after_s:
        return _gone(request, now, policy)
    if failed.fault == "refused" and request.state == "settled":
        return _without_refresh(request, now, policy)
    if failed.fault == "credentials":
        pause = refused_pause(failures, failed, policy, random)
    else:
        pause = backoff(failures, policy, random, asked=failed.retry_after)
    return msgspec.structs.replace(request, failures=failures, missing=missing, missing_since=since, due=now + pause)


def _gone(request: RequestState, now: float, policy: Policy) -> RequestState:
    if request.state == "settled":
        return _without_refresh(request, now, policy)
    outcome: Outcome = "cancelled" if request.wish == "cancel" else "failed"
    reason = "the API knows the stream no more"
    return settled(msgspec.structs.replace(request, incomplete=True), outcome, reason, now, policy)


def _without_refresh(request: RequestState, now: float, policy: Policy) -> RequestState:
    due = (request.settled_at or now) + policy.retain_s
    return msgspec.structs.replace(
        request, refreshed=request.refreshes, failures=0, missing=0, missing_since=0.0, due=due
    )


def _reason(request: RequestState) -> str:
    return request.reason if request.wish is not None else f"the API says {request.api_status}"

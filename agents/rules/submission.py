"""POST /streams, effectively once: what is sent, what each outcome means, and what becomes of a doubt. Pure.

The API knows no idempotency key. So the intent is durable before the first byte leaves, each try carries a nonce, and
whatever is not certain is looked for before anything is sent again.
"""

from __future__ import annotations

from random import Random

import msgspec

from agents.ledger_records import RequestState
from agents.policy import Policy
from agents.rules.context import Context
from agents.rules.lifecycle import change, settled
from agents.rules.marks import mark_of
from agents.rules.pacing import backoff, jittered, refused_pause
from pipeline.effects.calls import Failed, Fault, Submit

PERHAPS_APPLIED: frozenset[Fault] = frozenset({"ambiguous", "unavailable", "unreadable", "gone"})
"""Failures after which a stream may run all the same."""

_REMEMBERED_DOUBTS = 5


def intent(request: RequestState, now: float, policy: Policy, random: Random) -> RequestState:
    """Return the request with the intent to submit it; found like this after a restart, it is in doubt."""
    not_after = now + policy.submit_window_s
    return change(
        request,
        "submitting",
        "a slot of our own is free",
        now,
        nonce=f"{random.getrandbits(96):024x}",
        not_after=not_after,
        submissions=request.submissions + 1,
        searches=0,
        due=not_after + policy.doubt_wait_s,
    )


def call_for(request: RequestState, context: Context, policy: Policy) -> Submit:
    """Return the call of a request in ``submitting``. The nonce goes wherever the API may show it again."""
    asked = context.asked
    wanted = msgspec.structs.asdict(context.options)
    options = {name: value for name, value in wanted.items() if value not in (None, [])}
    nonce = request.nonce or ""
    if policy.mark_in_tags:
        options["custom_tags"] = [*context.options.custom_tags, mark_of(nonce)]
    if policy.webhook_url is not None:
        options["webhook_url"] = policy.webhook_url.format(request_id=asked.request_id, nonce=nonce)
    return Submit(
        request_id=asked.request_id,
        nonce=nonce,
        not_after=request.not_after,
        source_url=asked.source_url,
        platform=asked.platform,
        options=options,
        metadata={**asked.metadata, "request_id": asked.request_id, "pipeline_nonce": nonce},
    )


def after_failure(request: RequestState, failed: Failed, now: float, policy: Policy, random: Random) -> RequestState:
    """Return the request, still ``submitting``, after a submission that was not accepted."""
    failures = request.failures + 1
    reason = f"{failed.fault}: {failed.reason}"
    if failed.fault in PERHAPS_APPLIED:
        return change(request, "in_doubt", reason, now, due=now + jittered(policy.locate_pause_s, policy, random))
    if request.wish is not None:
        return settled(request, "cancelled", request.reason, now, policy)
    if failed.fault == "refused":
        return change(request, "rejected", reason, now, due=now + policy.retain_s)
    if failed.fault == "credentials":
        pause = refused_pause(failures, failed, policy, random)
    elif failed.fault == "no_slot":
        failures, pause = 0, jittered(policy.slot_retry_s, policy, random)
    else:
        pause = backoff(failures, policy, random, asked=failed.retry_after)
    return change(
        request,
        "queued",
        reason,
        now,
        due=now + pause,
        failures=failures,
        submissions=request.submissions - 1,  # what never left, or was refused, can cost nothing
        nonce=None,
        not_after=0.0,
    )


def not_found(request: RequestState, now: float, policy: Policy, random: Random, *, blind: bool) -> RequestState:
    """Return a request in doubt after a search that found nothing; ``blind``: it could not look at all there is."""
    searches = request.searches + 1
    waits_until = request.not_after + (policy.doubt_for_s if blind else policy.doubt_wait_s)
    if searches < policy.locate_tries or now < waits_until:
        pause = jittered(policy.locate_pause_s * 2.0 ** min(searches, 6), policy, random)
        return msgspec.structs.replace(request, searches=searches, failures=0, due=now + pause)
    given_up = with_doubt(request, now, policy)
    if request.wish is not None:
        reason = f"{request.reason} (its submission was never confirmed)"
        return msgspec.structs.replace(settled(given_up, "cancelled", reason, now, policy), due=given_up.search_at)
    if policy.in_doubt == "dead_letter":
        return change(given_up, "rejected", "its submission was never confirmed", now, due=now + policy.retain_s)
    if policy.in_doubt == "hold" or request.submissions >= policy.max_submissions:
        held = "its submission was never confirmed; it waits for a command"
        return msgspec.structs.replace(request, searches=searches, reason=held, due=None, changes=request.changes + 1)
    reason = f"submission {request.submissions} was never confirmed"
    return change(given_up, "queued", reason, now, due=now)


def with_doubt(request: RequestState, now: float, policy: Policy) -> RequestState:
    """Return the request with its submission given up, but still looked for."""
    if request.nonce is None:
        return request
    doubts = (*request.doubts, request.nonce)[-_REMEMBERED_DOUBTS:]
    return msgspec.structs.replace(
        request, doubts=doubts, nonce=None, not_after=0.0, search_at=now + policy.locate_pause_s
    )


def bound_unseen(request: RequestState, now: float, policy: Policy) -> RequestState:
    """Return a request whose stream an observation has named, while more than one submission may have made it.

    Which one did is not known: all go on being looked for, and none of them counts as older any more.
    """
    if not request.doubts:
        return request
    request = with_doubt(request, now, policy)
    return msgspec.structs.replace(request, younger=len(request.doubts))


def resolved(request: RequestState, nonce: str, *, is_bound: bool) -> RequestState:
    """Return a request of which one submission is no doubt any more; ``is_bound``: it made the stream that is bound."""
    if nonce not in request.doubts:
        return request
    place = request.doubts.index(nonce)
    bound = place if is_bound else len(request.doubts) - request.younger
    doubts = request.doubts[:place] + request.doubts[place + 1 :]
    return msgspec.structs.replace(request, doubts=doubts, younger=len(doubts) - bound + (place < bound))


def search_again(
    request: RequestState, now: float, policy: Policy, random: Random, *, asked: float | None = None
) -> RequestState:
    """Return a request with doubts after a search: the next one, as late as the server asked, or none any more."""
    begun = request.changed_at if request.submitted_at is None else request.submitted_at
    if now > begun + policy.doubt_for_s:
        return msgspec.structs.replace(request, doubts=(), younger=0)
    pause = max(policy.locate_pause_s, (now - begun) / 4)
    return msgspec.structs.replace(request, search_at=now + (asked or 0.0) + jittered(pause, policy, random))

"""From the API client's errors to what follows from them."""

from __future__ import annotations

from pipeline.api.errors import (
    ApiError,
    Conflict,
    CredentialsRejected,
    HttpError,
    NeverSent,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    UnreadableAnswer,
)
from pipeline.effects.calls import Failed, Fault

_OURS = frozenset({402, 404, 405})
"""Refusals of a submission that say something about our account or address, nothing about the request."""

_GONE = frozenset({404, 410})


def failed_submission(error: ApiError) -> Failed:
    """Sort the failure of a POST that must not run twice."""
    fault: Fault
    if isinstance(error, NeverSent):
        fault = "never_sent"
    elif isinstance(error, RateLimited | Conflict) and _lacks_slot(error):
        fault = "no_slot"
    elif isinstance(error, RateLimited):
        fault = "throttled"
    elif isinstance(error, CredentialsRejected) or (isinstance(error, Rejected) and error.status in _OURS):
        fault = "credentials"
    elif isinstance(error, Rejected):
        fault = "refused"
    else:
        fault = "never_sent" if error.outcome == "never_sent" else "ambiguous"
    return _failed(fault, error)


def failed_read(error: ApiError) -> Failed:
    """Sort the failure of a call that may run again."""
    fault: Fault
    if isinstance(error, NotFound) or (isinstance(error, HttpError) and error.status in _GONE):
        fault = "gone"
    elif isinstance(error, RateLimited):
        fault = "throttled"
    elif isinstance(error, CredentialsRejected):
        fault = "credentials"
    elif isinstance(error, UnreadableAnswer):
        fault = "unreadable"
    elif isinstance(error, Rejected):
        fault = "refused"
    else:
        fault = "unavailable"
    return _failed(fault, error)


def _failed(fault: Fault, error: ApiError) -> Failed:
    retry_after = error.retry_after if isinstance(error, HttpError) else None
    key_refused = isinstance(error, Unauthorized)
    return Failed(fault=fault, reason=str(error), retry_after=retry_after, key_refused=key_refused)


def _lacks_slot(error: RateLimited | Conflict) -> bool:
    """Whether the plan's streams are all in use. A 409 may speak of anything: there only its code counts."""
    words = error.code if isinstance(error, Conflict) else f"{error.code} {error.message}"
    return "concurren" in words.lower() or "slot" in words.lower()

"""The state records of tournaments on the ledger topic (see :mod:`agents.ledger_records` for the rules they follow).

A tournament's key is ``tenant/tournament_id``, as on its topics: no identifier has a "/".
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from schemas.records.tournament import MomentLine
from schemas.records.tournament_sighting import SightedHighlight, TournamentStream

TOURNAMENT = "tournament/"
"""What the ledger keys of tournaments, which are their names on the due list too, begin with."""

NEW, NOTIFIED, SUPPRESSED = 0, 1, 2


class TournamentState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One tournament (``tournament/<tenant>/<tournament_id>``). All times are unix seconds.

    Attributes:
        changed_at: when something last changed that was to be published, or was published.
        changed: something is to be published.
        due: when the next record, or forgetting, is due; ``None``: nothing is.
        name: for people.
        revision: how many records were published; ``published_at``: the latest of them.
        tokens: notifications that might be sent at once at ``tokens_at``.
        notified: how many were sent; ``suppressed``: how many were not, since there were too many.
        forgotten: retention took everything but this, so that revisions go on if the id is used once more.
    """

    state_version: int
    changed_at: float
    changed: bool = False
    due: float | None = None
    name: str = ""
    revision: int = 0
    published_at: float = 0.0
    tokens: float = 0.0
    tokens_at: float = 0.0
    notified: int = 0
    suppressed: int = 0
    forgotten: bool = False


class StreamPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One stream of a tournament (``tournament-stream/<tenant>/<tournament_id>/<request_id>``).

    Attributes:
        epoch: how often the request's id was used.
        ended: its request has come to its end.
        stream: where it belongs.
    """

    state_version: int
    epoch: int
    ended: bool
    stream: TournamentStream


class SightingState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The latest revision of one highlight (``sighting/<tenant>/<tournament_id>/<request_id>/<highlight_id>``)."""

    state_version: int
    epoch: int
    highlight: SightedHighlight


class Member(NamedTuple):
    """A highlight in a moment."""

    request_id: str
    highlight_id: str


class MomentState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One moment as it was last published (``moment/<tenant>/<tournament_id>/<moment_id>``).

    Attributes:
        revision: the latest.
        digest: of what was published, but for its number and time.
        line: the moment in short.
        members: its highlights, the earliest first; none when it is withdrawn.
        notice: ``NEW``, ``NOTIFIED`` or ``SUPPRESSED``.
    """

    state_version: int
    revision: int
    digest: str
    line: MomentLine
    members: tuple[Member, ...] = ()
    notice: int = NEW


def tournament_key(key: str) -> str:
    """Return the ledger key of a tournament."""
    return f"{TOURNAMENT}{key}"


def stream_key(key: str, request_id: str) -> str:
    """Return the ledger key of a stream of a tournament."""
    return f"tournament-stream/{key}/{request_id}"


def sighting_key(key: str, request_id: str, highlight_id: str) -> str:
    """Return the ledger key of a highlight in a tournament."""
    return f"sighting/{key}/{request_id}/{highlight_id}"


def moment_key(key: str, moment_id: str) -> str:
    """Return the ledger key of a moment."""
    return f"moment/{key}/{moment_id}"

"""The state records on the ledger topic: what a partition remembers, one struct a kind of key.

``state_version`` is written always and read first: a worker refuses state newer than it can read. New fields get a
default and go to the end; a change that a default cannot express counts ``STATE_VERSION`` up, readers first.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from agents.tournament_records import MomentState, SightingState, StreamPlace, TournamentState
from schemas.records.follow_up import FollowUp
from schemas.records.stream import Outcome, StreamState

STATE_VERSION = 1

FINAL: frozenset[StreamState] = frozenset({"settled", "rejected"})
"""States in which the API owes us nothing any more."""

ACTIVE: tuple[StreamState, ...] = tuple(state for state in get_args(StreamState) if state not in FINAL)

Wish = Literal["stop", "cancel"]

KeptHeaders = tuple[tuple[str, bytes | None], ...]
"""The headers of a consumed record, as they came (Kafka allows a null value)."""

POLL, WEBHOOK = 0, 1


class RequestState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One request (``request/<request_id>``). All times are unix seconds.

    Attributes:
        epoch: how often this id was used; 2 after retention forgot the first.
        changes: how many records of its state were published, but for those that only told it again.
        due: when the next effect is due; ``None``: nothing is.
        failures: calls that failed in a row; ``missing``: how many of the last ones with 404, the first of them at
            ``missing_since``.
        nonce: marks the latest submission; ``not_after`` is when it may no longer be sent.
        doubts: nonces of other submissions that may still turn up, oldest first; searched for at ``search_at``.
        younger: how many of them, at the end, are younger than the stream that is bound.
        submissions: POSTs tried, but for those that never left.
        searches: how often the latest submission was searched for.
        status_at: when ``api_status`` was last seen, at the earliest; ``status_until``: at the latest, 0 for the same.
        interval: seconds to the next poll, before jitter.
        quiet: polls since all pages were read.
        sweeps: final passes made, or after the end those of a refresh.
        wish: what a command asked for; ``stopped`` once the API did it.
        stop_failures: stops in a row that failed, or after which the stream ran on; no other before ``stop_at``.
        refreshes: reads that were asked for beyond the usual, by a command or because observations contradict each
            other; ``refreshed``: how many of them are answered, each by a read that began after it was asked for.
        extras: surplus streams of this request that have to be stopped; ``ignored``: those that were.
        commands: ids of commands applied, latest last.
        profile: name and version of the profile that was chosen when the request was accepted.
    """

    state_version: int
    state: StreamState
    accepted_at: float
    changed_at: float
    epoch: int = 1
    previous: StreamState | None = None
    reason: str = ""
    changes: int = 1
    due: float | None = None
    failures: int = 0
    missing: int = 0
    submitted_at: float | None = None
    settled_at: float | None = None
    outcome: Outcome | None = None
    stream_id: str | None = None
    nonce: str | None = None
    not_after: float = 0.0
    doubts: tuple[str, ...] = ()
    search_at: float = 0.0
    submissions: int = 0
    searches: int = 0
    api_status: str | None = None
    status_at: float = 0.0
    processed_s: float = 0.0
    total_s: float | None = None
    found: int = 0
    api_total: int | None = None
    interval: float = 0.0
    quiet: int = 0
    sweeps: int = 0
    incomplete: bool = False
    summaries: int = 0
    wish: Wish | None = None
    stopped: bool = False
    refreshes: int = 0
    refreshed: int = 0
    extras: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    missing_since: float = 0.0
    younger: int = 0
    stop_failures: int = 0
    stop_at: float = 0.0
    status_until: float = 0.0
    profile: str = ""

    @property
    def wants_refresh(self) -> bool:
        """Whether a read that was asked for has not been answered."""
        return self.refreshed < self.refreshes


class OriginalRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request record as it came (``original/<request_id>``). Apart from its state, which is written at each poll.

    Attributes:
        value: text of the value; ``headers``, ``offset`` and ``timestamp`` (ms) are the record's too.
    """

    state_version: int
    value: str
    offset: int
    timestamp: int
    headers: KeptHeaders = ()


class LinkedTranscript(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came of a transcript that a request links (``transcript/<request_id>``).

    Attributes:
        text: as it was fetched; empty when it could not be.
        media_type: as the server named it, in lower case and without parameters; empty when it did not.
        problem: why there is none, for people; empty when there is one.
    """

    state_version: int
    text: str
    media_type: str = ""
    problem: str = ""


class HighlightState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The latest revision of one highlight (``highlight/<request_id>/<highlight_id>``). There may be a million.

    Attributes:
        digest: of the content (``agents.rules.canonical``).
        observed_at: when that content was last seen, at the earliest, unix seconds.
        source: what saw it first, ``POLL`` or ``WEBHOOK``.
        late: records published after the request was settled.
        note: what the profile wants to remember for the summary's document.
        observed_until: when that content was last seen, at the latest; 0 for the same as ``observed_at``.
    """

    state_version: int
    revision: int
    seq: int
    digest: int
    observed_at: float
    confidence: float
    start_s: float
    duration_s: float
    source: int
    late: int
    title: str
    note: Any = None
    observed_until: float = 0.0


class Parked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record that came before its request (``parked/<request_id>/<topic>/<offset>``)."""

    state_version: int
    value: str
    timestamp: int
    due: float
    headers: KeptHeaders = ()


class FollowUpState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item that is followed up (``follow-up/<request_id>/<item_id>``). It may outlive its request.

    Attributes:
        record: as it was published last, so that a reminder needs nothing else.
        remind_at: when its reminder is due, unix seconds; ``None``: none is.
        reminded: the due times for which a reminder was sent, latest last.
        events: what its event ids begin with (``agents.rules.context.Context``).
        traceparent: of the request record; empty when it had none.
    """

    state_version: int
    record: FollowUp
    remind_at: float | None = None
    reminded: tuple[float, ...] = ()
    events: str
    traceparent: str = ""

    @property
    def kept_until(self) -> float:
        """Until when a next run of the request might remind of it: unix seconds; 0 where none might remind again."""
        last = max(self.reminded, default=0.0)
        due = self.record.due
        return last if self.remind_at is None or due is None else max(last, due.timestamp())


class Closed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is left of a request after its retention (``closed/<request_id>``): late records are ignored until due."""

    state_version: int
    epoch: int
    due: float


class _Version(msgspec.Struct):
    state_version: int


class _ListVersion(msgspec.Struct, array_like=True):
    state_version: int


class FutureStateError(Exception):
    """State written by a newer version: upgrade all workers before one of them writes it."""


def request_key(request_id: str) -> str:
    """Return the ledger key of a request."""
    return f"request/{request_id}"


def original_key(request_id: str) -> str:
    """Return the ledger key of a request record as it came."""
    return f"original/{request_id}"


def transcript_key(request_id: str) -> str:
    """Return the ledger key of a transcript that a request links."""
    return f"transcript/{request_id}"


def highlight_key(request_id: str, highlight_id: str) -> str:
    """Return the ledger key of a highlight."""
    return f"highlight/{request_id}/{highlight_id}"


def parked_key(request_id: str, topic: str, offset: int) -> str:
    """Return the ledger key of a parked record; ``topic`` is the short name."""
    return f"parked/{request_id}/{topic}/{offset}"


def follow_up_key(request_id: str, item_id: str) -> str:
    """Return the ledger key of an item that is followed up."""
    return f"follow-up/{request_id}/{item_id}"


def closed_key(request_id: str) -> str:
    """Return the ledger key of a forgotten request."""
    return f"closed/{request_id}"


_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "request": msgspec.json.Decoder(RequestState),
    "original": msgspec.json.Decoder(OriginalRequest),
    "transcript": msgspec.json.Decoder(LinkedTranscript),
    "highlight": msgspec.json.Decoder(HighlightState),
    "parked": msgspec.json.Decoder(Parked),
    "follow-up": msgspec.json.Decoder(FollowUpState),
    "closed": msgspec.json.Decoder(Closed),
    "tournament": msgspec.json.Decoder(TournamentState),
    "tournament-stream": msgspec.json.Decoder(StreamPlace),
    "sighting": msgspec.json.Decoder(SightingState),
    "moment": msgspec.json.Decoder(MomentState),
}
_LISTS = frozenset({"highlight", "sighting"})
_version = msgspec.json.Decoder(_Version)
_list_version = msgspec.json.Decoder(_ListVersion)


def decode_state(key: str, value: bytes) -> Any:
    """Decode one state record.

    Raises:
        FutureStateError: it, or its kind, is newer than this code.
    """
    kind = key.partition("/")[0]
    decoder = _decoders.get(kind)
    if decoder is None:
        raise FutureStateError(f"unknown kind of state {kind!r}")
    try:
        record = decoder.decode(value)
    except msgspec.ValidationError as error:
        version = (_list_version if kind in _LISTS else _version).decode(value).state_version
        if version > STATE_VERSION:
            raise FutureStateError(f"{key}: version {version}, this worker reads up to {STATE_VERSION}") from error
        raise
    if record.state_version > STATE_VERSION:
        raise FutureStateError(f"{key}: version {record.state_version}, this worker reads up to {STATE_VERSION}")
    return record

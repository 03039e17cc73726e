"""What the runner may be asked to call, and what may come of it. Values only: no I/O, no decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal

import msgspec

from schemas.records.observation import ObservedHighlight, ObservedStream

Kind = Literal["submit", "poll", "sweep", "stop", "locate", "transcript"]

Fault = Literal[
    "never_sent", "refused", "throttled", "no_slot", "credentials", "ambiguous", "gone", "unavailable", "unreadable"
]
"""How a call failed, sorted by what follows from it.

``never_sent``: no byte left. ``refused``: certainly not applied, and never will be. ``throttled``: slow down, all of
us. ``no_slot``: as many streams run as the plan allows. ``credentials``: our key, plan or address is wrong, not the
request. ``ambiguous``: a submission that may have been applied. ``gone``: no such stream. ``unavailable``: no answer or
5xx. ``unreadable``: an answer that makes no sense.
"""


class Submit(msgspec.Struct, frozen=True, kw_only=True):
    """POST /streams. ``not_after`` is unix seconds: no byte leaves later."""

    durable_first: ClassVar[bool] = True
    kind: ClassVar[Kind] = "submit"

    request_id: str
    nonce: str
    not_after: float
    source_url: str
    platform: str
    options: Mapping[str, Any]
    metadata: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Submit(request_id={self.request_id!r}, nonce={self.nonce!r})"  # URLs and options may carry secrets


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """GET the status, then highlights: what is new (``full`` false) or one whole pass (true).

    ``known`` tells the highlight ids seen so far. It is a view on living state: ask it, do not iterate over it.
    ``answers`` is for the rules: how many of the reads that were asked for this one answers.
    """

    durable_first: ClassVar[bool] = False

    stream_id: str
    full: bool
    known: Collection[str]
    answers: int = 0

    @property
    def kind(self) -> Kind:
        """``sweep`` for a whole pass, else ``poll``."""
        return "sweep" if self.full else "poll"

    def __repr__(self) -> str:
        return f"Read(stream_id={self.stream_id!r}, full={self.full})"


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """POST /streams/{id}/stop."""

    durable_first: ClassVar[bool] = False
    kind: ClassVar[Kind] = "stop"

    stream_id: str


class Locate(msgspec.Struct, frozen=True, kw_only=True):
    """Look among the account's highlights for streams that carry one of our nonces.

    ``owned`` holds the ids of streams whose owner is known: no need to look at them. ``since`` is unix seconds before
    the first of the submissions: what was there already is none of theirs.
    """

    durable_first: ClassVar[bool] = False
    kind: ClassVar[Kind] = "locate"

    nonces: tuple[str, ...]
    owned: Collection[str]
    since: float

    def __repr__(self) -> str:
        return f"Locate(nonces={self.nonces!r})"


class FetchTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """GET the transcript that a request links, from whatever server that is: not the API, and not to be trusted."""

    durable_first: ClassVar[bool] = False
    kind: ClassVar[Kind] = "transcript"

    url: str

    def __repr__(self) -> str:
        return "FetchTranscript()"  # the URL may carry a signature


ApiCall = Submit | Read | Stop | Locate
Call = ApiCall | FetchTranscript


class Accepted(msgspec.Struct, frozen=True):
    """A submission was applied: this is its stream."""

    stream: ObservedStream
    observed_at: float


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a read showed.

    Attributes:
        observed_at: unix seconds before the first byte was asked for, so never later than what it shows.
        observed_until: unix seconds after the last byte came, so never earlier than what it shows.
        stream: the status.
        highlights: without repetition; empty when no page was read.
        total: what the API last claimed, ``None`` when no page was read.
        whole: the pages were read from the first to the last, or as many as one call may.
        clean: a whole pass found exactly as many highlights as the API last claimed.
    """

    observed_at: float
    observed_until: float
    stream: ObservedStream
    highlights: list[ObservedHighlight]
    total: int | None
    whole: bool
    clean: bool


class Stopped(msgspec.Struct, frozen=True):
    """The stream will do no more (or had ended by itself)."""


class Located(msgspec.Struct, frozen=True):
    """Streams found, by the nonce they carry. ``blind``: some that may carry one could not be looked at."""

    streams: dict[str, ObservedStream]
    observed_at: float
    blind: bool = False


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript. ``media_type`` as the server named it, in lower case and without parameters; or empty."""

    text: str
    media_type: str

    def __repr__(self) -> str:
        return f"Fetched({len(self.text)} characters)"  # what people said is nobody's business in a log


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The call failed.

    Attributes:
        fault: how.
        reason: for people.
        retry_after: the server's wish in seconds.
        key_refused: with ``credentials``: the key itself is refused (401), so that no other call can fare better.
    """

    fault: Fault
    reason: str
    retry_after: float | None = None
    key_refused: bool = False


Result = Accepted | Seen | Stopped | Located | Fetched | Failed

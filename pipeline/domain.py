"""The port between machinery and decisions: what ``pipeline`` needs from ``agents``, and what it offers them.

``pipeline`` never imports ``agents``. The composition root (``agents.composition``) hands a :class:`Domain` in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from pipeline.effects.calls import Call, Result
    from schemas.records import Highlight, Moment, ObservedHighlight, Request, Summary, Tournament

Headers = Sequence[tuple[str, bytes]]


class Outcome(StrEnum):
    """How a consumed record ended. The set is closed: there is no fifth way."""

    PUBLISHED = "published"
    FOLDED = "folded"
    KNOWN = "known"
    DEAD_LETTERED = "dead_lettered"


class Incoming(Protocol):
    """A record as read from Kafka (aiokafka's ``ConsumerRecord`` fits)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Stage(Protocol):
    """Where a decision goes: into the partition's next transaction. All of it, or none, becomes visible."""

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        """Fold a state record at once and write it to the ledger topic; ``None`` is a tombstone."""

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        """Write an output record. ``topic`` is the catalogue's short name; the partition is ours unless given.

        Raises:
            RecordError: ``oversize_output`` when the record is larger than the topic takes.
        """


class State(Protocol):
    """What a partition knows. Changed only by :meth:`fold`, live and at restore alike."""

    def decode(self, key: str, value: bytes) -> Any:
        """Decode a ledger value; the key's first part says which kind it is."""

    def fold(self, key: str, value: Any | None) -> None:
        """Apply one state record. Folding a compacted log gives the same state as folding the whole."""

    def active(self) -> Mapping[str, int]:
        """How many requests are not settled, by the state they are in."""


S = TypeVar("S", bound=State)

Rule = Callable[[Incoming, S, Stage, float], Outcome]
"""Decide about one consumed record at a time ``now`` (unix seconds). Raises ``RecordError`` before it stages."""


HighlightObserver = Callable[[str, str, float, float, str | None], None]
"""Told of each highlight on its way out: platform, quality, now and when it was observed in unix seconds, and, with its
first revision, when the API says that it was made. It is called on the hottest path."""


class EffectRules(Protocol[S]):  # type: ignore[misc]  # a port: S stands in argument positions only
    """The decisions around due API calls. The runner (``pipeline.effects.runner``) asks, calls the API, and tells.

    A request has at most one effect in flight. Nothing here waits.
    """

    def next_due(self, state: S) -> float | None:
        """When the earliest effect is due (unix seconds); ``None`` when nothing waits."""

    def take_due(self, state: S, now: float) -> str | None:
        """Take one request whose effect is due off the due list; ``None`` when none is."""

    def calls_api(self, state: S, request_id: str, now: float) -> bool:
        """Whether what is due of one calls the API, and so waits until it may be called. Nothing is staged."""

    def begin(self, state: S, request_id: str, stage: Stage, now: float) -> Call | None:
        """Say what to call, after staging what must be known before it. ``None``: nothing to do any more.

        It may have waited since it was taken: what is not due any more is given back.
        """

    def release(self, state: S, request_id: str) -> None:
        """Give back a request that was taken and whose call will bring no result here: it is due as its state says."""

    def finish(self, state: S, request_id: str, call: Call, result: Result, stage: Stage, now: float) -> None:
        """Fold what came of a call: the next state, the next due time, outputs."""


class ProfileInfo(NamedTuple):
    """A profile as people see it: ``label`` has its version, ``exports`` what each format is, by format.

    ``metadata``: the keys of a request's metadata that it reads; empty when it does not say.
    """

    name: str
    version: int
    label: str
    about: str
    exports: Mapping[str, str]
    metadata: Sequence[str] = ()


class ProfileTrial(Protocol):
    """A profile's rules run over highlights outside of a worker: nothing is stored, nothing is published.

    Attributes:
        label: name and version.
    """

    label: str

    def see(self, highlight: ObservedHighlight) -> Highlight:
        """Enrich a highlight in the API's words, and keep it for the document; numbers of a record are 1."""

    def again(self, record: Highlight) -> Highlight:
        """Enrich a published record anew, and keep it for the document. Text that privacy replaced stays replaced."""

    def document(self) -> dict[str, Any]:
        """The document about all that was seen."""


class LinkedText(NamedTuple):
    """What came of a transcript that a request links; ``problem`` says why there is none, empty when there is one."""

    text: str
    problem: str = ""


class Remembered(NamedTuple):
    """What a ledger record tells of a request: the request itself, or what came of the transcript that it links.

    ``problem`` says why a record cannot be read; then it tells neither.
    """

    request_id: str
    request: Request | None = None
    transcript: LinkedText | None = None
    problem: str = ""


class ProfileDesk(Protocol):
    """What commands may ask about profiles."""

    def profiles(self) -> list[ProfileInfo]:
        """All profiles, each version once."""

    def find(self, label: str) -> ProfileInfo | None:
        """The profile of a record's ``profile``, or of a name with or without version; ``None`` when it is unknown."""

    def describe(self, name: str) -> dict[str, Any]:
        """Options, kinds, rules and data of a profile, JSON.

        Raises:
            LookupError: there is none.
        """

    def remembered(self, key: str, value: bytes) -> Remembered | None:
        """Read a record of the ledger topic; ``None`` when it tells nothing of these. Never raises."""

    def trial(self, name: str, asked: Request, linked: LinkedText | None = None) -> ProfileTrial:
        """Prepare a profile for a request; ``linked`` is what came of the transcript that it links, if that is known.

        Raises:
            LookupError: there is no such profile.
            ValueError: the profile cannot use the request's metadata, and the text names the field; or it fails.
        """

    def screen(self, name: str, asked: Request) -> None:
        """Check the URLs of a request as far as no DNS is needed: of its source, and of what its profile would fetch.

        Raises:
            ValueError: a worker would refuse one; the text names the field and does not repeat the URL.
        """

    def export(self, form: str, summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
        """Render a settled request's document in a form of its profile: the files' texts by name.

        Args:
            form: one of the profile's exports.
            summary: the latest.
            highlights: the latest revision of each.

        Raises:
            LookupError: the profile has no such form; the text lists those there are.
            ValueError: there is nothing to render, since the profile failed, then or now.
        """

    @property
    def tournament_exports(self) -> Mapping[str, str]:
        """What each form of a tournament is, by form."""

    def export_tournament(self, form: str, tournament: Tournament, moments: Sequence[Moment]) -> Mapping[str, str]:
        """Render where a tournament stands: the files' texts by name.

        Args:
            form: one of ``tournament_exports``.
            tournament: the latest record.
            moments: the latest revision of each.

        Raises:
            LookupError: there is no such form; the text lists those there are.
        """


class Domain(Protocol[S]):
    """Everything the machinery runs."""

    @property
    def desk(self) -> ProfileDesk:
        """What commands may ask about profiles."""

    @property
    def rules(self) -> Mapping[str, Rule[S]]:
        """By the short name of the consumed topic."""

    @property
    def effects(self) -> EffectRules[S]:
        """The decisions around API calls."""

    def new_state(self, partition: int) -> S:
        """An empty state for one partition."""

"""What a profile is: the rules of one domain, from what the API is asked for to the document at the end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from schemas.records.highlight import Highlight
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request
from schemas.records.summary import Summary
from schemas.records.tournament_sighting import TournamentStream


class ProfileInputError(ValueError):
    """A request's metadata cannot be used by its profile. The text names the field and says what is expected."""


class Shown(msgspec.Struct, frozen=True):
    """What is published in place of the API's words, where privacy asks for it.

    Attributes:
        title: and ``description``: with what must not be published replaced.
        metadata: the API's free-form values that may be published.
        extra: the fields of the API beyond its contract that may be published.
        tags: what is published as the API's tags.
    """

    title: str
    description: str
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    tags: list[str] = []


class Sighted(msgspec.Struct, frozen=True):
    """What a tournament is told of a highlight, beside its title, times and clip.

    Attributes:
        kinds: what happened, such as ``ace``. Highlights of two streams are one moment only if they share one, or if
            one of them has none and they share a player or their titles are alike.
        score: how good the moment is, 0 to 1.
        players: who did it; highlights that name different players are no moment.
        teams: whose players they are.
    """

    kinds: tuple[str, ...]
    score: float
    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class Enriched(msgspec.Struct, frozen=True):
    """What a profile makes of one highlight.

    Attributes:
        tags: normalised tags, its own among them.
        enrichment: JSON; decided by the highlight and the request alone, never by order or time. What rules assert
            carries its evidence (:mod:`agents.profiles.evidence`).
        note: what the document will need of this highlight beside title, times and confidence. Small, and made of
            dicts, lists, strings, numbers alone, since a restore brings it back as such.
        shown: what is published in place of the API's words; ``None``: those.
        sighting: what the tournament is told that the stream belongs to (:class:`InTournament`); ``None``: nothing.
    """

    tags: list[str]
    enrichment: dict[str, Any]
    note: Any = None
    shown: Shown | None = None
    sighting: Sighted | None = None


class Export(msgspec.Struct, frozen=True):
    """A form in which a document leaves Kafka: minutes as Markdown, chapters as WebVTT.

    Attributes:
        about: one line for people.
        render: the files by name, as text, from the latest summary of a request and the latest revision of each of its
            highlights.
    """

    about: str
    render: Callable[[Summary, Sequence[Highlight]], Mapping[str, str]]


class Prepared(Protocol):
    """A profile's rules, prepared once for a request: what its metadata says is parsed.

    The notes by highlight id are the state that a profile folds: a revision puts its note in place of the former one,
    so that the document is corrected with it, and does not depend on the order in which highlights came.
    """

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Enrich one highlight; never raises. ``tags`` are the API's, normalised; may be returned as they are."""

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """Make the summary's document from all highlights of a settled request, by id. Their order is of no account."""


@runtime_checkable
class InTournament(Protocol):
    """What prepared rules have, beside :class:`Prepared`, if a stream may belong to a tournament.

    Its start and end, and the highlights for which ``enrich`` says so, are told to the tournament.
    """

    @property
    def tournament(self) -> TournamentStream | None:
        """Where the request's stream belongs; ``None``: to no tournament."""


class Profile(Protocol):
    """The rules of one domain. Same input, same result.

    Attributes:
        name: as requests name it.
        version: counts up when the same input no longer gives the same result.
        label: name and version, and a digest of the data where a customer's settings change it: ``gaming@1+3fa9c1``.
        about: one line for people.
        exports: by format, such as ``minutes-md``.

    What may be missing: ``hides``, whether ``Shown`` replaces the API's words (by default it might). Where the rules
    raise, those words are withheld if so (:mod:`agents.rules.guarding`). And ``metadata``, the keys of a request's
    metadata that it reads: whoever misspells one is told by the commands; without it nobody is.
    """

    name: str
    version: int
    label: str
    about: str
    exports: Mapping[str, Export]

    def describe(self) -> dict[str, Any]:
        """What ``highlights profiles show`` prints, JSON: options, kinds, the rules with their confidence, the data."""

    def options(self, asked: Request) -> Mapping[str, Any]:
        """Options for the API that serve this domain; what the request names itself comes first."""

    def transcript_url(self, asked: Request) -> str | None:
        """Where the transcript is that the request links; it is fetched before the stream is submitted."""

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> Prepared:
        """Prepare the rules for a request; ``linked`` is what came of the transcript it links.

        Raises:
            ProfileInputError: the request's own metadata cannot be used. A linked transcript never raises.
        """

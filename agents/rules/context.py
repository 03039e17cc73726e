"""What is derived from a request once and used for each of its highlights."""

from __future__ import annotations

from weakref import ref

import msgspec

from agents.entry import Entry
from agents.ledger_records import FINAL, LinkedTranscript, OriginalRequest
from agents.profiles import General, InTournament, Prepared, Profile, Profiles
from agents.rules.guarding import Gone, StandIn, prepared, stand_in
from agents.rules.kept import Droppable, KeptRules
from agents.rules.links import MomentLink, moment_link, without_credentials
from schemas.cloudevents import find_traceparent
from schemas.records.request import Options, Request

_decoder = msgspec.json.Decoder(Request)


class Named(msgspec.Struct):
    """What a request record says itself, and not by a default."""

    options: dict[str, msgspec.Raw] = {}
    profile: str | None = None


named = msgspec.json.Decoder(Named).decode


class Context:
    """A request, decoded, with what its output records share.

    Args:
        asked: the request.
        profile: its rules.
        epoch: how often its id was used.
        traceparent: carried through from the request record.
        linked: what came of the transcript that it links.
        says: the options that the request names itself; the profile decides about the others.
        original: its record, from which its rules are prepared anew where they were dropped.
        kept: decides which rules stay prepared; without it, or without ``original``, these do.

    Attributes:
        asked: the request, but for a transcript that it carries.
        key: the Kafka key of all its records.
        profile: whose rules they are.
        profile_name: the name and version of its rules, such as ``general@1``.
        options: what the API is asked for.
        events: what its event ids begin with: the request id, and from the second epoch on the epoch.
        source_url: fit to be published.
        epoch: how often the id was used.
        tournament: where its stream belongs; ``None``: to no tournament.
        moment: makes deep links into the source.
        transcript_url: where the transcript is that the request links; may carry a signature.
        traceparent: carried through from the request record.
    """

    __slots__ = (
        "__weakref__",
        "_kept",
        "_linked",
        "_name",
        "_original",
        "_rules",
        "asked",
        "epoch",
        "events",
        "key",
        "moment",
        "options",
        "profile",
        "profile_name",
        "source_url",
        "tournament",
        "traceparent",
        "transcript_url",
    )

    def __init__(
        self,
        asked: Request,
        profile: Profile,
        epoch: int,
        traceparent: bytes | None,
        linked: LinkedTranscript | None = None,
        says: frozenset[str] = frozenset(),
        *,
        original: OriginalRequest | None = None,
        kept: KeptRules | None = None,
    ) -> None:
        self.asked = _without_transcript(asked)
        self.key = asked.request_id.encode()
        self.epoch = epoch
        # "~" is in no request id, so a second epoch never meets another request's ids
        self.events = asked.request_id if epoch == 1 else f"{asked.request_id}~{epoch}"
        self.source_url = without_credentials(asked.source_url)
        self.moment: MomentLink = moment_link(asked.platform, asked.source_url)
        self.profile = profile
        rules = prepared(profile, asked, linked)
        self.tournament = rules.tournament if isinstance(rules, InTournament) else None
        self.traceparent = traceparent
        self.transcript_url: str | None = None
        self.options = asked.options
        if not isinstance(rules, StandIn):
            try:
                self.transcript_url = profile.transcript_url(asked)
                self.options = options_of(asked, profile, says)
            except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
                rules, self.tournament = stand_in(profile, "options", error), None
        self.profile_name = _name_of(rules, profile)
        self._rules: Prepared | None = rules
        self._original = original
        self._linked = linked
        self._name: ref[Droppable] | None = None
        shared = isinstance(rules, StandIn | General)
        self._kept = None if shared or original is None else kept
        if self._kept is not None:
            self._name = self._kept.add(self, self._source_bytes())

    @property
    def rules(self) -> Prepared:
        """Its profile's rules, prepared for the request, or those that stand in for them where it fails."""
        rules = self._rules
        if rules is None:
            return self._prepare_anew()
        if self._kept is not None and self._name is not None:
            self._kept.used(self._name)
        return rules

    def drop(self) -> None:
        """Let go of the prepared rules until they are needed."""
        self._rules = self._name = None

    def _prepare_anew(self) -> Prepared:
        if self._original is None or self._kept is None:
            raise LookupError(f"the rules of {self.asked.request_id} were dropped without what they are made from")
        self._rules = prepared(self.profile, _decoder.decode(self._original.value), self._linked)
        self.profile_name = _name_of(self._rules, self.profile)
        self._name = self._kept.add(self, self._source_bytes())
        return self._rules

    def _source_bytes(self) -> int:
        value = "" if self._original is None else self._original.value
        return len(value) + len("" if self._linked is None else self._linked.text)


def _name_of(rules: Prepared, profile: Profile) -> str:
    return rules.label if isinstance(rules, StandIn) else profile.label


def _without_transcript(asked: Request) -> Request:
    """A transcript is large, ours to read, and in the ledger."""
    if "transcript" not in asked.metadata:
        return asked
    metadata = {name: value for name, value in asked.metadata.items() if name != "transcript"}
    return msgspec.structs.replace(asked, metadata=metadata)


def asked_of(entry: Entry) -> Request:
    """Return the request of an entry as it was asked.

    Raises:
        LookupError: the entry has none.
    """
    if entry.original is None:
        raise LookupError(f"no request {entry.request_id}")
    return _decoder.decode(entry.original.value)


def options_of(asked: Request, profile: Profile, says: frozenset[str]) -> Options:
    """Return what the API is asked for: what the request names, then what its profile wants; tags are joined."""
    wanted = dict(profile.options(asked))
    tags = [tag for tag in wanted.pop("custom_tags", ()) if tag not in asked.options.custom_tags]
    chosen = {name: value for name, value in wanted.items() if name not in says}
    return msgspec.structs.replace(asked.options, **chosen, custom_tags=[*asked.options.custom_tags, *tags][:50])


def context_of(entry: Entry, profiles: Profiles, kept: KeptRules) -> Context:
    """Return the context of an entry with a request, made on first use and kept until the request is at its end."""
    if entry.context is None:
        request, original = entry.request, entry.original
        if request is None or original is None:
            raise LookupError(f"no request {entry.request_id}")
        asked = asked_of(entry)
        label = request.profile or asked.profile
        profile = profiles.get(label)
        if profile.name != label.partition("@")[0]:
            profile = Gone(label)
        says = frozenset(named(original.value).options)
        traceparent = find_traceparent(original.headers)
        final = request.state in FINAL  # it is known for weeks, and rarely asked of: a transcript is not kept for that
        context = Context(
            asked,
            profile,
            request.epoch,
            traceparent,
            entry.transcript,
            says,
            original=original,
            kept=None if final else kept,
        )
        if final:
            return context
        entry.context = context
    return entry.context

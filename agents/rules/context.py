"""What is derived from a request once and used for each of its highlights."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import FINAL, LinkedTranscript
from agents.profiles import InTournament, Prepared, Profile, Profiles
from agents.rules.guarding import Gone, StandIn, prepared, stand_in
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

    Attributes:
        asked: the request.
        key: the Kafka key of all its records.
        profile: whose rules they are.
        rules: its profile's, prepared for it, or those that stand in for them where it fails; ``profile_name`` is their
            name and version, such as ``general@1``.
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
        "asked",
        "epoch",
        "events",
        "key",
        "moment",
        "options",
        "profile",
        "profile_name",
        "rules",
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
    ) -> None:
        self.asked = asked
        self.key = asked.request_id.encode()
        self.epoch = epoch
        # "~" is in no request id, so a second epoch never meets another request's ids
        self.events = asked.request_id if epoch == 1 else f"{asked.request_id}~{epoch}"
        self.source_url = without_credentials(asked.source_url)
        self.moment: MomentLink = moment_link(asked.platform, asked.source_url)
        self.profile = profile
        self.rules: Prepared = prepared(profile, asked, linked)
        self.tournament = self.rules.tournament if isinstance(self.rules, InTournament) else None
        self.traceparent = traceparent
        self.transcript_url: str | None = None
        self.options = asked.options
        if not isinstance(self.rules, StandIn):
            try:
                self.transcript_url = profile.transcript_url(asked)
                self.options = options_of(asked, profile, says)
            except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises
                self.rules, self.tournament = stand_in(profile, "options", error), None
        self.profile_name = self.rules.label if isinstance(self.rules, StandIn) else profile.label


def options_of(asked: Request, profile: Profile, says: frozenset[str]) -> Options:
    """Return what the API is asked for: what the request names, then what its profile wants; tags are joined."""
    wanted = dict(profile.options(asked))
    tags = [tag for tag in wanted.pop("custom_tags", ()) if tag not in asked.options.custom_tags]
    chosen = {name: value for name, value in wanted.items() if name not in says}
    return msgspec.structs.replace(asked.options, **chosen, custom_tags=[*asked.options.custom_tags, *tags][:50])


def context_of(entry: Entry, profiles: Profiles) -> Context:
    """Return the context of an entry with a request, made on first use and kept until the request is at its end."""
    if entry.context is None:
        request, original = entry.request, entry.original
        if request is None or original is None:
            raise LookupError(f"no request {entry.request_id}")
        asked = _decoder.decode(original.value)
        label = request.profile or asked.profile
        profile = profiles.get(label)
        if profile.name != label.partition("@")[0]:
            profile = Gone(label)
        says = frozenset(named(original.value).options)
        traceparent = find_traceparent(original.headers)
        context = Context(asked, profile, request.epoch, traceparent, entry.transcript, says)
        if request.state in FINAL:  # it is known for weeks, and rarely asked of: a transcript is not kept for that
            return context
        entry.context = context
    return entry.context

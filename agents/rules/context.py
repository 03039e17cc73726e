"""What is derived from a request once and used for each of its highlights."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.profiles import Profile, Profiles
from agents.rules.links import MomentLink, moment_link, without_credentials
from schemas.cloudevents import find_traceparent
from schemas.records.request import Request

_decoder = msgspec.json.Decoder(Request)


class Context:
    """A request, decoded, with what its output records share.

    Attributes:
        asked: the request.
        key: the Kafka key of all its records.
        profile: its rules; ``profile_name`` is their name and version, such as ``general@1``.
        events: what its event ids begin with: the request id, and from the second epoch on the epoch.
        source_url: fit to be published.
        moment: makes deep links into the source.
        traceparent: carried through from the request record.
    """

    __slots__ = ("asked", "events", "key", "moment", "profile", "profile_name", "source_url", "traceparent")

    def __init__(self, asked: Request, profile: Profile, epoch: int, traceparent: bytes | None) -> None:
        self.asked = asked
        self.key = asked.request_id.encode()
        # "~" is in no request id, so a second epoch never meets another request's ids
        self.events = asked.request_id if epoch == 1 else f"{asked.request_id}~{epoch}"
        self.source_url = without_credentials(asked.source_url)
        self.moment: MomentLink = moment_link(asked.platform, asked.source_url)
        self.profile = profile
        self.profile_name = f"{profile.name}@{profile.version}"
        self.traceparent = traceparent


def context_of(entry: Entry, profiles: Profiles) -> Context:
    """Return the context of an entry with a request, made on first use."""
    if entry.context is None:
        request, original = entry.request, entry.original
        if request is None or original is None:
            raise LookupError(f"no request {entry.request_id}")
        asked = _decoder.decode(original.value)
        entry.context = Context(asked, profiles.get(asked.profile), request.epoch, find_traceparent(original.headers))
    return entry.context

"""The rule of the requests topic: each request is accepted once; asking again is answered from state."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import (
    STATE_VERSION,
    OriginalRequest,
    RequestState,
    closed_key,
    original_key,
    parked_key,
    request_key,
)
from agents.policy import Policy
from agents.profiles import Profile, ProfileInputError
from agents.rules.commands import CommandRule
from agents.rules.context import asked_of, named
from agents.rules.lifecycle import change
from agents.rules.observations import ObservationRule
from agents.rules.originals import headers_of, text_of
from agents.rules.outputs import Outputs
from agents.rules.parking import Parking
from agents.rules.source_url import screen_source_url
from agents.state import PartitionState
from pipeline.domain import Incoming, Outcome, Rule, Stage
from schemas.records import RecordError, Request, decode
from schemas.records.request import request_bytes

TOPIC = "requests"

REDRIVEN = "tldr-redriven"
"""Header of a dead letter that a person sent again: only then is a rejected request tried once more."""

_KEPT_SHARE = 1.5
"""How much larger than itself a request may be as the ledger keeps it, which escapes quotes and encodes headers."""

_decoder = msgspec.json.Decoder(Request)


class RequestRule:
    """Decides about one record of the requests topic."""

    def __init__(
        self,
        outputs: Outputs,
        policy: Policy,
        parking: Parking,
        observations: ObservationRule,
        commands: CommandRule,
    ) -> None:
        self._outputs = outputs
        self._policy = policy
        self._parking = parking
        self._early: dict[str, Rule[PartitionState]] = {"observations": observations, "commands": commands}

    def __call__(self, incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        """Accept a request, or answer one that is known.

        Raises:
            RecordError: of the record (``undecodable``, ``invalid``, ...), ``key_mismatch``, ``blocked_url``,
                ``unknown_profile``, ``profile_failed``, ``request_conflict``, ``oversize_request``.
        """
        asked = decode(_decoder, incoming.value)
        if incoming.key != asked.request_id.encode():
            raise RecordError("key_mismatch", f"the key is not the request_id {asked.request_id}")
        entry = state.entries.get(asked.request_id)
        if entry is not None and entry.request is not None:
            return self._again(asked, entry, entry.request, incoming, stage, now)
        profile = self._profile_of(asked, incoming)
        self._screen(asked, profile, incoming)
        self._accept(asked, profile, incoming, state, stage, now)
        return Outcome.PUBLISHED

    def _profile_of(self, asked: Request, incoming: Incoming) -> Profile:
        """The profile that the request names, else its tenant's. It stays with the request, whatever comes later."""
        profiles = self._outputs.profiles
        says = named(incoming.value or b"").profile
        name = profiles.of_tenant(asked.tenant) if says is None else says
        profile = profiles.find(name)
        if profile is None:
            raise RecordError("unknown_profile", f"no profile {name}; there are {', '.join(profiles.names)}")
        return profile

    def _screen(self, asked: Request, profile: Profile, incoming: Incoming) -> None:
        policy = self._policy
        if request_bytes(incoming.value, incoming.headers) > policy.max_request_bytes:
            raise RecordError(
                "oversize_request", f"a request may have {policy.max_request_bytes} bytes with its headers"
            )
        screen_source_url(asked.source_url, allowed=policy.allowed_hosts, blocked=policy.blocked_hosts)
        try:
            profile.prepare(asked, None)
            profile.options(asked)
            link = profile.transcript_url(asked)
        except ProfileInputError as error:
            raise RecordError("invalid", f"{error} (profile {profile.label}): see docs/profiles.md") from error
        except Exception as error:  # a stranger's code: nobody's request may end a worker
            raise RecordError("profile_failed", f"{profile.label} raised {type(error).__name__}") from error
        if link is not None:
            screen_source_url(
                link, allowed=policy.allowed_hosts, blocked=policy.blocked_hosts, field="metadata.transcript"
            )

    def _accept(
        self, asked: Request, profile: Profile, incoming: Incoming, state: PartitionState, stage: Stage, now: float
    ) -> None:
        request_id = asked.request_id
        original = OriginalRequest(
            state_version=STATE_VERSION,
            value=text_of(incoming),
            headers=headers_of(incoming),
            offset=incoming.offset,
            timestamp=incoming.timestamp,
        )
        if len(msgspec.json.encode(original)) > _KEPT_SHARE * self._policy.max_request_bytes:
            raise RecordError("oversize_request", "with its quotes and headers escaped it is too large for the ledger")
        closed = state.closed.get(request_id)
        accepted = RequestState(
            state_version=STATE_VERSION,
            state="accepted",
            accepted_at=now,
            changed_at=now,
            epoch=1 if closed is None else closed.epoch + 1,
            profile=f"{profile.name}@{profile.version}",
        )
        starts = 0.0 if asked.not_before is None else asked.not_before.timestamp()
        if starts > now:
            waiting = change(accepted, "scheduled", f"not before {asked.not_before}", now, due=starts)
        else:
            waiting = change(accepted, "queued", "accepted", now, due=now)
        stage.put(original_key(request_id), original)
        stage.put(request_key(request_id), waiting)
        if closed is not None:
            stage.put(closed_key(request_id), None)
        entry = state.entries[request_id]
        self._outputs.stream(stage, entry, accepted, now)
        self._outputs.stream(stage, entry, waiting, now)
        self._apply_early(entry, state, stage, now)

    def _apply_early(self, entry: Entry, state: PartitionState, stage: Stage, now: float) -> None:
        """Apply what came before its request, in the order in which it came."""
        for topic, original in self._parking.waiting(entry, state.partition):
            stage.put(parked_key(entry.request_id, topic, original.offset), None)
            try:
                self._early[topic](original, state, stage, now)
            except RecordError as error:
                self._outputs.dead_letter(stage, original, error, now)

    def _again(
        self, asked: Request, entry: Entry, request: RequestState, incoming: Incoming, stage: Stage, now: float
    ) -> Outcome:
        if _content(asked) != _content(asked_of(entry)):
            raise RecordError("request_conflict", "this request_id was used before, for another request")
        if request.state == "rejected" and any(name == REDRIVEN for name, _ in incoming.headers):
            # what was once asked of it is over: whoever sends it again wants it
            queued = change(
                request, "queued", "sent again by a person", now, due=now, failures=0, wish=None, stopped=False
            )
            stage.put(request_key(entry.request_id), queued)
            self._outputs.stream(stage, entry, queued, now)
            return Outcome.PUBLISHED
        self._outputs.stream(stage, entry, request, now, repeat=incoming.offset)
        return Outcome.KNOWN


def _content(asked: Request) -> Request:
    """What makes two requests the same: everything but when they were sent."""
    return msgspec.structs.replace(asked, requested_at=None)

"""The rule of the commands topic: stop, cancel, refresh. A command changes state; an effect then does it."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import RequestState, Wish, request_key
from agents.policy import Policy
from agents.rules.lifecycle import BOUND, is_final, refresh_asked, settled
from agents.rules.outputs import Outputs
from agents.rules.parking import Parking
from agents.state import PartitionState
from pipeline.domain import Incoming, Outcome, Stage
from schemas.records import Command, RecordError, decode

TOPIC = "commands"

NEVER_SENT = frozenset({"scheduled", "queued"})
"""States in which no submission is under way."""

_decoder = msgspec.json.Decoder(Command)


class CommandRule:
    """Decides about one record of the commands topic."""

    def __init__(self, outputs: Outputs, policy: Policy, parking: Parking) -> None:
        self._outputs = outputs
        self._policy = policy
        self._parking = parking

    def __call__(self, incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        """Apply one command, or park it when its request has not come yet.

        Raises:
            RecordError: of the record (``undecodable``, ``invalid``, ...), ``key_mismatch``, ``parked_full``.
        """
        command = decode(_decoder, incoming.value)
        if incoming.key != command.request_id.encode():
            raise RecordError("key_mismatch", f"the key is not the request_id {command.request_id}")
        entry = state.entries.get(command.request_id)
        if entry is None or entry.request is None:
            return self._parking.park(TOPIC, command.request_id, incoming, state, stage, now)
        if command.command_id in entry.request.commands:
            return Outcome.KNOWN
        return self._apply(command, entry, entry.request, stage, now)

    def _apply(self, command: Command, entry: Entry, request: RequestState, stage: Stage, now: float) -> Outcome:
        after = self._decide(command, request, now)
        if after is None:
            return Outcome.KNOWN
        remembered = (*request.commands, command.command_id)[-self._policy.command_memory :]
        after = msgspec.structs.replace(after, commands=remembered)
        stage.put(request_key(entry.request_id), after)
        if after.state == request.state:
            return Outcome.FOLDED
        self._outputs.stream(stage, entry, after, now)
        if after.state == "settled":
            self._outputs.summary(stage, entry, after, now)
        return Outcome.PUBLISHED

    def _decide(self, command: Command, request: RequestState, now: float) -> RequestState | None:
        if command.command == "refresh":
            return self._refresh(request, now)
        if is_final(request) or request.wish in {command.command, "cancel"}:
            return None
        if request.state in NEVER_SENT:
            if not request.doubts:
                return settled(request, "cancelled", _why(command), now, self._policy)
            # an earlier submission may still turn up: it is looked for, and stopped when found
            return msgspec.structs.replace(
                settled(request, "cancelled", _why(command), now, self._policy), due=request.search_at
            )
        wish: Wish = command.command
        due = now if request.state == "processing" or _is_held(request) else request.due
        return msgspec.structs.replace(request, wish=wish, reason=_why(command), due=due)

    def _refresh(self, request: RequestState, now: float) -> RequestState | None:
        if (request.state in BOUND and request.stream_id is not None) or _is_held(request):
            return msgspec.structs.replace(refresh_asked(request, now), failures=0)
        return None


def _is_held(request: RequestState) -> bool:
    """Whether a submission is in doubt and waits for a person: any command makes it look once more."""
    return request.state == "in_doubt" and request.due is None


def _why(command: Command) -> str:
    by = f" by {command.issued_by}" if command.issued_by else ""
    reason = f": {command.reason}" if command.reason else ""
    return f"{command.command}{by}{reason}"[:500]

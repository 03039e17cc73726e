"""Records that come before their request: kept in the ledger, within bounds, applied when it comes, or given up."""

from __future__ import annotations

from agents.entry import Entry
from agents.ledger_records import STATE_VERSION, Parked, parked_key
from agents.policy import Policy
from agents.rules.originals import Original, headers_of, restored_headers, text_of
from agents.rules.outputs import Outputs
from agents.state import PartitionState
from pipeline.domain import Incoming, Outcome, Stage
from schemas.records import RecordError


class Parking:
    """Keeps early records of one worker's partitions."""

    def __init__(self, outputs: Outputs, policy: Policy) -> None:
        self._outputs = outputs
        self._policy = policy

    def park(
        self, topic: str, request_id: str, incoming: Incoming, state: PartitionState, stage: Stage, now: float
    ) -> Outcome:
        """Keep a record until its request comes. It must have been decoded, so that it can be applied then.

        Returns:
            ``KNOWN`` for a request that retention has forgotten: what is late for it is ignored.

        Raises:
            RecordError: ``parked_full``.
        """
        if request_id in state.closed:
            return Outcome.KNOWN
        policy = self._policy
        if len(state.entry(request_id).parked) >= policy.parked_per_request:
            raise RecordError("parked_full", f"{policy.parked_per_request} records wait for this request already")
        if state.parked >= policy.parked_per_partition:
            raise RecordError("parked_full", f"{policy.parked_per_partition} records wait in this partition already")
        parked = Parked(
            state_version=STATE_VERSION,
            value=text_of(incoming),
            timestamp=incoming.timestamp,
            due=now + policy.parked_for_s,
            headers=headers_of(incoming),
        )
        stage.put(parked_key(request_id, topic, incoming.offset), parked)
        return Outcome.FOLDED

    def waiting(self, entry: Entry, partition: int) -> list[tuple[str, Original]]:
        """Return what waits for a request as (short topic, record), in the order of arrival."""
        order = sorted(entry.parked.items(), key=lambda item: (item[1].due, item[0]))
        return [(topic, self._original(entry, partition, topic, offset)) for (topic, offset), _ in order]

    def expire(self, entry: Entry, partition: int, stage: Stage, now: float) -> None:
        """Give up what has waited too long: a dead letter with its bytes, and a tombstone."""
        reason = f"its request did not come within {self._policy.parked_for_s:g} s"
        for (topic, offset), parked in list(entry.parked.items()):
            if parked.due <= now:
                error = RecordError("parked_expired", reason)
                self._outputs.dead_letter(stage, self._original(entry, partition, topic, offset), error, now)
                stage.put(parked_key(entry.request_id, topic, offset), None)

    def _original(self, entry: Entry, partition: int, topic: str, offset: int) -> Original:
        parked = entry.parked[topic, offset]
        return Original(
            topic=self._outputs.full_name(topic),
            partition=partition,
            offset=offset,
            timestamp=parked.timestamp,
            key=entry.request_id.encode(),
            value=parked.value.encode(),
            headers=restored_headers(parked.headers),
        )

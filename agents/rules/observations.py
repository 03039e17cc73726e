"""The rule of the observations topic: webhooks, adopted streams, and ids of streams handed over by another worker."""

from __future__ import annotations

import msgspec

from agents.entry import Entry
from agents.ledger_records import request_key
from agents.rules.outputs import Outputs
from agents.rules.parking import Parking
from agents.rules.sightings import SightingRule
from agents.state import PartitionState
from pipeline.domain import Incoming, Outcome, Stage
from schemas.records import Observation, RecordError, decode

TOPIC = "observations"

_decoder = msgspec.json.Decoder(Observation)


class ObservationRule:
    """Decides about one record of the observations topic."""

    def __init__(self, outputs: Outputs, sightings: SightingRule, parking: Parking) -> None:
        self._outputs = outputs
        self._sightings = sightings
        self._parking = parking

    def __call__(self, incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        """Apply one observation, or park it when its request has not come yet.

        Raises:
            RecordError: of the record (``undecodable``, ``invalid``, ...), ``key_mismatch``, ``no_stream``,
                ``parked_full``.
        """
        observation = decode(_decoder, incoming.value)
        request_id = observation.request_id
        if incoming.key != request_id.encode():
            raise RecordError("key_mismatch", f"the key is not the request_id {request_id}")
        entry = state.entries.get(request_id)
        if entry is None or entry.request is None:
            return self._parking.park(TOPIC, request_id, incoming, state, stage, now)
        return self.apply(entry, observation, stage, now)

    def apply(self, entry: Entry, observation: Observation, stage: Stage, now: float) -> Outcome:
        """Apply an observation to a request that is known."""
        before = entry.request
        if before is None:
            raise LookupError(entry.request_id)
        folded = self._sightings.fold(entry, before, observation, stage, now)
        request, published = folded.request, folded.published
        if published and request.state == "settled":
            # a late one: the end moves, and the summary says so
            request = msgspec.structs.replace(request, summaries=request.summaries + 1)
            self._outputs.summary(stage, entry, request, now)
        if request is not before:
            stage.put(request_key(entry.request_id), request)
            if request.state != before.state:
                return Outcome.PUBLISHED
        if published:
            return Outcome.PUBLISHED
        return Outcome.FOLDED if folded.noted or request is not before else Outcome.KNOWN

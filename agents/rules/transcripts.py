"""The transcript that a request links: fetched before the stream is submitted, or given up with the reason. Pure."""

from __future__ import annotations

from random import Random

import msgspec

from agents.entry import Entry
from agents.ledger_records import STATE_VERSION, LinkedTranscript, RequestState, transcript_key
from agents.policy import Policy
from agents.rules.context import Context
from agents.rules.pacing import jittered
from agents.rules.results import Turn, mismatch
from pipeline.effects.calls import Failed, Fetched, FetchTranscript, Result

_LONGEST_WAIT_S = 300.0
"""Longest pause between two tries, whatever the server asks for: a stream waits meanwhile."""

_LARGEST = 3_145_728
"""Bytes of the state record, well below what the ledger takes; control characters escape to six times their size."""


class TranscriptRule:
    """Decides about a queued request whose profile links a transcript.

    Nothing is staged before a fetch: it changes nothing at the server, so a restart just fetches again.
    """

    def __init__(self, policy: Policy, random: Random) -> None:
        self._policy = policy
        self._random = random

    def call_for(self, entry: Entry, request: RequestState, context: Context) -> FetchTranscript | None:
        """Return what to fetch before the request may wait for a slot; ``None``: nothing, or it was tried."""
        if request.state != "queued" or entry.transcript is not None or context.transcript_url is None:
            return None
        return FetchTranscript(url=context.transcript_url)

    def after(self, turn: Turn, request: RequestState, call: FetchTranscript, result: Result) -> RequestState:
        """Stage what came of it. The same request is returned when it has moved on meanwhile, by a command say."""
        entry, now = turn.entry, turn.now
        if request.state != "queued" or entry.transcript is not None:
            return request
        if isinstance(result, Failed):
            if result.fault == "never_sent":  # the partition leaves this worker
                return request
            tries = request.failures + 1
            if result.fault != "refused" and tries < self._policy.transcript_tries:
                return msgspec.structs.replace(request, failures=tries, due=now + self._pause(tries, result))
            linked = _without(f"{result.reason}; tried {tries} time{'s' if tries > 1 else ''}")
        elif not isinstance(result, Fetched):
            mismatch(call, result)
        else:
            linked = LinkedTranscript(state_version=STATE_VERSION, text=result.text, media_type=result.media_type)
            if len(msgspec.json.encode(linked)) > _LARGEST:
                linked = _without("it is too large for the ledger")
        turn.stage.put(transcript_key(entry.request_id), linked)
        return msgspec.structs.replace(request, failures=0, due=now)

    def _pause(self, tries: int, failed: Failed) -> float:
        grown = self._policy.transcript_pause_s * 2.0 ** min(tries - 1, 30)
        return jittered(min(_LONGEST_WAIT_S, max(grown, failed.retry_after or 0.0)), self._policy, self._random)


def _without(problem: str) -> LinkedTranscript:
    return LinkedTranscript(state_version=STATE_VERSION, text="", problem=problem)

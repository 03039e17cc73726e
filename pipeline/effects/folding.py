"""Folds what came of a call into the ledger of its partition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

import structlog

from pipeline.domain import EffectRules, State
from pipeline.effects.calls import Accepted, Call, Result
from pipeline.effects.refusals import Refusals
from pipeline.effects.work import OpenLedger, Work, whole_or_nothing
from pipeline.ledger.errors import BatchRefused, LedgerClosed, LedgerError
from schemas.records.observation import Observation

S = TypeVar("S", bound=State)

HandOver = Callable[[Observation], Awaitable[None]]

log = structlog.get_logger(__name__)


class CallObserver(Protocol):
    """Where the runner reports what it did."""

    def called(self, kind: str, outcome: str, seconds: float) -> None:
        """A call came to an end. ``outcome`` is ``ok``, the fault, or ``refused_by_broker`` for a result."""


class Folding(Generic[S]):
    """Folds results.

    Args:
        rules: what follows from a result.
        refusals: of each partition, made where there are none; after one, results are written one by one.
        clock: unix seconds.
        hand_over: passes on the id of a stream that was created for a partition which has left meanwhile.
        observer: told of results that a broker refuses.
    """

    def __init__(
        self,
        rules: EffectRules[S],
        refusals: defaultdict[int, Refusals],
        *,
        clock: Callable[[], float],
        hand_over: HandOver | None,
        observer: CallObserver | None,
    ) -> None:
        self._rules = rules
        self._refusals = refusals
        self._clock = clock
        self._hand_over = hand_over
        self._observer = observer

    async def fold(self, work: Work[S], request_id: str, call: Call, result: Result) -> None:
        """Fold a result; the id of a stream that was created is passed on where it cannot be.

        Raises:
            LedgerError: the partition is not ours any more.
        """
        try:
            await self._fold(work, request_id, call, result)
        except LedgerError as error:
            if isinstance(result, Accepted):
                await self._pass_on(request_id, result, str(error))
            raise

    async def _fold(self, work: Work[S], request_id: str, call: Call, result: Result) -> None:
        if self._refusals[work.ledger.partition].careful:
            async with work.alone:
                await self._fold_carefully(work.ledger, request_id, call, result)
            return
        self._finish(work.ledger, request_id, call, result)
        if isinstance(result, Accepted):
            await work.ledger.flush()  # the id of a stream that was created is never dropped

    def _finish(self, ledger: OpenLedger[S], request_id: str, call: Call, result: Result) -> None:
        if not ledger.is_open:
            raise LedgerClosed("closed while the call was under way")
        with whole_or_nothing(ledger, f"the result of {call.kind}"):
            self._rules.finish(ledger.state, request_id, call, result, ledger, self._clock())

    async def _fold_carefully(self, ledger: OpenLedger[S], request_id: str, call: Call, result: Result) -> None:
        """After a refused batch: one transaction a result, so that the request whose result is refused is known."""
        refusals = self._refusals[ledger.partition]
        await ledger.flush()  # what others staged must not be held against this request
        self._finish(ledger, request_id, call, result)
        try:
            await ledger.flush()
        except BatchRefused as error:
            held = refusals.refused(request_id)
            log.warning(
                "effect_refused",
                request_id=request_id,
                kind=call.kind,
                topic=error.topic,
                reason=error.reason,
                retry_in_s=held,
            )
            if self._observer is not None:
                self._observer.called(call.kind, "refused_by_broker", 0.0)
            raise
        refusals.accepted(request_id)

    async def _pass_on(self, request_id: str, result: Accepted, reason: str) -> None:
        log.warning("stream_handed_over", request_id=request_id, stream_id=result.stream.id, reason=reason)
        if self._hand_over is None:
            return
        # the API's ids may be longer than ours and hold other characters
        name = blake2b(result.stream.id.encode(), digest_size=16).hexdigest()
        observation = Observation(
            request_id=request_id,
            observation_id=f"handed-over:{name}",
            source="poll",
            observed_at=datetime.fromtimestamp(result.observed_at, UTC),
            stream=result.stream,
        )
        await self._hand_over(observation)

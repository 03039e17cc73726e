"""The one loop over records. Every record ends as published, folded, known or dead-lettered; there is no fifth way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import structlog

from pipeline.domain import Headers, Incoming, Outcome, Rule, State
from pipeline.ledger import BatchRefused, Ledger, LedgerError
from pipeline.streaming.batch import Batch
from pipeline.streaming.dead_letter import TOPIC, error_headers, unwritable, without_content
from pipeline.streaming.owner import LedgerOwner
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from schemas.records import RecordError

S = TypeVar("S", bound=State)

FORWARDED = "tldr-forwarded"
"""Header of a record that was moved to the partition where its key belongs; moved once, never again."""

MAX_KEY_BYTES = 200
_YIELD_EVERY = 200

log = structlog.get_logger(__name__)


class ApplyObserver(Protocol):
    """Where the loop reports what became of records."""

    def applied(self, topic: str, outcomes: Counter[Outcome]) -> None:
        """Records of a batch are folded (not yet flushed)."""

    def dead_lettered(self, topic: str, code: str) -> None:
        """A record was dead-lettered for a reason."""


class Applier(Generic[S]):
    """Applies batches of one input topic by one rule.

    Args:
        topic: short name of the input topic.
        rule: decides about one record.
        owner: has the ledgers.
        session_of: a partition's current reading session.
        place: where a key belongs.
        clock: unix seconds.
        on_fatal: called on a fault of ours; the record is then not acknowledged.
    """

    def __init__(  # noqa: PLR0913 - each is a port of its own
        self,
        topic: str,
        rule: Rule[S],
        owner: LedgerOwner[S],
        *,
        session_of: Callable[[int], int],
        place: Callable[[bytes], int],
        clock: Callable[[], float],
        wake: Callable[[int], None],
        observer: ApplyObserver,
        on_fatal: Callable[[Unrecoverable], None],
    ) -> None:
        self._topic = topic
        self._rule = rule
        self._owner = owner
        self._session_of = session_of
        self._place = place
        self._clock = clock
        self._wake = wake
        self._observer = observer
        self._on_fatal = on_fatal

    async def apply(self, batch: Batch) -> None:
        """Apply a batch's records in order and mark it done; stop without a mark when the partition is lost.

        Whatever else stops it in the middle gives up the ledger, so that no later batch is applied over the gap: the
        partition is read again from what is durable. A fault of ours is fatal too, and acknowledges nothing.
        """
        try:
            await self._apply(batch)
        except asyncio.CancelledError:
            self._give_up(batch, "was cancelled")
            raise
        except LedgerError as error:
            log.info("batch_abandoned", topic=self._topic, partition=batch.tp.partition, reason=str(error))
        except Unrecoverable as error:
            self._on_fatal(error)
        except Exception as error:  # whatever it is: Faust would swallow it and acknowledge
            log.exception("apply_failed", topic=self._topic, partition=batch.tp.partition)
            self._give_up(batch, "failed")  # half a record's effects may be staged
            self._on_fatal(Unrecoverable(ExitCode.BUG, f"applying {self._topic}: {error!r}"))

    def _give_up(self, batch: Batch, why: str) -> None:
        if not batch.done and (ledger := self._current(batch)) is not None:
            ledger.abandon(f"applying {self._topic} {why}")

    async def _apply(self, batch: Batch) -> None:
        partition = batch.tp.partition
        outcomes: Counter[Outcome] = Counter()
        records, at = batch.records, 0
        while at < len(records):
            await asyncio.sleep(0)
            ledger = self._current(batch)
            if ledger is None:
                return
            await ledger.room()
            if self._current(batch) is not ledger:
                return
            if self._owner.is_careful(partition):
                async with self._owner.alone[partition]:
                    if self._current(batch) is not ledger:
                        return
                    outcomes[await self._apply_carefully(ledger, records[at])] += 1
                at += 1
            else:
                self._apply_some(ledger, records[at : at + _YIELD_EVERY], outcomes)
                at += _YIELD_EVERY
        batch.done = True
        self._observer.applied(self._topic, outcomes)
        self._wake(partition)

    def _current(self, batch: Batch) -> Ledger[S] | None:
        """The ledger to apply to; ``None`` when the batch belongs to a reading session that is over.

        A session is over when the partition may not be read, not only when the next one begins: between the two a new
        ledger is open already, which stands before what the old one had applied.
        """
        partition = batch.tp.partition
        if not self._owner.may_read(partition) or self._session_of(partition) != batch.session:
            return None
        return self._owner.ledger(partition)

    def _apply_some(self, ledger: Ledger[S], records: Sequence[Any], outcomes: Counter[Outcome]) -> None:
        """Apply records without a pause in between: nothing else runs meanwhile, so the ledger stays ours."""
        applied = before = ledger.position(self._topic)
        now = self._clock()  # one reading serves them all: they take some milliseconds
        for record in records:
            if record.offset <= applied:
                outcomes[Outcome.KNOWN] += 1
                continue
            outcomes[self._decide(ledger, record, now)] += 1
            applied = record.offset
        if applied > before:
            ledger.advance(self._topic, applied)  # once for all: whatever breaks above gives up the ledger's state

    async def _apply_carefully(self, ledger: Ledger[S], record: Any) -> Outcome:
        """After a refused batch: one transaction a record, so that the culprit is known when it is refused again."""
        if record.offset <= ledger.position(self._topic):
            return Outcome.KNOWN
        await ledger.flush()  # what others staged must not be held against this record
        place, now = (record.partition, self._topic), self._clock()
        refused = self._owner.refused.get(place)
        try:
            if refused is not None and refused[0] == record.offset:
                outcome = self._dead_letter(ledger, record, RecordError("refused_by_broker", refused[1]), now)
            else:
                outcome = self._decide(ledger, record, now)
            ledger.advance(self._topic, record.offset)
            await ledger.flush()
            self._owner.passed(record.partition, self._topic, record.offset)
        except BatchRefused as error:
            if refused is not None and refused[0] == record.offset:
                reason = f"{self._topic}: the dead letter of offset {record.offset} is refused too: {error}"
                raise Unrecoverable(ExitCode.TOPICS, reason) from error
            self._owner.refused[place] = (record.offset, str(error))
            raise
        return outcome

    def _decide(self, ledger: Ledger[S], record: Any, now: float) -> Outcome:
        staged = ledger.staged
        try:
            if record.headers:
                _require_text(record.headers)
            if self._belongs_elsewhere(record):
                self._forward(ledger, record)
                return Outcome.PUBLISHED
            return self._rule(record, ledger.state, ledger, now)
        except RecordError as error:
            if ledger.staged != staged:
                raise RuntimeError(f"a rule of {self._topic} refused a record after it had staged") from error
            return self._dead_letter(ledger, record, error, now)

    def _dead_letter(self, ledger: Ledger[S], record: Any, error: RecordError, now: float) -> Outcome:
        headers = error_headers(record, error, now)
        try:
            ledger.publish(TOPIC, record.key, record.value, headers)
        except RecordError:  # it came in compressed, and is larger than any topic takes
            ledger.publish(TOPIC, *without_content(record, headers))
        self._observer.dead_lettered(self._topic, error.code)
        return Outcome.DEAD_LETTERED

    def _belongs_elsewhere(self, record: Incoming) -> bool:
        key = record.key
        if not key:
            raise RecordError("empty_key", "the record has no key; the key is the request_id")
        if len(key) > MAX_KEY_BYTES:
            raise RecordError("oversize_key", f"the key has {len(key)} bytes; at most {MAX_KEY_BYTES} are allowed")
        if self._place(key) == record.partition:
            return False
        if any(name == FORWARDED for name, _ in record.headers):
            raise RecordError("misplaced_key", f"forwarded once, and still not where its key belongs ({key!r})")
        return True

    def _forward(self, ledger: Ledger[S], record: Incoming) -> None:
        """Another client's partitioner put the record here: move it to where its key belongs."""
        assert record.key is not None  # noqa: S101 - checked by _belongs_elsewhere
        headers = [*record.headers, (FORWARDED, str(record.partition).encode())]
        ledger.publish(self._topic, record.key, record.value, headers, partition=self._place(record.key))


def _require_text(headers: Headers) -> None:
    """Refuse header names that are not UTF-8: what follows from the record could not carry them on."""
    if bad := unwritable(headers):
        raise RecordError("undecodable_header", f"the name of a header is not UTF-8: {bad[0][0]!a}"[:200])

"""A fetched partition batch, delivered as one Faust event, and the book of what waits."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from faust.types import TP


class Batch:
    """Records of one partition in offset order.

    Attributes:
        tp: where they came from.
        records: aiokafka ``ConsumerRecord`` values.
        session: the partition's reading session; a batch of an older session must not be applied.
        size: bytes of keys and values.
        delivered_at: monotonic seconds.
        done: set by our loop, and only by it, when every record was applied.
    """

    __slots__ = ("delivered_at", "done", "records", "session", "size", "tp")

    def __init__(self, tp: TP, records: Sequence[Any], session: int, delivered_at: float = 0.0) -> None:
        self.tp = tp
        self.records = records
        self.session = session
        self.delivered_at = delivered_at
        self.size = sum((len(r.key) if r.key else 0) + (len(r.value) if r.value else 0) for r in records)
        self.done = False


class InFlight:
    """Delivered batches by partition, in order: what waits, how large it is, and since when."""

    def __init__(self) -> None:
        self._batches: defaultdict[TP, deque[Batch]] = defaultdict(deque)
        self._sizes: defaultdict[TP, int] = defaultdict(int)

    def add(self, batch: Batch) -> None:
        """Note a batch on delivery."""
        self._batches[batch.tp].append(batch)
        self._sizes[batch.tp] += batch.size

    def size(self, tp: TP) -> int:
        """Bytes delivered and not yet done."""
        self._collect(tp)
        return self._sizes[tp]

    def forget(self, tp: TP) -> None:
        """Drop a partition's book: it will be read again from the ledger's position."""
        self._batches.pop(tp, None)
        self._sizes.pop(tp, None)

    def oldest(self) -> Batch | None:
        """The batch that has waited longest, if any is open."""
        open_batches = [batch for batches in self._batches.values() for batch in batches if not batch.done]
        return min(open_batches, key=lambda batch: batch.delivered_at, default=None)

    def _collect(self, tp: TP) -> None:
        batches = self._batches[tp]
        while batches and batches[0].done:
            batch = batches.popleft()
            self._sizes[tp] -= batch.size

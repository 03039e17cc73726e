"""The book of delivered batches."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from pipeline.streaming.batch import Batch, InFlight


def batch(tp: TP, *offsets: int, at: float = 0.0) -> Batch:
    """A batch of ten-byte records."""
    records: list[Any] = [SimpleNamespace(offset=offset, key=b"kkkk", value=b"vvvvvv") for offset in offsets]
    return Batch(tp, records, session=1, delivered_at=at)


def test_what_waits_is_counted_in_bytes() -> None:
    """Size is keys and values of what is delivered and not done; null keys and values count nothing."""
    tp, book = TP("in", 0), InFlight()
    first, second = batch(tp, 1, 2), batch(tp, 3)
    book.add(first)
    book.add(second)
    assert book.size(tp) == 30
    first.done = True
    assert book.size(tp) == 10
    assert Batch(tp, [SimpleNamespace(key=None, value=None)], 1).size == 0


def test_a_batch_done_out_of_order_waits_for_those_before() -> None:
    """Room is made from the front: a partition's batches are done in order."""
    tp, book = TP("in", 0), InFlight()
    first, second = batch(tp, 1), batch(tp, 2)
    book.add(first)
    book.add(second)
    second.done = True
    assert book.size(tp) == 20
    first.done = True
    assert book.size(tp) == 0


def test_the_oldest_open_batch_is_known() -> None:
    """The watchdog's question: which batch has waited longest."""
    book = InFlight()
    assert book.oldest() is None
    early, late = batch(TP("in", 0), 1, at=1.0), batch(TP("in", 1), 1, at=2.0)
    book.add(late)
    book.add(early)
    assert book.oldest() is early
    early.done = True
    assert book.oldest() is late
    late.done = True
    assert book.oldest() is None


def test_a_forgotten_partition_holds_nothing() -> None:
    """After a revocation nothing of the partition waits."""
    tp, book = TP("in", 0), InFlight()
    book.add(batch(tp, 1))
    book.forget(tp)
    assert book.size(tp) == 0
    assert book.oldest() is None

"""When a ledger partition counts as read: where its end is, and who is believed about it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import for_code

from pipeline.ledger import LedgerError
from pipeline.ledger.restore import fold_to_stable_end

PARTITION = TopicPartition("ledger", 0)


class Leader:
    """A consumer whose partition has so many records; the leader's own watermark may lag behind them for a while.

    ``lag`` is the watermark of each fetch in turn, then all is told; ``sure`` says when the end may be asked for.
    """

    def __init__(self, records: int, lag: list[int], *, sure: bool = True) -> None:
        self.asked = 0
        self._records = records
        self._lag = lag
        self._sure = sure
        self._told = self._at = 0

    async def getmany(self, *_partitions: Any, **_limits: Any) -> dict[TopicPartition, list[Any]]:
        """What lies below the watermark."""
        await asyncio.sleep(0.001)
        self._told = self._lag.pop(0) if self._lag else self._records
        offsets, self._at = range(self._at, max(self._at, self._told)), max(self._at, self._told)
        return {PARTITION: [SimpleNamespace(key=str(offset).encode(), value=b"") for offset in offsets]}

    async def position(self, _partition: TopicPartition) -> int:
        """Behind what was brought."""
        return self._at

    def highwater(self, _partition: TopicPartition) -> int:
        """As the last fetch said."""
        return self._told

    last_stable_offset = highwater

    async def end_offsets(self, _partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The truth, once the leader knows it."""
        self.asked += 1
        if not self._sure:
            await asyncio.sleep(60)
        return {PARTITION: self._records}


async def restored(leader: Leader, *, stall_timeout: float = 5.0) -> tuple[int, int]:
    """The end, and how many records were folded."""
    folded: list[str] = []
    end = await fold_to_stable_end(
        leader, PARTITION, 0, lambda key, _value: folded.append(key), stall_timeout=stall_timeout
    )
    return end, len(folded)


@pytest.mark.parametrize("lag", [[0], [3], [3, 3, 4]])
async def test_a_new_leader_that_lags_is_not_believed(lag: list[int]) -> None:
    """No transaction is open below a watermark that lags: what is committed above it is read all the same."""
    assert await restored(Leader(5, lag)) == (5, 5)


@pytest.mark.parametrize("records", [0, 5])
async def test_the_end_is_asked_for_once(records: int) -> None:
    """In the normal case a restore costs one request more than its fetches."""
    leader = Leader(records, [])
    assert await restored(leader) == (records, records)
    assert leader.asked == 1


async def test_a_leader_that_is_never_sure_stalls_the_restore() -> None:
    """The deadline for progress holds for the question too."""
    async with asyncio.timeout(2.0):
        with pytest.raises(LedgerError, match="asked None: no progress"):
            await restored(Leader(5, [], sure=False), stall_timeout=0.1)


async def test_a_watermark_that_stays_behind_stalls_the_restore() -> None:
    """Fetches that never come up to the end that was told are no reason to go on for ever."""
    async with asyncio.timeout(2.0):
        with pytest.raises(LedgerError, match="stable to 3 of 3, asked 5"):
            await restored(Leader(5, [3] * 10_000), stall_timeout=0.1)


def test_a_leader_that_is_not_sure_is_asked_again() -> None:
    """OFFSET_NOT_AVAILABLE, unknown to aiokafka, would end its search for the end at once."""
    assert for_code(78).retriable

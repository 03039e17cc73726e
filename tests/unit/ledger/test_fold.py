"""Live and restored state are the same: both are folded from the same records by the same function."""

import asyncio
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import Headers
from pipeline.ledger import Ledger
from pipeline.ledger.records import Position, decode_position
from tests.kafka.engine import Item, Items, ledger_config

KEYS = st.sampled_from([f"item/{name}" for name in "abcd"])
VALUES = st.none() | st.builds(Item, content=st.text(max_size=5), revision=st.integers(0, 9))
STEPS = st.lists(st.tuples(KEYS, VALUES) | st.integers(0, 5), max_size=40)


class Log:
    """A producer that keeps what it is given to commit, in place of Kafka."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes | None]] = []

    def new_batch(self) -> "Log":
        """All batches are one."""
        return self

    def append(self, *, timestamp: int, key: bytes, value: bytes | None, headers: Headers) -> object:  # noqa: ARG002
        """Keep a record."""
        self.records.append((key.decode(), value))
        return self

    async def commit(self, _batches: Any, *, timeout: float) -> dict[Any, int]:  # noqa: ARG002
        """Everything is kept already."""
        return {}

    async def close(self, *, timeout: float) -> None:
        """There is nothing to close."""


def compacted(records: list[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    """The last record of each key, in order, as compaction leaves them."""
    last = {key: index for index, (key, _) in enumerate(records)}
    return [record for index, record in enumerate(records) if last[record[0]] == index]


def restored(records: list[tuple[str, bytes | None]]) -> Ledger[Items]:
    """A ledger that read these records."""
    ledger = Ledger(ledger_config("nowhere:1", ""), 0, Items())
    for key, value in records:
        ledger._restore(key, value)
    return ledger


async def written(steps: list[Any]) -> tuple[Ledger[Items], Log]:
    """Apply steps to a live ledger: state records, or positions; every third step flushes."""
    ledger, log = Ledger(ledger_config("nowhere:1", ""), 0, Items()), Log()
    ledger._producer = log  # type: ignore[assignment]  # the log stands in for Kafka
    ledger._start()
    for number, step in enumerate(steps):
        if isinstance(step, int):
            ledger.advance("in", step)
        else:
            ledger.put(*step)
        if number % 3 == 0:
            await ledger.flush()
    await ledger.flush()
    await ledger.drop()
    return ledger, log


@given(STEPS)
def test_restored_state_is_the_live_state(steps: list[Any]) -> None:
    """Any sequence of puts, tombstones and positions: restoring the log, or its compaction, gives the live state."""
    live, log = asyncio.run(written(steps))
    for records in (log.records, compacted(log.records)):
        again = restored(records)
        assert again.state.items == live.state.items
        assert again.position("in") == live.position("in")


def test_fields_of_a_newer_version_are_ignored() -> None:
    """R42: a reader takes state records and positions that a newer writer gave further fields."""
    newer = {"state_version": 2, "content": "x", "revision": 3, "colour": "blue"}
    ledger = restored(
        [
            ("item/a", msgspec.json.encode(newer)),
            ("position/in", msgspec.json.encode({"state_version": 2, "offset": 9, "topic_id": "abc"})),
        ]
    )
    assert ledger.state.items["item/a"].content == "x"
    assert ledger.position("in") == 9


def test_a_position_survives_its_encoding() -> None:
    """What is written is what is read."""
    assert decode_position(msgspec.json.encode(Position(offset=2**40))).offset == 2**40

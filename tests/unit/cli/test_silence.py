"""Kafka goes away while a command follows it: the client says nothing, so the command must."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from pipeline.cli.errors import CommandError
from pipeline.cli.following import follow_to_the_end
from pipeline.cli.output import Output
from pipeline.cli.silence import GIVE_UP_AFTER_S, Silence
from pipeline.stack.follow import Following
from pipeline.stack.reader import ASK_AFTER_S, Reader
from pipeline.worker.exit_codes import ExitCode
from schemas.records import Request
from tests.unit.cli.world import REQUEST

POLL_S = 1.0


class QuietConsumer:
    """Has no records; answers questions, or does not. Each poll takes a second of its clock."""

    def __init__(self, *, away_from: float = 0.0, until: float = float("inf")) -> None:
        self.now = 0.0
        self.asked = 0
        self._away_from, self._until = away_from, until

    def time(self) -> float:
        """Its clock."""
        return self.now

    async def getmany(self, **_options: Any) -> dict[Any, Any]:
        """Nothing, a second later."""
        self.now += POLL_S
        return {}

    def assignment(self) -> set[Any]:
        """No partition: what is asked for does not matter here."""
        return set()

    async def end_offsets(self, _partitions: Any) -> dict[Any, int]:
        """Answer, unless it is away now."""
        self.asked += 1
        if self._away_from <= self.now < self._until:
            raise KafkaTimeoutError
        return {}


async def said_of(consumer: QuietConsumer, seconds: float) -> list[tuple[float, str]]:
    """Follow for so long; return what was said, and when."""
    reader, said = Reader(consumer, {}, consumer.time), list[tuple[float, str]]()
    silence = Silence(lambda line: said.append((consumer.now, line)))
    async for _ in reader.follow():
        silence.note(reader.unheard_s)
        if consumer.now >= seconds:
            break
    return said


async def test_kafka_away_is_said_once_and_its_return_too() -> None:
    """After ten seconds without an answer one line says so, and one says that it is over; nothing in between."""
    said = await said_of(QuietConsumer(away_from=20.0, until=100.0), 200.0)
    (away_at, away), (back_at, back) = said
    assert 30.0 - ASK_AFTER_S - POLL_S <= away_at <= 30.0  # since its last answer, which is a little older
    assert away == "Kafka does not answer since 10 s"
    assert (back_at, back) == (100.0, "Kafka answers again")


async def test_topics_without_records_are_no_silence() -> None:
    """A quiet topic is not taken for a cluster that is away, and Kafka is not asked at each poll."""
    consumer = QuietConsumer(away_from=float("inf"))
    assert await said_of(consumer, 100.0) == []
    assert consumer.asked <= 100 / ASK_AFTER_S


async def test_waiting_for_a_request_ends_after_a_minute_without_kafka() -> None:
    """``submit --wait`` gives up with exit code 3 and says how to look later; it does not wait out its hour."""
    consumer = QuietConsumer()
    request = Request(request_id=REQUEST, tenant="acme", source_url="https://example.com/x")
    with pytest.raises(CommandError, match="Kafka does not answer since 6") as caught:
        await follow_to_the_end(Reader(consumer, {}, consumer.time), Following([REQUEST]), request, Output())
    assert caught.value.exit_code == ExitCode.KAFKA
    assert f"highlights streams show {REQUEST}" in caught.value.fix
    assert consumer.now <= GIVE_UP_AFTER_S + 2 * POLL_S

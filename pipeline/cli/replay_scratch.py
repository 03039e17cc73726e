"""The scratch topic of a replay: its name, whether it may be used, and what is written to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipeline.cli.errors import CommandError
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.cli.context import CliContext
    from pipeline.cli.replay_run import Replayed
    from schemas.records import Highlight, Summary

RETENTION_DAYS = 3
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_BATCH = 1_000


def scratch_name(named: str | None, prefix: str, profile: str, now: datetime) -> str:
    """Return the name of the scratch topic: the one asked for, or one of its own for this run.

    Raises:
        CommandError: it is no name for a topic, or one of the pipeline's own topics, under whichever prefix.
    """
    from schemas.catalogue import load

    rules = re.sub(r"[^a-zA-Z0-9_-]", "-", profile)
    topic = named or f"{prefix}{load()['highlights'].name}.replay-{rules}-{now:%Y%m%dT%H%M%S}"
    if not _TOPIC.fullmatch(topic) or topic in {".", ".."} or topic.startswith("__"):
        problem = f"--to-topic {topic}: no name for a topic of yours"
        raise CommandError(ExitCode.SETTINGS, problem, "1 to 249 letters, digits, . _ -, not beginning with __")
    if any(topic.endswith(spec.name) for spec in load().topics.values()):
        problem = f"{topic} is one of the pipeline's own topics"
        raise CommandError(ExitCode.SETTINGS, problem, "name a scratch topic: --to-topic NAME")
    return topic


def check_unused(context: CliContext, topic: str) -> None:
    """See to it that nobody else's records are on the topic.

    Raises:
        CommandError: there are, or Kafka is away.
    """
    from aiokafka import AIOKafkaConsumer, TopicPartition

    from pipeline.cli.kafka_access import reach, topics_of
    from pipeline.cli.running import quiet, run_async

    async def run() -> bool:
        connection = await reach(context.settings(), said=said)
        if topic not in await topics_of(connection, said=said):
            return True
        consumer = AIOKafkaConsumer(topic, **connection.aiokafka())
        try:
            await consumer.start()
            places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            return not any((await consumer.end_offsets(places)).values())
        finally:
            await consumer.stop()

    with quiet("aiokafka") as said:
        unused = run_async(run())
    if not unused:
        raise CommandError(ExitCode.SETTINGS, f"{topic} holds records already", "name another: --to-topic NAME")


def write_scratch(context: CliContext, topic: str, done: Replayed, progress: Callable[[str], Any]) -> list[str]:
    """Make the topic if it is not there, with as many partitions as highlights have, and write the new records.

    Returns:
        What is too large for it, for people.

    Raises:
        CommandError: Kafka is away.
        TopicAdminError, KafkaError: it refuses.
    """
    from aiokafka import AIOKafkaProducer

    from pipeline.cli.kafka_access import reach
    from pipeline.cli.running import quiet, run_async
    from schemas.catalogue import load

    largest = max(load()[short].max_message_bytes for short in ("highlights", "summaries"))
    headers = _Headers(done.label)
    too_large: list[str] = []

    async def run() -> None:
        connection = await reach(context.settings(), ("highlights",), said=said)
        await _make(context, connection, topic, largest)
        producer = AIOKafkaProducer(**connection.aiokafka(), enable_idempotence=True, max_request_size=largest)
        records, count = done.records(), 0
        try:
            await producer.start()
            while batch := list(islice(records, _BATCH)):
                too_large.extend(await _send(producer, topic, batch, headers))
                count += len(batch)
                progress(f"writing to {topic}: {count:,} records")
        finally:
            await producer.stop()

    with quiet("aiokafka") as said:
        run_async(run())
    return too_large


async def _send(producer: Any, topic: str, batch: list[Highlight | Summary], headers: _Headers) -> list[str]:
    from aiokafka.errors import MessageSizeTooLargeError

    from schemas.records import encode

    sent, too_large = [], []
    for one in batch:
        try:
            sent.append(await producer.send(topic, encode(one), key=one.request_id.encode(), headers=headers.of(one)))
        except MessageSizeTooLargeError:
            too_large.append(headers.id_of(one))
    for each in sent:
        await each
    return too_large


async def _make(context: CliContext, connection: Any, topic: str, largest: int) -> None:
    from pipeline.kafka.admin import TopicAdmin
    from pipeline.kafka.topic_plan import NewTopic
    from schemas.catalogue import load

    topics = context.settings().topics
    highlights = load().full_name("highlights", topics.prefix)
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(RETENTION_DAYS * 86_400_000),
        "max.message.bytes": str(largest),
    }
    async with TopicAdmin(connection) as admin:
        partitions = (await admin.partition_counts([highlights]))[highlights]
        await admin.create([NewTopic(topic, partitions, topics.replication_factor, config)])


class _Headers:
    """CloudEvents headers of records made anew: their type tells highlights from summaries, their source the rules."""

    def __init__(self, label: str) -> None:
        from schemas import cloudevents
        from schemas.catalogue import load

        source = f"/tldr-highlight/replay/{label}"
        self._highlight = cloudevents.EventHeaders(load()["highlights"].name, source)
        self._summary = cloudevents.EventHeaders(load()["summaries"].name, source)
        self._at = datetime.now(UTC).isoformat(timespec="milliseconds")

    def id_of(self, one: Highlight | Summary) -> str:
        """Return the event's id; the published record's, whose source is another."""
        from schemas import cloudevents
        from schemas.records import Highlight

        if isinstance(one, Highlight):
            return cloudevents.highlight_id(one.request_id, one.highlight_id, one.revision)
        return cloudevents.summary_id(one.request_id, one.revision)

    def of(self, one: Highlight | Summary) -> list[tuple[str, bytes]]:
        """Return the headers of a record."""
        from schemas.records import Highlight

        events = self._highlight if isinstance(one, Highlight) else self._summary
        return events.make(self.id_of(one), self._at, one.request_id)

"""Before the group is joined: are all topics there, each with the partition count that the settings say?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pipeline.kafka.admin import TopicAdmin, TopicAdminError
from pipeline.kafka.connection import KafkaConnection
from pipeline.settings import TopicSettings
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from schemas.catalogue import load

_LOOKS = 3
_PAUSE_S = 1.0
"""A topic that was made a moment ago may not be known to every broker yet."""


async def check_topics(
    connection: KafkaConnection, topics: TopicSettings, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Return when the topics fit.

    Raises:
        Unrecoverable: some are missing or have another partition count, or we may not look; all of it is named.
        KafkaError, TimeoutError, OSError: the cluster went away.
    """
    names = [topics.prefix + spec.name for spec in load().topics.values()]
    for look in range(1, _LOOKS + 1):
        try:
            async with TopicAdmin(connection) as admin:
                counts = await admin.partition_counts(names)
        except TopicAdminError as error:
            raise Unrecoverable(
                ExitCode.TOPICS, f"{error}; give the worker the right to describe its topics"
            ) from error
        missing = [name for name in names if name not in counts]
        if not missing or look == _LOOKS:
            break
        await sleep(_PAUSE_S)
    unfit = [f"{name} has {count} partitions" for name, count in counts.items() if count != topics.partitions]
    if missing:
        raise Unrecoverable(
            ExitCode.TOPICS, f"topics are missing: {', '.join(missing)}; make them with: highlights topics apply"
        )
    if unfit:
        raise Unrecoverable(
            ExitCode.TOPICS,
            f"TLDR_PARTITIONS is {topics.partitions}, but {', '.join(unfit)}; a count never changes in place: "
            "set TLDR_PARTITIONS to what the topics have (highlights topics plan shows all)",
        )

"""``topics plan`` and ``topics apply``: make the cluster's topics what the catalogue says, or say why not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from pipeline.kafka.admin import TopicAdmin
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.topic_plan import Layout, NewTopic, Plan, Refusal, difference, wanted_topics
from schemas import topic_lock
from schemas.catalogue import Catalogue

__all__ = ["Layout", "Plan", "Refusal", "TopicsNotReady", "TopicsRefused", "apply", "plan"]

Sleep = Callable[[float], Awaitable[None]]


class TopicsRefused(RuntimeError):
    """The plan holds changes that are never made. ``refusals`` has each."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__("\n".join(["topics: refused", *(f"  {refusal}" for refusal in refusals)]))


class TopicsNotReady(RuntimeError):
    """The topics did not become what was applied within the time."""


async def plan(connection: KafkaConnection, catalogue: Catalogue, layout: Layout) -> Plan:
    """Look at the cluster and say what differs. Changes nothing.

    Raises:
        KafkaConnectionError: no broker answers.
        TopicAdminError: the cluster does not let us look.
    """
    wanted = wanted_topics(catalogue, layout)
    async with TopicAdmin(connection) as admin:
        found = await admin.find(topic.name for topic in wanted)
    rekeyed = topic_lock.rekeyed(catalogue, topic_lock.read())
    return difference(wanted, found, {layout.prefix + name: reason for name, reason in rekeyed.items()})


async def apply(
    connection: KafkaConnection, planned: Plan, timeout: float = 30.0, sleep: Sleep = asyncio.sleep
) -> None:
    """Do what a plan says, and wait until it is so and every partition has a leader.

    Args:
        connection: the cluster that the plan was made for.
        planned: what :func:`plan` returned.
        timeout: seconds to wait for the topics after the cluster took the changes.
        sleep: waits between two looks.

    Raises:
        TopicsRefused: the plan holds refusals; nothing was changed.
        TopicAdminError: the cluster refused a change; the changes before it were made.
        TopicsNotReady: the topics are not as they should be within the time.
    """
    if planned.refusals:
        raise TopicsRefused(planned.refusals)
    changes: dict[str, dict[str, str]] = {}
    for change in planned.change:
        changes.setdefault(change.topic, {})[change.setting] = change.should
    async with TopicAdmin(connection) as admin:
        await admin.create(planned.create)
        await admin.set_config(changes)
        deadline = time.monotonic() + timeout
        while left := await _unfinished(admin, planned.wanted):
            if time.monotonic() > deadline:
                raise TopicsNotReady(f"after {timeout:g} s: " + "; ".join(left))
            await sleep(0.1)


async def _unfinished(admin: TopicAdmin, wanted: Sequence[NewTopic]) -> list[str]:
    found = await admin.find(topic.name for topic in wanted)
    now = difference(wanted, found, {})
    if now.refusals:  # another program made a topic at the same time, and otherwise
        raise TopicsRefused(now.refusals)
    left = [] if now.is_done else now.lines()
    return left + [
        f"{name}: {topic.leaders} of {topic.partitions} partitions have a leader"
        for name, topic in found.items()
        if topic.leaders < topic.partitions
    ]

"""A meeting from its request to its minutes: the transcript is fetched, follow-ups and reminders come out once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka
from schemas.records import Highlight, Summary
from schemas.records.follow_up import FollowUp
from tests.kafka.worker_scene import open_scene, request, until

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

REQUEST = "board"
SCENARIO = """
name = "meeting"
[time]
compression = 160.0
[streams]
pending_s = [1, 5]
[content]
created_at = "live"
"""
"""The written meeting of sixteen minutes in six seconds."""


@dataclass
class Met:
    """What was published on each topic, in order."""

    highlights: list[Highlight]
    summary: Summary
    follow_ups: list[FollowUp]
    dead_letters: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def met(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Met]:
    """A meeting of tomorrow whose transcript is linked; the worker is killed on the way, and comes back."""
    overrides = {"policy.allowed_hosts": ("127.0.0.1",), "policy.remind_before_s": 60 * 86_400.0}
    folder = tmp_path_factory.mktemp("meeting")
    async with open_scene(folder, kafka, "board.", workers=1, overrides=overrides, content=SCENARIO) as scene:
        workers = scene.stack.workers
        await workers.start(1)
        await workers.until_ready()
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
        metadata = {
            "script": "board-meeting",
            "attendees": ["Goran Petrov", "Amara Okafor", "Chen Wei", "Hana Suzuki", "Ines Duarte"],
            "date": tomorrow.isoformat(),
            "timezone": "Europe/Lisbon",
            "transcript": {
                "url": f"{scene.stack.simulator.base_url.removesuffix('/v1')}/transcripts/board-meeting.vtt"
            },
        }
        await scene.send("requests", REQUEST.encode(), request(REQUEST, profile="meetings", metadata=metadata))

        async def some() -> bool:
            return len(await scene.read("highlights")) >= 4

        await until(some, what="four highlights")
        await workers.kill(1)
        await workers.start(1)
        await scene.until_state(REQUEST, timeout=60.0)

        async def reminded() -> bool:
            told = await values("follow-ups", FollowUp)
            due = {one.item_id for one in told if one.kind == "opened" and one.remind_at is not None}
            return bool(due) and due <= {one.item_id for one in told if one.kind == "reminder"}

        async def values(short: str, kind: Any) -> list[Any]:
            return [msgspec.json.decode(record.value, type=kind) for record in await scene.read(short)]

        await until(reminded, 30.0, "a reminder of each item that is due")
        summaries = await values("summaries", Summary)
        yield Met(
            await values("highlights", Highlight),
            summaries[-1],
            await values("follow-ups", FollowUp),
            len(await scene.read("dead-letters")),
        )


async def test_the_linked_transcript_is_what_the_minutes_are_made_of(met: Met) -> None:
    """Fetched before the first highlight: each is enriched from what was said; the minutes have names and dates."""
    assert met.dead_letters == 0
    items = [item for highlight in met.highlights for item in highlight.enrichment["items"]]
    assert any(item["evidence"]["field"] == "transcript" for item in items)
    document = met.summary.document
    assert document["decisions"]
    assert {"Hana Suzuki", "Chen Wei"} <= {action["assignee"] for action in document["actions"]}
    assert any(action["due"] for action in document["actions"])


async def test_nothing_private_is_published(met: Met) -> None:
    """The numbers and addresses that are said in the meeting are on no topic of ours."""
    published = msgspec.json.encode([met.highlights, met.summary, met.follow_ups]).decode()
    for private in ("chen.wei@harbor.example.com", "7946 0958", "123 4567"):
        assert private not in published
    assert met.summary.document["privacy"]["anonymised"]


async def test_each_action_is_followed_up_once(met: Met) -> None:
    """Opened once, reminded of at most once, whatever was killed; what is open is what the minutes list."""
    opened = [one.item_id for one in met.follow_ups if one.kind == "opened"]
    reminders = [one.item_id for one in met.follow_ups if one.kind == "reminder"]
    assert len(opened) == len(set(opened)) > 3
    assert len(reminders) == len(set(reminders)) > 0
    assert set(reminders) <= set(opened)
    withdrawn = {one.item_id for one in met.follow_ups if one.kind == "withdrawn"}
    assert set(opened) - withdrawn == {action["id"] for action in met.summary.document["actions"]}

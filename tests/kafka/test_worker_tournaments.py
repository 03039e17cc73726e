"""Streams of one tournament in different partitions, workers killed meanwhile: each moment once, the end right."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from agents.profiles import Enriched, Sighted
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.streaming.partitioner import partition_of
from schemas.records import Highlight, Moment, Notification, ObservedHighlight, Request, Tournament
from tests.kafka.worker_scene import Scene, open_scene, request, until
from tests.unit.agents.tournament_support import Arena, PlayProfile, PlayRules, play, stream

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
KEY = "acme/cup"
SCENARIO = """
name = "tournament"
[time]
compression = 120.0
[streams]
duration_s = [600, 900]
pending_s = [1, 5]
highlights = [16, 20]
[content]
created_at = "live"
revised_share = 0.3
"""
"""Streams of five to eight seconds, with a highlight every forty seconds of content."""


class EveryPlay(PlayProfile):
    """Takes every highlight for one kind of play, so that time alone decides what is one moment."""

    def prepare(self, asked: Request, linked: Any) -> Any:  # noqa: ARG002 - the port
        """Parse where the stream belongs."""
        return EveryPlayRules(asked)


class EveryPlayRules(PlayRules):
    """The rules of one request."""

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Say that it was a play."""
        return Enriched(tags, {}, sighting=Sighted(("play",), seen.confidence_score))


def plugin(folder: Path) -> Mapping[str, str]:
    """Install the profile above as a package of its own would be; return the environment in which it is found."""
    info = folder / "plays-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plays\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tldr_highlight.profiles]\nplay = tests.kafka.test_worker_tournaments:EveryPlay\n"
    )
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


def requests() -> dict[str, str]:
    """Streams by request id, with their roles: one in each partition, so most are not where the tournament is."""
    place = partition_of(PARTITIONS)
    found: dict[int, str] = {}
    for number in range(100):
        found.setdefault(place(f"cup-{number}".encode()), f"cup-{number}")
    return dict(zip(sorted(found.values()), ("main", "pov", "language", "pov"), strict=True))


@dataclass
class Played:
    """What was published on each topic, in order."""

    highlights: list[Highlight]
    moments: list[Moment]
    tournaments: list[Tournament]
    notifications: list[Notification]
    sightings: list[str]


async def values(scene: Scene, short: str, kind: Any) -> list[Any]:
    """All records of a topic."""
    return [msgspec.json.decode(record.value, type=kind) for record in await scene.read(short)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """Four streams; each of two workers is killed while they run, and comes back."""
    folder = tmp_path_factory.mktemp("tournament")
    environment = plugin(folder / "site")
    overrides = {
        "topics.partitions": PARTITIONS,
        "profiles.plugins": ("play",),
        "tournaments.every_s": 0.5,
        "tournaments.notify_above": 0.9,
        "tournaments.notify_burst": 3,
    }
    async with open_scene(folder, kafka, "cup.", workers=2, overrides=overrides, content=SCENARIO) as scene:
        workers = scene.stack.workers
        for number in (1, 2):
            await workers.start(number, environment)
        await workers.until_ready()
        for request_id, role in requests().items():
            metadata = {"tournament_id": "cup", "tournament_name": "Cup", "match_id": "m1", "stream_role": role}
            value = request(request_id, profile="play", metadata=metadata)
            await scene.send("requests", request_id.encode(), value)
        for number, moments in ((1, 5), (2, 15)):

            async def some(moments: int = moments) -> bool:
                return len(await scene.read("moments")) >= moments

            await until(some, what=f"{moments} moments", every=0.2)
            await workers.kill(number)
            await workers.start(number, environment)
        await scene.until_state(*requests(), timeout=90.0)

        async def final() -> bool:
            records = await values(scene, "tournaments", Tournament)
            known = {highlight.highlight_id for highlight in await values(scene, "highlights", Highlight)}
            return bool(records) and records[-1].final and records[-1].totals.highlights == len(known)

        await until(final, 60.0, "the final record", every=0.5)
        yield Played(
            await values(scene, "highlights", Highlight),
            await values(scene, "moments", Moment),
            await values(scene, "tournaments", Tournament),
            await values(scene, "notifications", Notification),
            [dict(record.headers)["ce_id"].decode() for record in await scene.read("tournament-sightings")],
        )


async def test_each_highlight_is_told_once(played: Played) -> None:
    """The way over the topic between partitions loses nothing and doubles nothing: start, each revision, end."""
    told = Counter(played.sightings)
    assert set(told.values()) == {1}
    revisions = {f"{seen.request_id}/{seen.highlight_id}/{seen.revision}" for seen in played.highlights}
    assert len(revisions) == len(played.highlights) >= 64
    others = set(told) - revisions
    assert revisions <= set(told)
    assert sorted(event.rsplit("/", 1)[0] for event in others) == sorted(
        f"{request_id}/{kind}" for request_id in requests() for kind in ("started", "ended")
    )


async def test_each_revision_of_a_moment_is_published_once_and_in_order(played: Played) -> None:
    """Whoever owned the partition, the revisions of each moment count up from 1 without gaps."""
    revisions: Counter[str] = Counter()
    for moment in played.moments:
        revisions[moment.moment_id] += 1
        assert moment.revision == revisions[moment.moment_id]
    assert {moment.tenant for moment in played.moments} == {"acme"}


async def test_the_moments_are_those_of_the_highlights_in_any_order(played: Played) -> None:
    """What stands in the end is what the latest highlights give when they come one after the other."""
    arena = Arena()
    for seen in {seen.highlight_id: seen for seen in played.highlights}.values():
        place = stream(role=requests()[seen.request_id])
        fields: dict[str, Any] = {
            "end_s": seen.end_s,
            "score": seen.confidence,
            "kinds": ("play",),
            "title": seen.title,
        }
        arena.tell(play(seen.request_id, seen.highlight_id, seen.start_s, place=place, **fields))
    standing = {moment.moment_id: moment for moment in played.moments}
    found = {moment_id: moment for moment_id, moment in standing.items() if not moment.withdrawn}
    assert {name: _views(moment) for name, moment in found.items()} == {
        name: _views(moment) for name, moment in arena.moments.items()
    }
    assert any(moment.views > 1 for moment in found.values())


async def test_the_latest_tournament_record_is_right(played: Played) -> None:
    """Final, with all streams ended, every highlight and moment counted, and a summary; no revision is left out."""
    assert [record.revision for record in played.tournaments] == list(range(1, len(played.tournaments) + 1))
    assert len(played.tournaments) > 2
    last = played.tournaments[-1]
    standing = {moment.moment_id: moment for moment in played.moments}
    assert (last.final, last.totals.streams, last.totals.running) == (True, 4, 0)
    assert last.totals.highlights == len({seen.highlight_id for seen in played.highlights})
    assert last.totals.moments == sum(not moment.withdrawn for moment in standing.values())
    assert last.summary is not None
    assert len(last.summary.timeline) == last.totals.moments


async def test_notifications_are_not_repeated(played: Played) -> None:
    """A burst of three and a few more, each of another moment; the rest is counted."""
    told = [notice.moment_id for notice in played.notifications]
    assert 0 < len(told) == len(set(told))
    totals = played.tournaments[-1].totals
    assert totals.notified == len(told)


def _views(moment: Moment) -> list[tuple[str, str, float]]:
    return [(view.request_id, view.highlight_id, view.score) for view in moment.points_of_view]

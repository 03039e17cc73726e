"""Leaderboards, notifications, the summary, what is remembered of a tournament, and for how long."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.ledger_records import STATE_VERSION, FutureStateError
from agents.state import PartitionState
from schemas.records import RecordError
from schemas.records.tournament import Totals
from schemas.records.tournament_sighting import Player
from tests.unit.agents.support import MemoryStage, header
from tests.unit.agents.tournament_support import KEY, Arena, play, stream, told

MAIN = stream(phase="final", teams=("North", "Delta"), players=(Player(name="Mira", team="North"),))
POV = stream(role="pov", player="Jonas", team="Delta")


def final() -> Arena:
    """Two streams of one match that have ended: an ace seen by both, and a clutch ten minutes later."""
    arena = Arena(retain_s=1_000.0, closed_for_s=5_000.0)
    arena.tell(told("started", "main", MAIN), told("started", "pov", POV))
    by_mira: dict[str, Any] = {"players": ("Mira",), "teams": ("North",)}
    arena.tell(
        play("main", "a", 100.0, place=MAIN, score=0.6, **by_mira), play("pov", "b", 101.0, place=POV, score=0.8)
    )
    arena.tell(play("pov", "c", 700.0, place=POV, kinds=("clutch",), players=("Jonas",), teams=("Delta",)))
    arena.tell(told("ended", "main", MAIN), told("ended", "pov", POV))
    return arena


def test_the_final_record_has_leaderboards_totals_and_a_summary() -> None:
    """Players and teams by score, matches, the best moments, the timeline and the hype curve."""
    (record,) = final().boards()
    assert (record.tenant, record.tournament_id, record.name, record.final) == ("acme", "cup", "Cup", True)
    assert record.totals == Totals(
        streams=2, running=0, highlights=3, moments=2, kinds={"ace": 1, "clutch": 1}, notified=1
    )
    assert [(line.name, line.team, line.score) for line in record.players] == [
        ("Mira", "North", 0.8),
        ("Jonas", "Delta", 0.5),
    ]
    assert [line.name for line in record.teams] == ["North", "Delta"]
    (match,) = record.matches
    assert (match.match_id, match.phase, match.teams, match.streams, match.moments, match.score) == (
        "m1",
        "final",
        ("North", "Delta"),
        2,
        2,
        1.3,
    )
    assert record.summary is not None
    assert [line.start_s for line in record.summary.timeline] == [100.0, 700.0]
    assert [line.score for line in record.top] == [0.8, 0.5]
    (curve,) = record.summary.hype
    assert (curve.start_s, curve.step_s, len(curve.points)) == (60.0, 60.0, 11)
    assert (curve.points[0], curve.points[10], sum(curve.points)) == (0.8, 0.5, 1.3)


def test_live_records_come_at_most_every_few_seconds() -> None:
    """The first change is told at once, a hundred more in the next record, and without a change none follows."""
    arena = Arena(tournament_every_s=5.0)
    arena.tell(told("started", "main", MAIN))
    assert len(arena.boards()) == 1
    for number in range(100):
        arena.now += 0.04
        arena.tell(play("main", f"h{number}", 100.0 * number, place=MAIN))
        assert len(arena.boards()) == 1
    arena.now += 1.1
    first, second = arena.boards()
    assert (first.totals.moments, second.totals.moments, second.final, second.summary) == (0, 100, False, None)
    arena.now += 1_000_000.0
    assert len(arena.boards()) == 2
    assert arena.domain.effects.next_due(arena.state) is None  # a stream runs on: nothing is forgotten


def test_the_latest_revision_is_the_final_word() -> None:
    """A late highlight, and a stream that comes after the others have ended, bring further revisions."""
    arena = final()
    arena.boards()
    arena.tell(play("main", "late", 300.0, place=MAIN))
    arena.now += 10.0
    assert [(record.final, record.totals.moments) for record in arena.boards()] == [(True, 2), (True, 3)]
    arena.tell(told("started", "fr", stream(role="language", language="fr")))
    arena.now += 10.0
    assert (arena.boards()[-1].final, arena.boards()[-1].totals.running) == (False, 1)


def test_a_moment_is_notified_once_whatever_becomes_of_it() -> None:
    """Not again when a view is added, when its id changes, or when it falls apart."""
    arena = Arena(notify_above=0.7)
    arena.tell(play("main", "a", 100.0, score=0.8))
    (notice,) = arena.of("notifications")
    assert (notice.moment_revision, notice.score, notice.suppressed) == (1, 0.8, 0)
    assert notice.clip_url == "https://cdn.example.com/a.mp4"
    arena.tell(play("pov", "b", 99.0, place=POV, score=0.9))
    arena.tell(play("pov", "b", 99.0, place=POV, score=0.9, revision=2, kinds=("clutch",)))
    assert len(arena.moments) == 2
    assert len(arena.of("notifications")) == 1


def test_a_moment_that_becomes_good_is_notified_then() -> None:
    """Its score rises with a revision, or with a point of view that shows it better."""
    arena = Arena(notify_above=0.7)
    arena.tell(play("main", "a", 100.0), play("main", "b", 500.0))
    assert arena.of("notifications") == []
    arena.tell(play("main", "a", 100.0, revision=2, score=0.7), play("pov", "c", 501.0, place=POV, score=0.75))
    assert [(notice.start_s, notice.moment_revision) for notice in arena.of("notifications")] == [
        (100.0, 2),
        (500.0, 2),
    ]


def test_notifications_are_limited_and_those_suppressed_are_counted() -> None:
    """A burst, then so many a second; what is suppressed is not told later, and the next one says how many."""
    arena = Arena(notify_above=0.7, notify_burst=3, notify_per_s=0.1)
    for number in range(10):
        arena.tell(play("main", f"h{number}", 100.0 * number, score=0.9))
    assert len(arena.of("notifications")) == 3
    arena.now += 10.0
    arena.tell(play("main", "h9", 900.0, score=0.95, revision=2))
    assert len(arena.of("notifications")) == 3
    arena.tell(play("main", "h10", 1_000.0, score=0.9))
    assert [notice.suppressed for notice in arena.of("notifications")] == [0, 0, 0, 7]
    totals = arena.boards()[-1].totals
    assert (totals.notified, totals.suppressed) == (4, 7)


def test_tenants_do_not_meet() -> None:
    """Two tenants may use one tournament id: each has its own moments and its own key."""
    arena = Arena()
    other = msgspec.structs.replace(play("r2", "b", 100.0), tenant="other")
    arena.tell(play("r1", "a", 100.0), other)
    assert {record.tenant: record.views for record in arena.of("moments")} == {"acme": 1, "other": 1}
    assert set(arena.state.tournaments) == {KEY, "other/cup"}
    for item in arena.stage.published:
        assert item.key == header(item.headers, "ce_subject").encode()


def test_a_sighting_under_another_key_is_refused() -> None:
    """The key decides which partition owns the tournament; one that contradicts the record would give it two."""
    arena = Arena()
    with pytest.raises(RecordError, match="acme/cup"):
        arena.feed("tournament-sightings", play("r1", "a", 1.0), key="acme/other")
    with pytest.raises(RecordError, match="kind"):
        arena.feed("tournament-sightings", told("highlight", "r1"), key=KEY)
    assert arena.stage.log == []


# -- retention --------------------------------------------------------------------------------------------------------


def test_a_tournament_is_forgotten_after_its_time() -> None:
    """Tombstones for its streams, sightings and moments; what is left keeps the count of revisions, and goes last."""
    arena = final()
    arena.boards()
    arena.now += 990.0
    arena.boards()
    assert arena.state.tournaments[KEY].streams
    arena.now += 20.0
    assert len(arena.boards()) == 1
    kept = {key for key, _ in arena.stage.log if not key.startswith("tournament/")}
    assert {key for key, value in arena.stage.log if value is None} == kept
    left = arena.state.tournaments[KEY]
    assert (left.streams, left.sightings, left.moments, left.matches) == ({}, {}, {}, {})
    assert arena.stage.restored(compacted=True).snapshot() == arena.state.snapshot()
    arena.now += 5_001.0
    arena.boards()
    assert arena.state.tournaments == {}
    assert arena.stage.restored(compacted=True).snapshot() == arena.state.snapshot()


def test_news_keep_a_tournament() -> None:
    """Retention counts from the last change, and a forgotten one that is used again goes on with its revisions."""
    arena = final()
    arena.boards()
    arena.now += 990.0
    arena.tell(play("main", "late", 300.0, place=MAIN))
    arena.boards()
    arena.now += 990.0
    arena.boards()
    assert arena.state.tournaments[KEY].streams
    arena.now += 20.0
    arena.boards()
    arena.tell(told("started", "again", MAIN))
    assert (arena.boards()[-1].revision, arena.boards()[-1].totals.streams) == (3, 1)


# -- restore ----------------------------------------------------------------------------------------------------------


class Chaos:
    """Does whatever may happen to the partition of two tournaments, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.luck = Random(seed)
        self.arena = Arena(seed, notify_above=0.7, notify_burst=2, retain_s=300.0, closed_for_s=200.0)

    def run(self, steps: int) -> None:
        """Take so many steps."""
        for _ in range(steps):
            self.luck.choice([self.see, self.see, self.see, self.place, self.effects])()

    def see(self) -> None:
        """A highlight is new or corrected, perhaps told late."""
        request_id = self.luck.choice(("r0", "r1", "r2"))
        number, revision, epoch = self.luck.randint(0, 5), self.luck.randint(1, 5), self.luck.choice((1, 1, 2))
        score, start = self.luck.choice((0.2, 0.8)), float(self.luck.randint(0, 60))
        place = self.drawn_place()
        kinds = self.luck.choice(((), ("ace",), ("clutch", "ace")))
        self.arena.tell(
            play(
                request_id, f"h/{number}", start, place=place, revision=revision, epoch=epoch, score=score, kinds=kinds
            )
        )

    def place(self) -> None:
        """A stream begins, ends, or is another one."""
        kind, request_id = self.luck.choice(("started", "ended", "ended")), self.luck.choice(("r0", "r1", "r2"))
        self.arena.tell(told(kind, request_id, self.drawn_place(), epoch=self.luck.choice((1, 2))))

    def drawn_place(self) -> Any:
        """Draw where a stream belongs."""
        match_id, offset_s = self.luck.choice(("m1", "m1", "m2", None)), self.luck.choice((0.0, 0.0, 5.0))
        return stream(tournament_id=self.luck.choice(("cup", "league")), match_id=match_id, offset_s=offset_s)

    def effects(self) -> None:
        """Time passes, and what is due is done."""
        self.arena.now += self.luck.choice((0.5, 6.0, 6.0, 310.0))
        assert self.arena.begin() is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 150))
def test_restored_state_equals_live_state(seed: int, steps: int) -> None:
    """Folding the written records from scratch gives the live state, from the whole log and from a compacted one.

    And no two records of a topic share a ``ce_id`` while nothing was forgotten, and a moment is notified once.
    """
    chaos = Chaos(seed)
    chaos.run(steps)
    arena = chaos.arena
    live = arena.state.snapshot()
    assert arena.stage.restored().snapshot() == live
    assert arena.stage.restored(compacted=True).snapshot() == live
    for tournament in arena.state.tournaments.values():
        assert {m for moment in tournament.standing for m in moment.members} == set(tournament.moment_of)
        sights = {member for match in tournament.matches.values() for member in match.sights}
        assert sights == set(tournament.moment_of)
    if all(value is not None for _, value in arena.stage.log):
        events = [(item.topic, dict(item.headers)["ce_id"]) for item in arena.stage.published]
        assert len(events) == len(set(events))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_restored_partition_goes_on_as_the_live_one_would(seed: int) -> None:
    """What follows from the same news is the same, record for record."""
    chaos = Chaos(seed)
    chaos.run(60)
    live, other = chaos.arena, Arena(seed, notify_above=0.7, notify_burst=2, retain_s=300.0, closed_for_s=200.0)
    other.state = live.stage.restored(compacted=True)
    other.stage.state, other.now = other.state, live.now
    from_here = len(live.stage.published)
    steps = Chaos(seed + 1)
    for arena in (live, other):
        steps.luck, steps.arena = Random(seed + 1), arena
        steps.run(40)
    assert live.stage.published[from_here:] == other.stage.published


@pytest.mark.parametrize("kind", ["tournament", "tournament-stream", "moment"])
def test_state_of_a_newer_version_is_refused(kind: str) -> None:
    """A worker does not guess what a newer one meant."""
    with pytest.raises(FutureStateError):
        PartitionState(0).decode(f"{kind}/acme/cup/x", msgspec.json.encode({"state_version": STATE_VERSION + 1}))
    with pytest.raises(FutureStateError):
        PartitionState(0).decode("sighting/acme/cup/r/h", msgspec.json.encode([STATE_VERSION + 1]))


def test_the_largest_record_fits_its_topic() -> None:
    """A tournament of thousands of moments with the longest texts is told without most of its lists."""

    class Small(MemoryStage):
        """A stage on which a megabyte is too much."""

        def publish(self, topic: str, key: bytes | None, value: bytes | None, *args: Any, **more: Any) -> None:
            """Refuse what is too large, as the ledger does."""
            if len(value or b"") > 1_000_000:
                raise RecordError("oversize_output", "too large")
            super().publish(topic, key, value, *args, **more)

    arena = Arena()
    arena.stage = Small(arena.state)
    names = tuple(f"{number:02}" + "é" * 58 for number in range(20))
    for number in range(1_200):
        arena.tell(play("main", f"h{number}", 40.0 * number, title="é" * 120, players=names, teams=names, kinds=names))
    arena.tell(told("ended", "main"))
    (record,) = arena.boards()
    assert record.final
    assert record.summary is not None
    assert len(record.summary.timeline) == 50
    assert record.totals.moments == 1_200

"""Which highlights become one moment: by time, kind, text and players, whatever the order in which they come."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.tournament_records import Member
from agents.tournaments.merging import Match, Order, Sight, grouped, moment_id, regrouped
from pipeline.domain import Outcome
from schemas.records import SightedHighlight, TournamentSighting
from tests.unit.agents.tournament_support import KEY, Arena, play, stream, told

POV = stream(role="pov", player="Mira", team="North", offset_s=100.0)


def pair(apart_s: float, **fields: Any) -> list[TournamentSighting]:
    """A highlight of the broadcast at 1,000 s, and one of a player's view so many seconds later on the same clock."""
    return [play("main", "a", 1_000.0), play("pov", "b", 900.0 + apart_s, place=POV, **fields)]


def test_two_views_of_one_moment_are_one_record_with_both() -> None:
    """The moment has both points of view, the broadcast first, on the clock of the match."""
    arena = Arena()
    arena.tell(*pair(2.0, score=0.7, players=("Mira",), teams=("North",)))
    (moment,) = arena.moments.values()
    assert [(view.request_id, view.role, view.player, view.start_s) for view in moment.points_of_view] == [
        ("main", "main", "", 1_000.0),
        ("pov", "pov", "Mira", 902.0),
    ]
    assert (moment.start_s, moment.end_s, moment.score, moment.views) == (1_000.0, 1_032.0, 0.7, 2)
    assert (moment.title, moment.players, moment.revision) == ("Title of a", ("Mira",), 2)
    assert moment.points_of_view[1].clip_url == "https://cdn.example.com/b.mp4"


@pytest.mark.parametrize(
    ("apart_s", "fields", "views"),
    [
        (4.0, {}, 2),
        (14.0, {}, 2),  # they overlap by half
        (14.0, {"end_s": 915.0}, 2),  # the shorter one is all inside
        (12.0, {"main_s": 20.0}, 1),  # they overlap by less
        (16.0, {}, 1),
        (4.0, {"end_s": 904.0}, 2),  # near enough without any length
        (4.0, {"kinds": ("clutch",)}, 1),
        (4.0, {"kinds": ("clutch", "ace")}, 2),
        (4.0, {"kinds": (), "title": "Timeout, and the crowd sings"}, 1),
        (4.0, {"kinds": (), "title": "Title of A!"}, 2),
        (4.0, {"kinds": (), "title": "Unseen", "players": ("Mira",)}, 1),  # the other names nobody
        (4.0, {"kinds": (), "title": ""}, 1),
        (4.0, {"place": stream(match_id="m2", offset_s=100.0)}, 1),
        (4.0, {"place": stream(match_id=None, offset_s=100.0)}, 1),
    ],
)
def test_what_is_one_moment(apart_s: float, fields: dict[str, Any], views: int) -> None:
    """Same match, near in time, the same kind or, where one has none, a like title."""
    arena = Arena()
    fields = dict(fields)
    main_s = fields.pop("main_s", 30.0)
    arena.tell(play("main", "a", 1_000.0, end_s=1_000.0 + main_s))
    arena.tell(play("pov", "b", 900.0 + apart_s, **{"place": POV, **fields}))
    assert len(arena.moments) == 3 - views


def test_different_players_did_different_things() -> None:
    """Two aces at the same time by two players are two moments; one that names nobody fits either."""
    arena = Arena()
    arena.tell(
        play("main", "a", 1_000.0, players=("Mira",)),
        play("pov", "b", 1_001.0, players=("Jonas",)),
        play("fr", "c", 1_002.0),
    )
    assert arena.groups() == {frozenset({("main", "a"), ("fr", "c")}), frozenset({("pov", "b")})}


def test_one_stream_has_one_highlight_in_a_moment_and_chains_do_not_grow() -> None:
    """Aces in a row, each overlapping the next on another stream, stay apart."""
    arena = Arena()
    for number in range(6):
        arena.tell(play(("main", "pov")[number % 2], f"h{number}", 1_000.0 + 9.0 * number))
    assert sorted(len(group) for group in arena.groups()) == [2, 2, 2]


def test_without_a_match_streams_stay_alone() -> None:
    """A tournament has many matches at the same time of their clocks: nothing is merged on a guess."""
    arena = Arena()
    arena.tell(*[play(name, "h", 10.0, place=stream(match_id=None)) for name in ("r1", "r2", "r3")])
    assert len(arena.moments) == 3


def test_an_earlier_view_takes_the_moment_over_and_says_so() -> None:
    """The moment whose id is gone is published once more: withdrawn, with the name of the one it went into."""
    arena = Arena()
    arena.tell(*pair(2.0))
    arena.tell(play("fr", "c", 998.0))
    gone, new = moment_id(Member("main", "a")), moment_id(Member("fr", "c"))
    assert set(arena.moments) == {new}
    last = [record for record in arena.of("moments") if record.moment_id == gone][-1]
    assert (last.withdrawn, last.merged_into, last.points_of_view, last.revision) == (True, new, [], 3)
    assert arena.moments[new].views == 3


def test_a_corrected_highlight_can_leave_its_moment_and_come_back() -> None:
    """A revision that is about something else makes a moment of its own; ids and revisions go on when it returns."""
    arena = Arena()
    arena.tell(*pair(2.0))
    arena.tell(play("pov", "b", 902.0, place=POV, revision=2, kinds=("clutch",)))
    assert len(arena.moments) == 2
    arena.tell(play("pov", "b", 902.0, place=POV, revision=3))
    assert arena.groups() == {frozenset({("main", "a"), ("pov", "b")})}
    assert arena.of("moments")[-1].merged_into == moment_id(Member("main", "a"))


def test_a_stream_that_is_placed_anew_moves_its_highlights() -> None:
    """A later use of the request's id may name another clock or match: all that the stream showed goes with it."""
    arena = Arena()
    arena.tell(*pair(2.0))
    arena.tell(told("started", "pov", stream(match_id="m2"), epoch=2))
    assert len(arena.moments) == 2
    arena.tell(told("started", "pov", POV, epoch=3))
    assert len(arena.moments) == 1


def test_what_is_known_changes_nothing() -> None:
    """The same revision, an older one, and news of a former use of the id are known."""
    arena = Arena()
    arena.tell(*pair(2.0), play("main", "a", 1_000.0, revision=3, epoch=2))
    before = arena.state.snapshot(), len(arena.stage.published)
    again = [*pair(2.0), play("main", "a", 5.0, revision=2, epoch=2), told("ended", "main")]
    assert arena.tell(play("pov", "b", 902.0, place=POV), *again[2:]) == [Outcome.KNOWN] * 3
    assert (arena.state.snapshot(), len(arena.stage.published)) == before


# -- any order --------------------------------------------------------------------------------------------------------

PLACES = {
    "r0": stream(),
    "r1": stream(role="pov", player="Mira", offset_s=7.0),
    "r2": stream(role="language", language="fr", offset_s=-3.0),
    "r3": stream(match_id="m2"),
}

NEWS = st.builds(
    lambda request, number, start, length, kinds, players: play(
        request,
        f"h{number}",
        float(start),
        place=PLACES[request],
        end_s=float(start + length),
        kinds=tuple(sorted(kinds)),
        players=tuple(sorted(players)),
    ),
    request=st.sampled_from(sorted(PLACES)),
    number=st.integers(0, 8),
    start=st.integers(0, 90),
    length=st.sampled_from((0, 5, 20, 40)),
    kinds=st.frozensets(st.sampled_from(("ace", "clutch"))),
    players=st.frozensets(st.sampled_from(("Mira", "Jonas")), max_size=1),
)


def latest(news: list[TournamentSighting]) -> list[TournamentSighting]:
    """Keep one of each highlight."""
    return list({(one.request_id, one.highlight.highlight_id): one for one in news if one.highlight}.values())


def contents(arena: Arena) -> dict[str, Any]:
    """The moments that stand, but for how often they changed."""
    return {
        moment_id: (record.title, record.start_s, record.end_s, record.score, record.kinds, record.points_of_view)
        for moment_id, record in arena.moments.items()
    }


def grouped_at_once(arena: Arena) -> set[frozenset[tuple[str, str]]]:
    """What grouping everything from scratch says."""
    matches = arena.state.tournaments[KEY].matches.values()
    return {
        frozenset((sight.member.request_id, sight.member.highlight_id) for sight in group)
        for match in matches
        for group in grouped(match)
    }


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(news=st.lists(NEWS, min_size=1, max_size=40), luck=st.randoms(use_true_random=False))
def test_order_and_repetition_are_of_no_account(news: list[TournamentSighting], luck: Random) -> None:
    """The same highlights in any order, some of them twice, give the same moments with the same ids and contents."""
    news = latest(news)
    first, second = Arena(), Arena()
    first.tell(*news)
    shuffled = [*news, *luck.sample(news, len(news) // 2)]
    luck.shuffle(shuffled)
    second.tell(*shuffled)
    assert contents(first) == contents(second)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(news=st.lists(NEWS, min_size=1, max_size=60))
def test_grouping_a_neighbourhood_is_grouping_everything(news: list[TournamentSighting]) -> None:
    """After each of any revisions, what was published is what grouping all highlights from scratch gives.

    Each highlight is in one moment, each moment has one of a stream at most, and the earliest gives it its name.
    """
    arena = Arena()
    for revision, one in enumerate(news, 1):
        assert one.highlight is not None
        h = one.highlight
        fields = {name: getattr(h, name) for name in ("end_s", "kinds", "players")}
        arena.tell(play(one.request_id, h.highlight_id, h.start_s, place=one.stream, revision=revision, **fields))
        assert arena.groups() == grouped_at_once(arena)
    members = [member for group in arena.groups() for member in group]
    assert len(members) == len(set(members)) == len(latest(news))
    for moment_id_, record in arena.moments.items():
        views = record.points_of_view
        assert len({view.request_id for view in views}) == len(views)
        offsets = {view.request_id: PLACES[view.request_id].offset_s for view in views}
        first = min((view.start_s + offsets[view.request_id], view.request_id, view.highlight_id) for view in views)
        assert moment_id_ == moment_id(Member(*first[1:]))


class Counting(Match):
    """Counts how often a highlight is looked at."""

    looks = 0

    def at(self, order: Order) -> Sight:
        """Count."""
        self.looks += 1
        return super().at(order)


@pytest.mark.parametrize("apart_s", [1.0, 0.0], ids=["a crowded match", "streams without times"])
def test_no_work_is_quadratic(apart_s: float) -> None:
    """What one highlight costs does not grow with the match; nor if all of a stream start at the same time.

    In a crowd the neighbourhood is large: a highlight each second of the match, or an API that tells no times.
    """
    match, moment_of = Counting(), dict[Member, tuple[Member, ...]]()
    for number in range(2_000):
        highlight = SightedHighlight(
            highlight_id=f"h{number:04}",
            revision=1,
            title="",
            start_s=apart_s * number,
            end_s=apart_s * number + 30,
            score=0.5,
            kinds=("ace",),
        )
        sight = Sight(f"r{number % 10}" if apart_s else "r0", highlight, 0.0)
        match.add(sight)
        for group in regrouped(match, None, sight, lambda member: moment_of.get(member, ())):
            members = tuple(other.member for other in group)
            moment_of.update(dict.fromkeys(members, members))
    assert match.looks < 100 * 2_000

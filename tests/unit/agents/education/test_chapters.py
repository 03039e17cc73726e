"""Chapters that YouTube accepts, whatever the highlights are."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.education.chapters import FEWEST, MOST, SHORTEST, Moment, chapters_of

TITLES = st.text(max_size=30) | st.sampled_from(["Roux", "Roux", "", " ", "<b>"])


@st.composite
def moments(draw: st.DrawFn) -> list[Moment]:
    """Highlights of a stream: anywhere, overlapping, empty."""
    longest = draw(st.sampled_from([20.0, 60.0, 600.0, 20_000.0, 1e9]))
    found = []
    for place in range(draw(st.integers(0, 30))):
        start = draw(st.floats(0, longest))
        found.append(Moment(start, start + draw(st.floats(0, 200)), draw(st.floats(0, 1)), draw(TITLES), f"h{place}"))
    return found


@given(given_moments=moments(), more=st.floats(0, 1e6), seed=st.randoms())
def test_chapters_keep_the_rules(given_moments: list[Moment], more: float, seed: object) -> None:
    """First at 0:00, at least three, ascending, each 10 s or longer, without gaps, titled, whatever the order."""
    length = max((moment.end_s for moment in given_moments), default=0.0) + more
    chapters, problem = chapters_of(given_moments, length)
    shuffled = list(given_moments)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert chapters_of(shuffled, length) == (chapters, problem)
    if not given_moments or int(min(length, 1e7)) < FEWEST * SHORTEST:
        assert not chapters
        assert problem
        return
    assert problem == ""
    assert FEWEST <= len(chapters) <= MOST + 1
    assert chapters[0].start_s == 0
    assert chapters[-1].end_s == int(min(length, 1e7))
    assert all(one.end_s == other.start_s for one, other in itertools.pairwise(chapters))
    assert all(chapter.end_s - chapter.start_s >= SHORTEST for chapter in chapters)
    titles = [chapter.title for chapter in chapters]
    assert all(title.strip() and "<" not in title and "\n" not in title for title in titles)
    assert len(set(titles)) == len(titles)
    bare = [re.sub(r" \(\d+\)$", "", title) for title in titles]
    repeated = sum(one == other and not one.startswith("Part ") for one, other in itertools.pairwise(bare))
    assert not repeated or len(chapters) == FEWEST


def test_highlights_become_chapters() -> None:
    """An introduction before the first; those that overlap are one, under the title of the surer."""
    given_moments = [
        Moment(60.0, 120.0, 0.8, "Roux", "a"),
        Moment(90.0, 150.0, 0.9, "Stock", "b"),
        Moment(300.0, 360.0, 0.5, "Sauce", "c"),
    ]
    chapters, _ = chapters_of(given_moments, 600.0)
    assert [(one.start_s, one.end_s, one.title) for one in chapters] == [
        (0, 60, "Introduction"),
        (60, 300, "Stock"),
        (300, 600, "Sauce"),
    ]


def test_neighbours_of_one_title_are_one_chapter() -> None:
    """Only neighbours; and three chapters are left, as few as players show."""

    def titles(*given_titles: str) -> list[tuple[int, str]]:
        found, _ = chapters_of(
            [Moment(60.0 * at, 60.0 * at + 30, 0.5, title, f"h{at}") for at, title in enumerate(given_titles)], 1_000.0
        )
        return [(one.start_s, one.title) for one in found]

    assert titles("Roux", "Stock", "Stock", "Stock", "Roux", "Roux") == [(0, "Roux"), (60, "Stock"), (240, "Roux (2)")]
    assert titles("Roux", "Roux", "Stock") == [(0, "Roux"), (60, "Roux (2)"), (120, "Stock")]
    assert len(titles("Roux", "Roux", "Roux", "Roux")) == FEWEST
    assert titles("", "", "", "Stock") == [(0, "Part 1"), (60, "Part 2"), (120, "Part 3"), (180, "Stock")]


def test_one_highlight_is_cut_into_three() -> None:
    """Three chapters is the least that players show."""
    chapters, _ = chapters_of([Moment(0.0, 30.0, 0.5, "Roux", "a")], 30.0)
    assert [(one.start_s, one.end_s) for one in chapters] == [(0, 10), (10, 20), (20, 30)]

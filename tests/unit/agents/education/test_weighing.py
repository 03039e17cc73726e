"""Sentences without a marker are weighed by their words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.education.weighing import KINDS, Weighing, Weights, around, itself, likelihood, stated
from tests.unit.agents.education.support import kinds

ROW = st.tuples(*[st.integers(-900, 900).map(lambda hundredths: hundredths / 100)] * 4)


@given(ROW, st.lists(ROW, max_size=30))
def test_kinds_are_weighed_apart_from_each_other(base: tuple[float, ...], rows: list[tuple[float, ...]]) -> None:
    """Though their weights are one number: each likelihood is that of its own sum."""
    weights = Weights(base, {f"#{place}": row for place, row in enumerate(rows)})  # type: ignore[misc, arg-type]
    weighing = Weighing(weights)
    total = weighing.beside(weighing.base, weights.features)
    for place in range(len(KINDS)):
        own = max(-30.0, min(30.0, base[place] + sum(row[place] for row in rows)))
        assert likelihood(total, place) == pytest.approx(1 / (1 + math.exp(-own)))


def test_of_a_law_and_a_definition_the_likelier_is_stated() -> None:
    """Never both; an emphasis may be beside either."""
    weighing = Weighing(Weights((2.0, 1.0, 1.0, -9.0), {}))
    assert stated(weighing.base) == ["definition", "emphasis"]


@given(st.lists(st.text(min_size=1, max_size=5), max_size=6), st.integers(0, 3))
def test_any_words_have_features(words: list[str], place: int) -> None:
    """None too, and unknown ones: the known words, one length, one share of rare words, one place."""
    found = itself(words, place, 4, frozenset({"a"}))
    signs = [name[:5] for name in found if name[0] == "#"]
    if not words:
        assert found == []
        return
    assert ("a" in found) == ("a" in words)
    assert (signs.count("#leng"), signs.count("#rare")) == (1, 1)
    assert ("#last" in found) == (place == 3)
    assert f"^{words[0] if words[0] == 'a' else '*'}" in found


def test_what_stands_around_is_told_apart() -> None:
    """Before, two before and behind; room talk anywhere."""
    found = around([("definition",), (), ()], [False, False, True], 1)
    assert set(found) == {"<definition", ">nothing", ">room", "#room", "#stated"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Albedo, when we say how much light a surface throws straight back at the sky.", "definition"),
        ("Static sound is sound that never leaves the speaker it came from.", "definition"),
        ("I want this burned into your brains.", "emphasis"),
        ("Say it with me, volts over ohms.", "emphasis"),
        ("so as the ice melts what happens to the temperature", "question"),
    ],
)
def test_families_of_speech_are_found(text: str, kind: str) -> None:
    """Each stands for many ways to say the same."""
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    ["Is there a bin?", "Could you scroll up a sec?", "Are we allowed to wear our own scrubs?", "Is this one on?"],
)
def test_questions_about_the_room_are_none_of_the_subject(text: str) -> None:
    """Who asks about a bin does not ask about biology."""
    assert "question" not in kinds(text)


def test_a_question_for_a_term_is_answered_by_its_definition() -> None:
    """Though no relative clause says so."""
    assert "definition" in kinds("And what's an easement?", "A right one piece of land has over another.")

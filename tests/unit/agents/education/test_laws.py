"""Laws that are named apart from what they say, captions without apostrophes, and what is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.education.laws import law_alone, law_named, law_stated
from agents.profiles.education.sentences import Sentence, spelled_out
from tests.eval.labelled import Passage, Said
from tests.eval.ours import found
from tests.unit.agents.education.support import EDUCATION


def _kinds(text: str) -> frozenset[str]:
    return found(EDUCATION, Passage("x", [], [Said(0.0, 20.0, None, text)], [])).kinds


@pytest.mark.parametrize(
    "text",
    [
        "Bodies pull on each other by their mass. That's the law of gravitation.",
        "Hooke's law. Stretch a spring twice as far and it pulls back twice as hard.",
        "as the price rises the quantity supplied rises too thats the law of supply",
    ],
)
def test_a_law_may_be_named_apart_from_what_it_says(text: str) -> None:
    """Behind, before, and in a caption without marks."""
    assert "theorem" in _kinds(text)


@pytest.mark.parametrize(
    "text",
    ["Murphy's law, the projector dies today.", "I went to law school. Exactly.", "Ohm's law. Right. Any other news?"],
)
def test_a_law_of_the_day_is_none(text: str) -> None:
    """What is said about the room or a life, or is hardly a sentence, states no law of a field."""
    assert "theorem" not in _kinds(text)


def test_a_question_that_is_hardly_more_than_its_term_is_answered_by_a_definition() -> None:
    """The next sentence says what it is."""
    assert "definition" in _kinds("Tort? A civil wrong that the law gives a remedy for.")


def test_a_sentence_about_something_else_is_no_answer() -> None:
    """What begins with another thing does not say what the one asked for is."""
    assert "definition" not in _kinds("A queue? The pumping lemma states that every regular language can be pumped.")


def test_what_is_shown_stays_as_it_was_said() -> None:
    """Apostrophes are for the rules alone."""
    sentence = Sentence("thats it", "thats it", "transcript", 0, 0.0, None)
    assert (spelled_out(sentence).text, spelled_out(sentence).part) == ("that's it", "thats it")


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    """No text raises, and a name is never empty."""
    assert all(find(text) != "" for find in (law_alone, law_named, law_stated))

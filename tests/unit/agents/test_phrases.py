"""Phrases in YAML: what they find, and that the search by stems leaves nothing out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.phrases import Lowered, Phrase, PhraseError, PhraseIndex

GROUPS = {"kill": ["kill*", "takes down", "took down"], "n": ["two", "three", "2|3"], "deep": ["<kill> <n>"]}
WORDS = st.lists(
    st.sampled_from(["kills", "takes", "down", "two", "3", "the", "Killer", "it's", ".", ",", "İ", "x"]), max_size=12
).map(" ".join)
PHRASES = ["<kill> <n>", "the? killer", "two ... down", "<deep>", "it's", "takes|kills the? two"]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("<kill> <n>", "Nyx KILLED three", "killed three"),
        ("<kill> <n>", "she takes down 2 of them", "takes down 2"),
        ("<deep>", "kills two", "kills two"),
        ("two ... down", "two of them go down", "two of them go down"),
        ("two ... down", "two. They go down", None),
        ("the? ace", "an ace!", "ace"),
        ("the? ace", "the palace", None),
        ("don't care", "I don\u2019t care", "don't care"),
    ],
)
def test_a_phrase_finds_its_words(phrase: str, text: str, found: str | None) -> None:
    """Whatever the case and the marks between words, within one sentence, whole words only."""
    match = Phrase(phrase, GROUPS).search(Lowered(text))
    assert (match and match[0]) == found


@pytest.mark.parametrize("phrase", ["", "a?", "... a", "a ...", "<nobody>", "ki*", "a*b", "x (y)"])
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    """At start, with the phrase in the text of the error."""
    with pytest.raises(PhraseError):
        Phrase(phrase, GROUPS)


@given(text=WORDS)
def test_the_index_offers_every_phrase_that_is_in_a_text(text: str) -> None:
    """What the stems leave out would not have been found."""
    index: PhraseIndex[str] = PhraseIndex()
    for source in PHRASES:
        index.add(Phrase(source, GROUPS), source)
    lowered = Lowered(text)
    offered = {meaning for _, meaning in index.candidates(lowered)}
    assert {source for source in PHRASES if Phrase(source, GROUPS).search(lowered)} <= offered


@given(text=st.text())
def test_lowering_keeps_every_offset(text: str) -> None:
    """What is found in the lowered text can be cut out of the text as it came."""
    assert len(Lowered(text).text) == len(text)

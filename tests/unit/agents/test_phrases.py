"""Phrases in YAML: what they find, and that walking all of them together finds what each alone would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles import phrases as module
from agents.profiles.phrases import PhraseError, Phrases, Words

GROUPS = {
    "kill": ["kill*", "takes down", "took down"],
    "n": ["two", "three", "2|3"],
    "deep": ["<kill> <n>", "shot"],
    "late": ["is ... <n>", "one-two", "x? shot"],
}
WORDS = st.lists(
    st.sampled_from(
        ["kills", "takes", "down", "two", "3", "the", "Killer", "it's", ".", ",", "İ", "x", "is", "one", "shot"]
    ),
    max_size=14,
).map(" ".join)
PHRASES = [
    "<kill> <n>",
    "the? killer",
    "two ... down",
    "<deep>",
    "it's",
    "takes|kills the? two",
    "<late> x",
    "the ... <n>",
]


def phrases_of(phrase: str) -> Phrases[None]:
    """One phrase."""
    phrases: Phrases[None] = Phrases(GROUPS)
    phrases.add(phrase, None)
    return phrases


def words_of(phrase: str, text: str) -> list[str]:
    """What a phrase alone finds, as it stands in the text."""
    words = Words(text)
    spans = [words.span(one.first, one.last) for one in phrases_of(phrase).find(words)]
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("<kill> <n>", "Nyx KILLED three", ["KILLED three"]),
        ("<kill> <n>", "she takes down 2 of them", ["takes down 2"]),
        ("<deep>", "kills two, one shot", ["kills two", "shot"]),
        ("two ... down", "two of them go down", ["two of them go down"]),
        ("two ... down", "two of the very best there are go down", []),
        ("two ... down", "two. They go down", []),
        ("the? ace", "an ace!", ["ace"]),
        ("the? ace", "the ace", ["the ace", "ace"]),
        ("ace", "the palace", []),
        ("don't care", "I don\u2019t care", ["don\u2019t care"]),
        ("one-tap", "One tap, one-tap", ["One tap", "one-tap"]),
        ("<late> x", "is it two x", ["is it two x"]),
    ],
)
def test_a_phrase_finds_its_words(phrase: str, text: str, found: list[str]) -> None:
    """Whatever the case and the marks between words, within one sentence, whole words only."""
    assert words_of(phrase, text) == found


@pytest.mark.parametrize("phrase", ["", "a?", "... a", "a ...", "<nobody>", "ki*", "a*b", "x (y)"])
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    """At start, with the phrase in the text of the error."""
    with pytest.raises(PhraseError):
        phrases_of(phrase)


@given(text=WORDS)
def test_all_together_find_what_each_finds_alone(text: str) -> None:
    """Phrases that begin alike share their way, and change nothing for each other."""
    together: Phrases[str] = Phrases(GROUPS)
    for phrase in PHRASES:
        together.add(phrase, phrase)
    words = Words(text)
    found = sorted((one.meaning, one.first, one.last) for one in together.find(words))
    alone: list[tuple[str, int, int]] = []
    for phrase in PHRASES:
        single: Phrases[str] = Phrases(GROUPS)
        single.add(phrase, phrase)
        alone += [(one.meaning, one.first, one.last) for one in single.find(words)]
    assert found == sorted(alone)


@given(text=st.text())
def test_every_word_can_be_cut_out_of_the_text(text: str) -> None:
    """Offsets are those of the text as it came, whatever its letters become in lower case."""
    words = Words(text)
    for place in range(len(words.words)):
        start, end = words.span(place, place + 1)
        assert len(text[start:end]) == len(words.words[place])


@given(texts=st.lists(WORDS, max_size=8))
def test_what_is_forgotten_is_found_again(texts: list[str]) -> None:
    """However often the walk begins anew, it finds the same; what is kept is bounded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_REMEMBERED", 2)
        forgetful: Phrases[str] = Phrases(GROUPS)
        for phrase in PHRASES:
            forgetful.add(phrase, phrase)
        found = [forgetful.find(Words(text)) for text in texts]
        assert len(forgetful._nodes) <= 3
    mindful: Phrases[str] = Phrases(GROUPS)
    for phrase in PHRASES:
        mindful.add(phrase, phrase)
    assert found == [mindful.find(Words(text)) for text in texts]

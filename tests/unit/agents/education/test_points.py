"""What sentences of a lecture do."""

from __future__ import annotations

from time import perf_counter

import pytest

from agents.profiles.data import ProfileDataError
from agents.profiles.education import Education
from agents.profiles.education.sentences import sentences_of
from agents.profiles.transcript import Segment
from tests.unit.agents.education.support import items, kinds


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Osmosis is defined as the movement of water through a membrane.", "Osmosis"),
        ("So a monad is just a way to chain steps that may fail.", "monad"),
        ("By opportunity cost we mean the value of what you gave up.", "opportunity cost"),
        ("A body stays as it moves, and we call that inertia.", "inertia"),
        ("Stomata, those are the small openings in the skin of a leaf.", "Stomata"),
        ("basically entropy refers to how many ways there are to arrange it", "entropy"),
        ("Closures are functions that remember where they were made.", "Closures"),
        ("Autotrophs are organisms that make their own food.", "Autotrophs"),
    ],
)
def test_definitions_are_found_with_their_term(text: str, term: str) -> None:
    """Whatever the form is, and whatever the punctuation."""
    (found,) = [item for item in items(text) if item.kind == "definition"]
    assert found.term == term


@pytest.mark.parametrize(
    "text",
    [
        "That means we're out of time.",
        "It is a lovely day.",
        "This is a big room.",
        "The reading for next week is the chapter that nobody likes.",
        "He is the one who wrote it.",
        "It was a means to an end.",
    ],
)
def test_words_in_another_sense_define_nothing(text: str) -> None:
    """Copulas and the word ``means`` alone are no definition."""
    assert "definition" not in kinds(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ohm's law states that current is voltage over resistance.", "Ohm's law"),
        ("Noether's theorem: every symmetry gives us something conserved.", "Noether's theorem"),
        ("snell's law the ratio of the sines equals the ratio of the speeds", "snell's law"),
        ("The square on the long side is the sum of the others, that's Pythagoras' theorem.", "Pythagoras' theorem"),
    ],
)
def test_laws_are_found_with_their_name(text: str, name: str) -> None:
    """Where they are stated, before or after their name."""
    (found,) = [item for item in items(text) if item.kind == "theorem"]
    assert found.term == name


@pytest.mark.parametrize("text", ["I went to law school.", "We prove Ohm's law next week.", "The golden rule of labs."])
def test_the_mention_of_a_law_is_no_statement(text: str) -> None:
    """Nothing is stated where nothing follows."""
    assert "theorem" not in kinds(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("For example, a spoon in hot tea gets hot too.", "example"),
        ("Suppose you buy a share at ten and sell at twelve.", "example"),
        ("Please write this down.", "emphasis"),
        ("This will be on the exam.", "emphasis"),
        ("If you take one thing from today, take the minus sign.", "emphasis"),
        ("Why does ice float on water?", "question"),
        ("so what happens to the price when supply falls", "question"),
    ],
)
def test_other_kinds_are_found_by_what_is_said(text: str, kind: str) -> None:
    """With and without punctuation."""
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Can everybody hear me at the back?",
        "Is that big enough?",
        "Okay?",
        "Anyone got a charger for this one?",
        "For example, last year's exam was in room four.",
        "Don't forget to sign the register.",
    ],
)
def test_housekeeping_is_left_out(text: str) -> None:
    """What is said about the room and the day teaches nothing."""
    assert kinds(text) == []


def test_a_concrete_sentence_after_a_definition_is_an_example() -> None:
    """No word announces it; the same sentence alone is none."""
    case = "Rope snaps at ten kilonewtons, you hang two on it, and the factor is five."
    assert "example" in kinds("A safety factor is the failure load divided by the load that you expect.", case)
    assert "example" not in kinds(case)


def test_a_sentence_may_run_over_segments() -> None:
    """It is read as one; evidence is of the longest part, at its place in that segment."""
    (found,) = items("So an isotope is an atom with the same number of", "protons but another number of neutrons.")
    assert (found.kind, found.term) == ("definition", "isotope")
    assert found.evidence.text == "So an isotope is an atom with the same number of"
    assert (found.evidence.start, found.evidence.end) == (0, len(found.evidence.text))


def test_evidence_is_the_words_in_their_segment() -> None:
    """Offsets are those of the segment's text, the time that of the sentence."""
    segment = Segment(10.0, 20.0, "Right then. Dr. Smith wrote it. Why is that?", "Ann")
    sentences = sentences_of([segment])
    assert [sentence.part for sentence in sentences] == ["Right then.", "Dr. Smith wrote it.", "Why is that?"]
    for sentence in sentences:
        assert segment.text[sentence.start :].startswith(sentence.part)
        assert 10.0 <= sentence.at_s < 20.0


def test_another_speaker_never_ends_a_sentence() -> None:
    """A student who interrupts begins one."""
    said = [Segment(0.0, 1.0, "so the answer is", "Ann"), Segment(1.0, 2.0, "is it two", "Bo")]
    assert len(sentences_of(said)) == 2


def test_a_customer_adds_words_without_code() -> None:
    """Here a rule in another language, under its own name."""
    rule = {"id": "de", "confidence": 0.9, "phrases": ["versteht man"], "after": 1}
    theirs = Education({"kinds": {"definition": [rule]}})
    (found,) = items("Unter Trägheit versteht man den Widerstand gegen Änderung.", profile=theirs)
    assert found.evidence.rule == "education.definition.de@1"
    assert theirs.label.startswith("education@1+")


@pytest.mark.parametrize(
    "theirs",
    [
        {"surprise": 1},
        {"kinds": {"definition": [{"id": "x"}]}},
        {"housekeeping": ["a*"]},
        {"kinds": {"joke": []}},
        {"kinds": {"definition": [{"id": "x", "confidence": 7, "phrases": ["x"]}]}},
    ],
)
def test_data_that_cannot_be_used_is_refused(theirs: dict[str, object]) -> None:
    """At start, with the profile's name."""
    with pytest.raises(ProfileDataError, match="education"):
        Education(theirs)


@pytest.mark.parametrize("text", ["?" * 200_000, "a " * 50_000, "Newton's " * 20_000, "is " * 50_000, "x, " * 50_000])
def test_what_nobody_says_costs_little(text: str) -> None:
    """Patterns are bounded: a segment without sense does not hold up the others."""
    begun = perf_counter()
    items(text)
    assert perf_counter() - begun < 1.0

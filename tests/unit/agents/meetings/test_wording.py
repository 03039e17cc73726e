"""How the minutes tell what was said: each thing once, in its best words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.agents.meetings.support import minutes, prepared, shown, spoken

ANNA, BEN, CHIARA = "Anna Berger", "Ben Okafor", "Chiara Rossi"


def told(*turns: tuple[str, str], title: str = "", description: str = "") -> dict[str, Any]:
    """The minutes of what was said, pointed out in one highlight."""
    return minutes(spoken(*turns), [shown(title, description)])


def texts(document: dict[str, Any], section: str) -> list[str]:
    """The words of a section."""
    return [item["text"] for item in document[section]]


def test_a_clinic_plans_its_winter() -> None:
    """Requests with their acceptances, a decision with its proposal, an open question."""
    document = told(
        (ANNA, "Let's begin with the waiting room. Ben, please."),
        (BEN, "It is full every morning. I suggest that we open at seven on Mondays."),
        (ANNA, "Agreed."),
        (ANNA, "Chiara, could you tell the patients by Friday?"),
        (CHIARA, "Sure, I'll put a note on the door as well and tell them."),
        (BEN, "The flu vaccine has to be ordered. Can you do that tomorrow, Chiara?"),
        (CHIARA, "Leave it with me."),
        (ANNA, "Who covers the night shift in January?"),
        (BEN, "No idea yet."),
        title="Opening hours agreed",
    )
    assert texts(document, "decisions") == ["I suggest that we open at seven on Mondays. \u2013 Agreed."]
    assert texts(document, "actions") == [
        "Chiara, could you tell the patients by Friday?",
        "The flu vaccine has to be ordered. Can you do that tomorrow, Chiara?",
    ]
    assert [item["assignee"] for item in document["actions"]] == [CHIARA, CHIARA]
    assert [item["due"] for item in document["actions"]] == ["2026-03-13", "2026-03-11"]
    assert [len(item["evidence"]) for item in document["actions"]] == [2, 2]
    assert texts(document, "open_questions") == ["Who covers the night shift in January?"]


def test_a_theatre_talks_of_its_season() -> None:
    """A sentence is told as a whole; a description adds a ground, and no date of its own."""
    document = told(
        (ANNA, "Ben, where are we?"),
        (BEN, "Tickets are slow. Once the posters are printed, I'll hang them in the schools."),
        (CHIARA, "So it's settled: we drop the matinee on Sundays."),
        (ANNA, "I'll call the orchestra."),
        (BEN, "And I'll write to the sponsors by Thursday."),
        title="Decision on the matinee",
        description="Anna calls the orchestra, Ben writes to the sponsors by Thursday.",
    )
    assert texts(document, "decisions") == ["So it's settled: we drop the matinee on Sundays."]
    assert texts(document, "actions") == [
        "Once the posters are printed, I'll hang them in the schools.",
        "I'll call the orchestra.",
        "And I'll write to the sponsors by Thursday.",
    ]
    assert [item["due"] for item in document["actions"]] == [None, None, "2026-03-12"]
    assert document["open_questions"] == []


def test_a_farm_meets_in_the_barn() -> None:
    """Different requests to one person stay two; so do what is asked for and what is offered beside it."""
    document = told(
        (ANNA, "Ben, can you repair the fence at the river?"),
        (BEN, "Yes. I'll also order seeds for the greenhouse by Friday."),
        (ANNA, "The new tractor is approved, and the old one is sold."),
        (CHIARA, "One thing is open: who feeds the horses at Easter?"),
        (ANNA, "We don't know yet."),
    )
    assert texts(document, "actions") == [
        "Ben, can you repair the fence at the river?",
        "I'll also order seeds for the greenhouse by Friday.",
    ]
    assert document["actions"][0]["assignee"] == BEN
    assert texts(document, "open_questions") == ["One thing is open: who feeds the horses at Easter?"]
    assert len(document["decisions"]) == 1


def test_what_is_cut_by_a_highlight_is_told_whole() -> None:
    """A request in one highlight and its acceptance in the next are one action."""
    rules = spoken((ANNA, "Ben, can you book the venue?"), (BEN, "Will do, I'll do it by Friday."))
    whole = minutes(rules, [shown(id="h1", duration=10.0), shown(id="h2", timestamp=10.0, duration=10.0)])
    (action,) = whole["actions"]
    assert (action["text"], action["assignee"], action["due"]) == ("Ben, can you book the venue?", BEN, "2026-03-13")
    assert len(action["evidence"]) == 2


def test_a_question_that_is_answered_behind_its_highlight_is_not_open() -> None:
    """What is answered is not listed as open, wherever the highlight ends."""
    rules = spoken((ANNA, "Is the venue booked for Friday?"), (BEN, "Yes, it is booked."))
    assert minutes(rules, [shown(duration=10.0)])["open_questions"] == []


@pytest.mark.parametrize("names", ["keep", "pseudonyms"])
def test_a_transcript_in_the_highlight_is_told_as_well(names: str) -> None:
    """Turns in a highlight's own metadata are joined alike, and kept without what is private."""
    said = "Anna Berger: Ben, can you send the plan to anna@example.com?\nBen Okafor: Sure, I'll send it by Friday."
    rules = prepared(privacy={"names": names})
    highlight = shown(metadata={"transcript": said})
    (action,) = minutes(rules, [highlight])["actions"]
    assert action["due"] == "2026-03-13"
    assert "anna@" not in str(rules.enrich(highlight, []).note)
    assert ("Berger" in str(rules.enrich(highlight, []).note)) == (names == "keep")


SAID = st.lists(
    st.tuples(
        st.sampled_from([ANNA, BEN, "Speaker 3"]),
        st.lists(
            st.sampled_from(
                ["Agreed.", "Ben, can you do that?", "I'll do it.", "We go with the flat price.", "Who pays?", "Sure,",
                 "I propose that we wait.", "I'll send the list by Friday,", "Then we have decided:", "Okay."]
            ),
            min_size=1,
            max_size=4,
        ).map(" ".join),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


@given(SAID, st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4)), min_size=1, max_size=4))
def test_telling_never_raises_and_invents_no_ground(turns: list[tuple[str, str]], spans: list[tuple[int, int]]) -> None:
    """Whatever is said and pointed out: every ground is one of an item, and each spoken ground is told once a kind."""
    rules = spoken(*turns)
    highlights = [
        shown(id=f"h{place}", timestamp=10.0 * start, duration=10.0 * length)
        for place, (start, length) in enumerate(spans)
    ]
    document = minutes(rules, highlights)
    assert document == minutes(rules, highlights[::-1])
    found = {
        (item.kind, item.evidence.text) for one in highlights for item in rules.enrich(one, []).enrichment["items"]
    }
    for kind, section in (("decision", "decisions"), ("action_item", "actions"), ("question", "open_questions")):
        grounds = [(g["at_s"], g["start"], g["end"]) for item in document[section] for g in item["evidence"]]
        assert len(grounds) == len(set(grounds))
        assert {(kind, g["text"]) for item in document[section] for g in item["evidence"]} <= found

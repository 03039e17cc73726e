"""What counts as an action, a decision, an open question, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from agents.profiles.data import ProfileDataError, load
from agents.profiles.meetings import Meetings
from tests.unit.agents.meetings.support import items, prepared, said, shown


@pytest.mark.parametrize(
    ("turns", "assignee", "due"),
    [
        ([("Anna Berger", "I'll circulate the slides by Friday.")], "Anna Berger", "2026-03-13"),
        ([("ben okafor", "so ill circulate the slides tomorrow")], "Ben Okafor", "2026-03-11"),
        ([("Anna Berger", "Ben will book the venue next Friday.")], "Ben Okafor", "2026-03-20"),
        ([("Anna Berger", "Ben, could you book the venue?"), ("Ben Okafor", "Sure.")], "Ben Okafor", None),
        ([("Anna Berger", "Could you book the venue?"), ("Chiara Rossi", "Of course.")], "Chiara Rossi", None),
        ([("Anna Berger", "Action on Rossi: book the venue by March 20th.")], "Chiara Rossi", "2026-03-20"),
        ([("Anna Berger", "Leave it with me.")], "Anna Berger", None),
        ([("Anna Berger", "URGENT: Ben must call the bank.")], "Ben Okafor", None),
        ([("Anna Berger", "Legal will review the contract in two weeks.")], "Legal", "2026-03-24"),
        ([("Speaker 2", "I'll circulate the slides by end of the month.")], None, "2026-03-31"),
    ],
)
def test_actions_have_their_assignee_and_due_day(
    turns: list[tuple[str, str]], assignee: str | None, due: str | None
) -> None:
    """Commitments, requests and assignments, with who and when."""
    (action,) = said(*turns, kind="action_item")
    assert (action["assignee"], action["due"]) == (assignee, due)
    assert action["assignee_known"] == (assignee not in (None, "Legal"))


@pytest.mark.parametrize(
    "turn",
    [
        "We decided to drop the export.",
        "Okay, we're going with the second offer.",
        "The motion is carried.",
        "The proposal is approved.",
        "Let's go with Thursday.",
        "We're not renewing the lease.",
        "The steering committee has turned down the second van.",
        "I'm rejecting the offer from Hartley.",
        "We're letting the agency go in December.",
        "The budget was unanimously adopted.",
        "Looks like we're all of one mind, no overtime.",
        "My ruling is that late entries don't count.",
    ],
)
def test_decisions_are_found(turn: str) -> None:
    """What is settled is a decision."""
    assert said(("Anna Berger", turn), kind="decision")


@pytest.mark.parametrize(
    "turns",
    [
        [("Anna Berger", "Who signs the lease?")],
        [("Anna Berger", "Who signs the lease?"), ("Ben Okafor", "No idea.")],
        [("Anna Berger", "We still don't know whether the hall is free.")],
        [("Anna Berger", "The price is to be confirmed.")],
        [("Anna Berger", "who owns the customer now"), ("Ben Okafor", "That's a really good question.")],
        [("Anna Berger", "Nobody's worked out how refunds go through the shop.")],
        [("Anna Berger", "Are guests allowed in?"), ("Ben Okafor", "Hmm. Let me sleep on it.")],
    ],
)
def test_open_questions_are_found(turns: list[tuple[str, str]]) -> None:
    """A question that nobody answers stays open."""
    assert said(*turns, kind="question")


@pytest.mark.parametrize(
    "turns",
    [
        [("Anna Berger", "Is the hall free?"), ("Ben Okafor", "Yes, since Monday.")],
        [("Anna Berger", "Ben, can you book the venue?"), ("Ben Okafor", "Sorry, I can't.")],
        [("Anna Berger", "In the end we decided nothing, really.")],
        [("Anna Berger", "If we had approved the roof we would be dry now.")],
        [("Anna Berger", "He said he would follow up with his dentist.")],
        [("Anna Berger", "As agreed last year we sell shoes.")],
        [("Anna Berger", "The train was late again.")],
        [("Anna Berger", "And the parking? Terrible, as always.")],
        [("Anna Berger", "How could I forget?")],
        [("Anna Berger", "I suggest we drop the export.")],
        [("Anna Berger", "I'll share my screen.")],
        [("Anna Berger", "Can everybody hear me?")],
        [("Anna Berger", "I thanked them and said no.")],
    ],
)
def test_what_is_none_of_them_is_one_discussion(turns: list[tuple[str, str]]) -> None:
    """Refusals, answered questions, hypotheticals, old decisions and small talk."""
    assert [item["kind"] for item in said(*turns)] == ["discussion"]


def test_every_word_in_ing_is_written_as_clauses_have_it() -> None:
    """A clause has ``xing`` before a verb in -ing, and before no other word: a phrase without it is never found."""
    data = load("agents.profiles.meetings", "rules.yaml")
    nouns = frozenset(data["words"]["not_ing"])
    rules = [rule for kind in data["kinds"].values() for rule in kind]
    lists = [*data["groups"].values(), *data["replies"].values(), *(one["phrases"] for one in data["contexts"])]
    lists += [rule.get(part, []) for rule in rules for part in ("phrases", "with", "without")]
    lost = []
    for phrase in {phrase for phrases in lists for phrase in phrases}:
        words = phrase.split()
        for before, word in zip(["", *words], words, strict=False):
            verbs = [one for one in word.strip("?").split("|") if len(one) > 4 and one.endswith("ing")]
            if any(before == "xing" if one in nouns else before.strip("?") != "xing" for one in verbs):
                lost.append(phrase)
    assert lost == []


def test_title_and_description_are_read_without_a_transcript() -> None:
    """A highlight service's own words tell of actions and decisions as well."""
    enriched = prepared().enrich(shown("Budget approved", "The budget is approved. Ben will send the letter."), [])
    assert {"decision", "action_item"} <= {item["kind"] for item in items(enriched)}
    assert items(enriched, "action_item")[0]["assignee"] == "Ben Okafor"


def test_the_highlights_own_transcript_is_read() -> None:
    """Its metadata may hold segments or words."""
    segments = {"segments": [{"start": 1, "end": 3, "speaker": "Ben Okafor", "text": "I'll call the bank."}]}
    for transcript in (segments, "I'll call the bank."):
        enriched = prepared().enrich(shown("Finance", metadata={"transcript": transcript}), [])
        (action,) = items(enriched, "action_item")
        assert action["evidence"]["field"] == "metadata"


def test_lines_of_a_highlights_own_transcript_have_their_speakers() -> None:
    """``Name: words`` on each line."""
    lines = "Anna Berger: Who calls the bank?\nBen Okafor: I'll call them on Thursday."
    enriched = prepared().enrich(shown("Finance", metadata={"transcript": lines}), [])
    (action,) = items(enriched, "action_item")
    assert (action["assignee"], action["due"]) == ("Ben Okafor", "2026-03-12")


def test_somebody_who_is_not_invited_has_his_name_as_said() -> None:
    """As the subject of a promise, or after the word action; never the name of another clause."""
    found = said(("Anna Berger", "Ben is late. Gregor will send the deck. Action on Petra: ring the bank."))
    assert [(item["assignee"], item["assignee_known"]) for item in found] == [("Gregor", False), ("Petra", False)]
    assert found[1]["text"] == "Action on Petra: ring the bank."


def test_a_sentence_over_two_captions_is_one() -> None:
    """Evidence says in which one it begins."""
    (action,) = said(("Anna Berger", "good. then I'll call"), ("Anna Berger", "the bank by Friday"), kind="action_item")
    assert action["due"] == "2026-03-13"
    assert action["text"] == "then I'll call the bank by Friday"
    assert (action["evidence"]["start"], action["evidence"]["at_s"]) == (6, 0.0)


def test_priority_and_dependency() -> None:
    """Urgent words count, and what an item waits for is named."""
    (action,) = said(("Anna Berger", "I'll send the letter as soon as possible once the board has signed."))
    assert action["priority"] == "urgent"
    assert said(("Anna Berger", "I'll send the letter once the board has signed."))[0]["depends_on"] == (
        "once the board has signed"
    )


@pytest.mark.parametrize(
    ("turn", "waits_for"),
    [
        ("If it rains, I'll cancel the picnic.", "If it rains"),
        ("Once the migration is done, Ben will cut the old servers.", "Once the migration is done"),
    ],
)
def test_an_action_keeps_its_condition(turn: str, waits_for: str) -> None:
    """Without it, it would be another commitment."""
    (action,) = said(("Anna Berger", turn), kind="action_item")
    assert (action["text"], action["depends_on"]) == (turn, waits_for)
    assert turn[action["evidence"]["start"] : action["evidence"]["end"]] == turn


def test_a_condition_of_another_sentence_is_not_taken() -> None:
    """It belongs to what it was said with."""
    (action,) = said(("Anna Berger", "Once it is done. I'll call the bank."), kind="action_item")
    assert (action["text"], action["depends_on"]) == ("I'll call the bank.", None)


def test_what_a_turn_begins_with_makes_its_one_action_urgent() -> None:
    """And nobody else's."""
    (action,) = said(("Anna Berger", "Urgent one: the certificate runs out. Ben, can you renew it today?"))
    assert action["priority"] == "urgent"
    both = said(("Anna Berger", "It's urgent. Ben, please call the bank. I'll book the venue."), kind="action_item")
    assert [one["priority"] for one in both] == ["normal", "normal"]


def test_will_is_a_name_only_with_a_capital_letter() -> None:
    """The auxiliary never names Will."""
    assert said(("Anna Berger", "i will send it"), kind="action_item")[0]["assignee"] == "Anna Berger"
    assert said(("Anna Berger", "Ask Will to send it"), kind="action_item")[0]["assignee"] == "Will Turner"


def test_a_customers_words_are_added_and_wrong_ones_named() -> None:
    """Data over ours; a phrase that cannot be read stops the start."""
    rule = {"id": "ours", "confidence": 0.9, "phrases": ["parked for good"]}
    profile = Meetings({"kinds": {"decision": [rule]}})
    assert items(prepared(profile).enrich(shown("The plan is parked for good"), []), "decision")
    assert profile.label.startswith("meetings@1+")
    wrong_data: list[dict[str, Any]] = [
        {"kinds": {"decision": [{**rule, "phrases": ["<nothing>"]}]}},
        {"kinds": {"decision": [{**rule, "when": ["raining"]}]}},
        {"kinds": {"decision": [{**rule, "confidence": 7}]}},
        {"kinds": {"party": []}},
        {"nothing": 1},
        {"priority": {"urgent": ["..."]}},
    ]
    for wrong in wrong_data:
        with pytest.raises(ProfileDataError):
            Meetings(wrong)


def test_every_rule_is_described() -> None:
    """For people: its name and confidence."""
    rules = Meetings().describe()["rules"]
    assert len(rules) > 20
    assert all(rule["rule"].startswith("meetings.") and 0.5 <= rule["confidence"] <= 1 for rule in rules)

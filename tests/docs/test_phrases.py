"""What the docs say of phrases and rules is so: the table finds what it says, the files load, their rules find."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest
import yaml

from agents.profile_setup import OURS
from agents.profile_trial import Trial
from agents.profiles.education.points import PointRule
from agents.profiles.education.terms import Where
from agents.profiles.gaming.events import EventRule
from agents.profiles.meetings.reading import CIRCUMSTANCES, SpeechRule, Who
from agents.profiles.phrases import Phrases, Words
from tests.docs.markdown import ROOT, blocks
from tests.unit.agents.support import make_request, seen_highlight

TEXT = (ROOT / "docs/profiles.md").read_text("utf-8")
SECTION = TEXT[TEXT.index("\n## Phrases\n") : TEXT.index("\n## How good")]
FILES: dict[str, dict[str, Any]] = {
    block.text.removeprefix("# ").partition(".yaml:")[0]: yaml.safe_load(block.text)
    for block in blocks(SECTION, "yaml")
}


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table whose first column is called so."""
    table = SECTION[SECTION.index(f"\n| {heading} |") :].strip().partition("\n\n")[0]
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
    return [[value.strip().replace("\\|", "|") for value in line] for line in lines]


def found_by(profile: str, title: str, **metadata: Any) -> list[str]:
    """Return the names of the rules that find something in a title, with the docs' file laid over the profile."""
    rules = Trial(OURS[profile](FILES[profile]), make_request(profile=profile, metadata=metadata))
    enrichment = msgspec.to_builtins(rules.see(seen_highlight("h1", title=title, description="")).enrichment)
    items = enrichment.get("events") or enrichment.get("items") or []
    return [item["evidence"]["rule"] for item in items]


def test_each_kind_of_phrase_finds_what_the_table_says() -> None:
    """And not what stands beside it."""
    groups = {"n2to4": ["two", "three", "four"]}
    for row in rows("in a phrase"):
        phrases: Phrases[int] = Phrases(groups)
        phrases.add(row[2].strip("`"), 1)
        assert phrases.find(Words(row[3])), row
        assert not phrases.find(Words(row[4])), row


def test_every_field_of_a_rule_is_in_the_table() -> None:
    """With the words that it takes."""
    told = {(name, row[1]) for row in rows("field") for name in re.findall(r"`(\w+)`", row[0])}
    for form, of in ((EventRule, "gaming"), (PointRule, "education"), (SpeechRule, "meetings")):
        names = set(form.__struct_encode_fields__)
        assert names == {name for name, where in told if where in {"all", of}}, of
    for word in (*CIRCUMSTANCES, *get_args(Who), *get_args(Where)):
        assert f"`{word}`" in SECTION


@pytest.mark.parametrize("profile", OURS)
def test_the_example_of_each_industry_loads(profile: str) -> None:
    """Under a label of its own, with the groups that a person can look up."""
    made = OURS[profile](FILES[profile])
    assert "+" in made.label
    assert set(FILES[profile].get("groups", {})) <= set(made.describe()["groups"])
    assert OURS[profile](None).describe()["groups"]


@pytest.mark.parametrize(
    ("profile", "title", "rule"),
    [
        ("gaming", "Karpova mates in two", "gaming.checkmate.word@1"),
        ("gaming", "A quiet Sicilian, then checkmate", "gaming.checkmate.word@1"),
        ("gaming", "Karpova wins from a lost position", "gaming.comeback.lost-position@1"),
        ("education", "This movement of water goes by the name of osmosis.", "education.definition.goes-by@1"),
        ("education", "And this is worth a gold star.", "education.emphasis.gold-star@1"),
        ("meetings", "The motion is carried.", "meetings.decision.carried@1"),
        ("meetings", "Pencil me in for the venue.", "meetings.action_item.pencil-me-in@1"),
    ],
)
def test_the_rules_of_the_examples_find(profile: str, title: str, rule: str) -> None:
    """Each what it is there for."""
    assert rule in found_by(profile, title, game="Blitz Chess")


@pytest.mark.parametrize(
    ("profile", "title", "game"),
    [
        ("gaming", "A puzzle: checkmate", "chess"),
        ("gaming", "Almost checkmate", "chess"),
        ("gaming", "Checkmate", "valorant"),
        ("education", "This is not worth a gold star.", ""),
        ("education", "A quick fire drill deserves a gold star.", ""),
        ("meetings", "Is the motion carried?", ""),
    ],
)
def test_they_do_not_find_what_takes_them_back(profile: str, title: str, game: str) -> None:
    """``without``, ``games``, and the words that say it did not happen."""
    ours = {f"{profile}.{kind}" for kind in ("checkmate", "emphasis", "decision")}
    assert not [rule for rule in found_by(profile, title, game=game) if rule.rpartition(".")[0] in ours]


def test_an_agenda_word_tells_no_topic() -> None:
    """Two points that share it with what is said are told apart by their other words."""
    for word, topic in (("billing", "Billing workstream"), ("workstream", None)):
        rules = Trial(
            OURS["meetings"](FILES["meetings"]),
            make_request(profile="meetings", metadata={"agenda": ["Hiring workstream", "Billing workstream"]}),
        )
        seen = rules.see(seen_highlight("h1", title=f"We talked about the {word}.", description=""))
        shown = msgspec.to_builtins(seen.enrichment).get("topic")
        assert (shown["name"] if isinstance(shown, dict) else shown) == topic

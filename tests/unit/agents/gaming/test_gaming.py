"""What happens in a match, who did it, and the report."""

from __future__ import annotations

import csv
import json
from io import StringIO
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles import ProfileInputError
from agents.profiles.data import ProfileDataError, load
from agents.profiles.gaming import Gaming
from agents.profiles.gaming.profile import PreparedGaming
from schemas.records import ObservedHighlight, Options
from tests.unit.agents.support import make_request, remembered, seen_highlight, summary_of

GAMING = Gaming()


def prepared(profile: Gaming = GAMING, **metadata: Any) -> PreparedGaming:
    """The rules for a match with that metadata."""
    return profile.prepare(make_request(metadata={"game": "valorant", **metadata}), None)


def kinds(title: str, description: str = "", game: str = "valorant", profile: Gaming = GAMING) -> list[str]:
    """What happens in a moment, as tags' names."""
    shown = seen_highlight("h1", title=title, description=description, tags=[])
    events = prepared(profile, game=game).enrich(shown, []).enrichment["events"]
    return [event.kind for event in events]


@pytest.mark.parametrize(
    ("title", "game", "kind"),
    [
        ("Nyx aces round 12", "valorant", "ace"),
        ("Karu wins the 1v3 with ten health", "counter_strike", "clutch"),
        ("PENTAKILL for Vesper in the river", "League of Legends", "pentakill"),
        ("Iron Harbor take Baron at 24 minutes", "lol", "baron"),
        ("Toma steals the dragon with a smite", "lol", "steal"),
        ("Victory Royale for Juno", "fortnite", "victory_royale"),
        ("Rampage! Okoye gets all five", "dota 2", "pentakill"),
        ("Halden scores from the ceiling", "rocket_league", "goal"),
        ("What a save by Strand on the goal line", "rl", "save"),
        ("Reiko flicks to the head", "valorant", "headshot"),
        ("Nashor is theirs, nobody on the map to answer", "lol", "baron"),
        ("The worm goes to the wrong team by one smite", "lol", "steal"),
        ("Nine thousand down with no towers, and they still end it", "dota_2", "comeback"),
        ("Four kills to one in the river for Iron Harbor", "lol", "teamfight"),
        ("Everyone dead but Karu, and she gets the other two", "counter_strike", "clutch"),
        ("Vesper yanks his carry to safety", "dota_2", "save"),
    ],
)
def test_what_happens_is_named(title: str, game: str, kind: str) -> None:
    """Whatever the game is called by the producer."""
    assert kind in kinds(title, game=game)


@pytest.mark.parametrize(
    "title",
    [
        "Nyx almost aces round 12",
        "If the smoke had bloomed a second sooner that is an ace",
        "Both teams back off and nobody commits to the fight",
        "One short of the ace for Karu",
        "He didn't clutch the round this time",
        "Interview: Vesper explains his favourite clutch",
        "Use code ACE for ten percent off, our sponsor says",
        "Top ten clutches of 2019",
    ],
)
def test_what_did_not_happen_is_not_named(title: str) -> None:
    """Near misses, talk, adverts and old plays are no events."""
    assert kinds(title) == []


def test_only_what_a_game_has_can_happen() -> None:
    """There is no Baron in Valorant."""
    assert "baron" not in kinds("They take Baron Nashor")
    assert "baron" in kinds("They take Baron Nashor", game="league_of_legends")


def test_tags_that_were_asked_for_tell_nothing() -> None:
    """The API puts a request's own tags on every highlight: they are no news of one."""
    asked = make_request(options=Options(custom_tags=["Ace League"]), metadata={"game": "valorant"})
    enriched = GAMING.prepare(asked, None).enrich(seen_highlight("h1", title="Quiet"), ["ace-league", "valorant"])
    assert enriched.enrichment["events"] == []
    tagged = GAMING.prepare(asked, None).enrich(seen_highlight("h1", title="Quiet"), ["ace"])
    assert [event.kind for event in tagged.enrichment["events"]] == ["ace"]


def test_a_games_keywords_are_listed() -> None:
    """Whole words of the text, each once."""
    shown = seen_highlight("h1", title="Flick, flick and a headshot", description="in your face")
    assert prepared().enrich(shown, []).enrichment["keywords"] == ["flick", "headshot"]


def test_every_event_carries_its_evidence() -> None:
    """The words, where they stand, when, by which rule, how surely."""
    shown = seen_highlight("h1", title="A quiet round", description="Then Nyx aces them.", timestamp=61.5)
    (event,) = prepared().enrich(shown, []).enrichment["events"]
    evidence = event.evidence
    assert (evidence.field, evidence.text, evidence.at_s) == ("description", "aces", 61.5)
    assert shown.description[evidence.start : evidence.end] == "aces"
    assert evidence.rule == "gaming.ace.word@1"
    assert 0.5 <= evidence.confidence == event.confidence <= 1


def test_the_games_settings_are_asked_for() -> None:
    """Of the guide, and for a game that nobody knows the guide's fallback."""
    options = GAMING.options(make_request(metadata={"game": "LoL", "tournament_id": "cup"}))
    assert (options["analysis_quality"], options["clip_duration"]) == ("premium", 30)
    assert options["custom_tags"] == ["league_of_legends", "tournament", "cup"]
    assert GAMING.options(make_request())["sensitivity"] == "medium"


def test_names_come_as_the_request_gives_them() -> None:
    """Players and teams of the roster, however the text writes them."""
    rules = prepared(players=["Nyx", {"name": "Karu", "team": "Northwind"}], teams=["Northwind"])
    shown = seen_highlight("h1", title="NYX and karu for northwind", description="")
    enriched = rules.enrich(shown, []).enrichment
    assert [one.name for one in enriched["players"]] == ["Nyx", "Karu"]
    assert [one.name for one in enriched["teams"]] == ["Northwind"]


def test_a_moment_is_that_of_the_players_team_and_not_of_the_one_it_is_done_to() -> None:
    """Where the request says for whom somebody plays; a team that is named alone stays."""
    rules = prepared(players=[{"name": "Nyx", "team": "Northwind"}], teams=["Northwind", "Iron Harbor"])

    def teams(title: str) -> list[tuple[str, str, str]]:
        named = rules.enrich(seen_highlight("h1", title=title, description=""), []).enrichment["teams"]
        return [(one.name, one.evidence.text, one.evidence.rule) for one in named]

    assert teams("ACE! Nyx takes down all five of Iron Harbor") == [("Northwind", "Nyx", "gaming.team.of-player@1")]
    assert teams("Iron Harbor wins the round") == [("Iron Harbor", "Iron Harbor", "gaming.team.given@1")]


@pytest.mark.parametrize(("roster", "rule"), [({"players": ["Nyx"]}, "given"), ({}, "written")])
def test_every_name_carries_its_evidence(roster: dict[str, Any], rule: str) -> None:
    """Where it is written first, and whether the request gives it or it only looks like one."""
    shown = seen_highlight("h1", title="What a round", description="And then Nyx got all five, Nyx!", timestamp=61.5)
    (player,) = prepared(**roster).enrich(shown, []).enrichment["players"]
    evidence = player.evidence
    assert (player.name, evidence.text, evidence.field, evidence.start) == ("Nyx", "Nyx", "description", 9)
    assert shown.description[evidence.start : evidence.end] == "Nyx"
    assert (evidence.at_s, evidence.rule) == (61.5, f"gaming.player.{rule}@1")


def test_a_name_given_twice_is_written_one_way() -> None:
    """Whatever a process makes of the order of a set: a replay must give the same record."""
    rules = prepared(players=["NYX", "Nyx", "nyx"])
    (player,) = rules.enrich(seen_highlight("h1", title="nyx and Nyx"), []).enrichment["players"]
    assert player.name == "NYX"


def test_a_customer_adds_a_game_and_a_word() -> None:
    """By data alone; the label says that the results are not those of the rules that ship."""
    theirs = {
        "games": {"chess": {"options": {"clip_duration": 40}, "kinds": ["checkmate"]}},
        "kinds": {
            "checkmate": {
                "intensity": 0.9,
                "rules": [{"id": "word", "confidence": 0.9, "phrases": ["checkmate", "mates in <n2to4>"]}],
            }
        },
    }
    profile = Gaming(theirs)
    assert kinds("Ding mates in three", game="Chess", profile=profile) == ["checkmate"]
    assert profile.label.startswith("gaming@1+")
    assert profile.options(make_request(metadata={"game": "chess"}))["clip_duration"] == 40


@pytest.mark.parametrize(
    "theirs",
    [
        {"games": {"chess": {"optoins": {}}}},
        {"games": {"chess": {"options": {"clip_duration": 4}}}},
        {"games": {"chess": {"options": {"speed": 4}}}},
        {"kinds": {"mate": {"intensity": 1.0, "rules": [{"id": "x", "confidence": 0.9, "phrases": ["<nothing>"]}]}}},
        {"kinds": {"mate": {"intensity": 1.0, "rules": [], "absorbs": ["nothing"]}}},
        {"kinds": {"mate": {"intensity": 2.0, "rules": []}}},
        {"kinds": {"ace": {"rules": [{"id": "x", "confidence": 7, "phrases": ["x"]}]}}},
        {"games": {"chess": {"kinds": ["checkmat"]}}},
        {"surprise": 1},
    ],
)
def test_data_that_cannot_be_used_is_refused(theirs: dict[str, Any]) -> None:
    """At start, by key."""
    with pytest.raises(ProfileDataError, match="gaming"):
        Gaming(theirs)


@pytest.mark.parametrize("metadata", [{"players": 7}, {"teams": [1]}, {"game": []}])
def test_metadata_of_the_wrong_kind_is_refused_by_its_field(metadata: dict[str, Any]) -> None:
    """Before anything is submitted."""
    with pytest.raises(ProfileInputError, match=next(iter(metadata))):
        prepared(**metadata)


SHOWN = st.builds(
    ObservedHighlight,
    id=st.sampled_from(["a", "b", "c", "d", "e"]),
    title=st.text() | st.sampled_from(["Nyx aces", "1v3 clutch", "x"]),
    description=st.text(),
    timestamp=st.floats(0, 1e7),
    duration=st.floats(0, 1e4),
    confidence_score=st.floats(0, 1),
    tags=st.lists(st.text(), max_size=3),
    metadata=st.dictionaries(st.text(), st.text() | st.none() | st.lists(st.integers()), max_size=3),
)


@given(shown=SHOWN)
def test_enriching_never_raises_and_is_json(shown: ObservedHighlight) -> None:
    """Whatever a highlight says; notes come back from a restore as they were."""
    enriched = prepared().enrich(shown, list(shown.tags))
    json.loads(msgspec.json.encode(enriched.enrichment))
    assert msgspec.json.decode(msgspec.json.encode(enriched.note)) == enriched.note


@given(shown=st.lists(SHOWN, unique_by=lambda one: one.id), seed=st.integers())
def test_the_report_does_not_depend_on_the_order(shown: list[ObservedHighlight], seed: int) -> None:
    """Highlights may come in any order."""
    rules = prepared()
    states = [(one.id, remembered(one, rules)) for one in shown]
    shuffled = list(states)
    Random(seed).shuffle(shuffled)
    assert rules.document(dict(states)) == rules.document(dict(shuffled))


def test_the_report_can_be_taken_out_as_markdown_and_table() -> None:
    """What a title holds is no markup and no formula."""
    rules = prepared(players=["Nyx"])
    shown = seen_highlight("h1", title="=Nyx aces | *again*", description="", timestamp=3_725.0)
    document = rules.document({"h1": remembered(shown, rules)})
    summary = summary_of(document)
    (report,) = GAMING.exports["report-md"].render(summary, []).values()
    assert "1:02:05 =Nyx aces \\| \\*again\\*" in report
    (table,) = GAMING.exports["moments-csv"].render(summary, []).values()
    header, row = csv.reader(StringIO(table))
    assert dict(zip(header, row, strict=True))["title"] == "'=Nyx aces | *again*"
    assert document["players"] == [{"name": "Nyx", "moments": 1, "hype": document["top_moments"][0]["hype"]}]


@pytest.mark.parametrize(
    ("game", "heading"),
    [
        ("lol", "# League of Legends: 1 highlight"),
        ("valorant", "# VALORANT: 1 highlight"),
        ("Chess  *Blitz*", "# Chess \\*Blitz\\*: 1 highlight"),
        ("", "# Match: 1 highlight"),
    ],
)
def test_the_report_names_the_game_as_people_write_it(game: str, heading: str) -> None:
    """Known games as their makers do, others as the request does."""
    summary = summary_of(prepared(game=game).document({}))
    (report,) = GAMING.exports["report-md"].render(summary, []).values()
    assert report.splitlines()[0] == heading


@pytest.mark.parametrize(
    ("metadata", "heading", "below"),
    [
        (
            {"title": "Spring  *Cup*", "tournament_id": "t", "tournament_name": "Cup 1", "teams": ["Red", "Blue"]},
            "# Spring \\*Cup\\*: 1 highlight",
            "Cup 1 · Red vs Blue · VALORANT",
        ),
        ({"teams": ["Red", "Blue"]}, "# Red vs Blue: 1 highlight", "VALORANT"),
        ({"teams": ["Red", "Blue", "Green"]}, "# Red, Blue, Green: 1 highlight", "VALORANT"),
        ({"title": 7, "tournament_name": "no tournament"}, "# VALORANT: 1 highlight", "Source: https://"),
    ],
)
def test_the_report_is_headed_by_what_the_request_calls_the_match(
    metadata: dict[str, Any], heading: str, below: str
) -> None:
    """Its title, the tournament, the teams, the game: the first that there is, the others below."""
    summary = summary_of(prepared(game="valorant", **metadata).document({}))
    (report,) = GAMING.exports["report-md"].render(summary, []).values()
    assert report.splitlines()[0] == heading
    assert report.splitlines()[2].startswith(below)


def test_the_title_of_a_match_is_bounded() -> None:
    """Whatever the request calls it."""
    assert len(prepared(title="x" * 10_000).document({})["match"]["title"]) == 200


def test_every_game_that_ships_has_a_written_name() -> None:
    """None falls back to how a request happens to write it."""
    games = load("agents.profiles.gaming", "games.yaml")["games"]
    assert [name for name, game in games.items() if not game.get("title")] == []


def test_a_game_that_no_rule_names_has_the_rules_of_all_such() -> None:
    """Among them what one alone does against several, which is an outplay where five play against five for long."""
    for game in ("chess boxing", "valorant"):
        assert kinds("Karu wins the 1v3", game=game) == ["clutch"]
    assert kinds("Karu wins the 1v3", game="dota_2") == ["outplay"]

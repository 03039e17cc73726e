"""What streams tell their tournament: where it goes, and that it goes with what it is about."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profiles import General, ProfileInputError, Profiles
from agents.profiles.gaming import Gaming
from agents.profiles.gaming.place import place_of
from pipeline.effects.calls import Accepted, Failed
from pipeline.streaming.partitioner import partition_of
from schemas.records import ObservedHighlight, ObservedStream, RecordError, Request, TournamentSighting
from schemas.records.tournament_sighting import Player
from tests.unit.agents.support import START, Bench, make_request, observation, seen_highlight, shown_by_read
from tests.unit.agents.tournament_support import KEY, Arena, of_script, profiles

METADATA: dict[str, Any] = {
    "tournament_id": "cup",
    "tournament_name": "Cup",
    "match_id": "m1",
    "phase": "Semi Final",
    "teams": ["North", "Delta"],
    "players": [{"name": "Mira", "team": "North"}, "Jonas"],
    "offset_s": 12,
}


def streams() -> Bench:
    """The partition of some requests; its tournaments live where Kafka puts their keys."""
    domain = HighlightDomain(Policy(jitter=0.0), Random(7), profiles=profiles(), place=partition_of(12))
    return Bench(domain=domain)


def ask(bench: Bench, request_id: str = "r1", **metadata: Any) -> None:
    """Send a request that belongs to the tournament."""
    bench.request(request_id, profile="play", metadata={**METADATA, **metadata})


def an_ace(highlight_id: str = "h1", **fields: Any) -> ObservedHighlight:
    """A highlight that the profile makes a sighting of."""
    return seen_highlight(highlight_id, metadata={"kinds": ["ace"], "players": ["Mira"]}, **fields)


def settle(bench: Bench, *found: ObservedHighlight) -> None:
    """Bring the request to its end."""
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="processing"), START))
    while bench.one().state != "settled":
        ended = ObservedStream(id="str_1", status="completed")
        bench.finish(bench.call(), shown_by_read(ended, *found, at=bench.now))


def test_a_stream_tells_its_start_its_highlights_and_its_end() -> None:
    """In this order, to the partition of the tournament, each with where the stream belongs."""
    bench = streams()
    ask(bench, stream_role="pov", player="Mira", team="North")
    settle(bench, an_ace())
    news: list[TournamentSighting] = bench.of("tournament-sightings")
    assert [one.kind for one in news] == ["started", "highlight", "ended"]
    assert {one.stream.match_id for one in news} == {"m1"}
    assert (news[0].stream.phase, news[0].stream.role, news[0].stream.offset_s) == ("semi_final", "pov", 12.0)
    shown = news[1].highlight
    assert shown is not None
    assert (shown.highlight_id, shown.revision, shown.kinds, shown.players, shown.score) == (
        "h1",
        1,
        ("ace",),
        ("Mira",),
        0.8,
    )
    sent = [item for item in bench.stage.published if item.topic == "tournament-sightings"]
    assert {(item.key, item.partition) for item in sent} == {(KEY.encode(), partition_of(12)(KEY.encode()))}


def test_a_revision_is_told_and_what_is_known_is_not() -> None:
    """One sighting for each highlight record that went out, with its revision."""
    bench = streams()
    ask(bench)
    for at, title in ((1.0, "first"), (2.0, "first"), (3.0, "second")):
        shown = an_ace(title=title, stream_id="str_1")
        bench.observe(observation(shown, at=START + at, source="poll"))
    told = [one.highlight for one in bench.of("tournament-sightings") if one.highlight is not None]
    assert [(one.title, one.revision) for one in told] == [("first", 1), ("second", 2)]


def test_a_rejected_stream_has_ended_and_begins_again_when_a_person_sends_it_again() -> None:
    """A tournament does not wait for a stream that never was."""
    bench = streams()
    ask(bench)
    bench.finish(bench.call(), Failed(fault="refused", reason="422"))
    again = make_request("r1", profile="play", metadata=METADATA)
    bench.feed("requests", again, headers=[("tldr-redriven", b"1")])
    assert [one.kind for one in bench.of("tournament-sightings")] == ["started", "ended", "started"]


def test_a_request_without_a_tournament_tells_nothing() -> None:
    """Nor does one whose profile knows no tournaments, whatever its metadata says."""
    bench = streams()
    bench.request("r1", profile="play", metadata={"teams": ["North"]})
    bench.request("r2", profile="general", metadata=METADATA)
    for request_id in ("r1", "r2"):
        bench.observe(observation(an_ace(stream_id=f"str_{request_id}"), request_id=request_id))
    assert len(bench.of("highlights")) == 2
    assert bench.of("tournament-sightings") == []


def test_two_streams_become_one_moment_and_a_final_record() -> None:
    """The whole way: what two partitions of requests tell makes the tournament's records, each highlight once."""
    arena = Arena()
    for request_id, role, timestamp in (("r1", "main", 60.0), ("r2", "pov", 62.0)):
        bench = streams()
        ask(bench, stream_role=role)
        settle(bench, an_ace(f"h-{request_id}", timestamp=timestamp), an_ace("later", timestamp=500.0))
        for item in bench.stage.published:
            if item.topic == "tournament-sightings":
                moved = (item.value or b"").replace(b'"request_id":"r1"', f'"request_id":"{request_id}"'.encode())
                arena.feed("tournament-sightings", moved, key=KEY)
        arena.now += 10.0
    assert sorted(moment.views for moment in arena.moments.values()) == [2, 2]
    assert [record.final for record in arena.boards()] == [True]


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"tournament_id": "a b"}, "tournament_id"),
        ({"tournament_id": 2026}, "tournament_id"),
        ({"tournament_id": "x" * 101}, "tournament_id"),
        ({"match_id": "a/b"}, "match_id"),
        ({"stream_role": "side"}, "stream_role"),
        ({"offset_s": "soon"}, "offset_s"),
        ({"offset_s": 1e300}, "offset_s"),
        ({"teams": "North"}, "teams"),
        ({"teams": [["North"]]}, "teams"),
        ({"players": [{"nick": "Mira"}]}, "players"),
        ({"players": ["x"] * 101}, "players"),
        ({"player": {"name": "Mira"}}, "player"),
        ({"phase": "x" * 61}, "phase"),
    ],
)
def test_a_wrong_field_is_named(metadata: dict[str, Any], field: str) -> None:
    """The request is a dead letter whose reason says which field it is."""
    with pytest.raises(RecordError, match=f"metadata\\.{field}"):
        ask(streams(), **metadata)


def test_a_key_that_kafka_would_have_no_room_for_is_refused() -> None:
    """Tenant and tournament make one key."""
    asked = Request(
        request_id="r", tenant="t" * 150, source_url="https://v.example/1", metadata={"tournament_id": "c" * 50}
    )
    with pytest.raises(ProfileInputError, match="tournament_id"):
        place_of(asked)


def test_the_one_whose_view_it_is_plays() -> None:
    """A view's player is among the players, with the team."""
    given = {"player": "Kim", "team": "Delta", "players": ["Mira"]}
    place = place_of(make_request("r", metadata={**given, "tournament_id": "cup"}))
    assert place.players == (Player(name="Mira"), Player(name="Kim", team="Delta"))
    assert place.stream is not None
    assert place.stream.players == place.players


def test_without_a_tournament_its_other_names_are_the_producers() -> None:
    """A request that belongs to none may use ``team`` or ``phase`` for whatever it likes."""
    place = place_of(make_request("r", metadata={"team": {"id": 7}, "phase": 3, "teams": ["North"]}))
    assert (place.stream, place.teams, place.players) == (None, ("North",), ())


def test_a_match_from_three_sides() -> None:
    """The written streams of the simulator: what two or three of them saw is one moment with these views."""
    arena = Arena()
    places: dict[str, dict[str, Any]] = {
        "cup-final": {},
        "cup-final-pov": {"stream_role": "pov", "player": "Nyx", "team": "Northwind"},
        "cup-final-es": {"stream_role": "language", "language": "es", "offset_s": 8},
    }
    roster = {"teams": ["Northwind", "Iron Harbor"], "players": ["Nyx", "Vesper", "Karu", "Strand", "Okoye", "Juno"]}
    domain = HighlightDomain(
        Policy(jitter=0.0), Random(7), profiles=Profiles((General(), Gaming())), place=partition_of(12)
    )
    for name, place in places.items():
        bench = Bench(domain=domain)
        metadata = {**METADATA, "offset_s": 0, "game": "valorant", **roster, **place}
        bench.request("r1", profile="gaming", metadata=metadata)
        settle(bench, *of_script(name, name))
        for item in bench.stage.published:
            if item.topic == "tournament-sightings":
                moved = (item.value or b"").replace(b'"request_id":"r1"', f'"request_id":"{name}"'.encode())
                arena.feed("tournament-sightings", moved, key=KEY)
    seen = {round(moment.start_s): moment.views for moment in arena.moments.values() if moment.views > 1}
    assert seen == {35: 2, 400: 3, 1010: 2, 1540: 2, 1800: 2, 2610: 3}
    (record,) = arena.boards()
    assert (record.final, record.totals.highlights, record.players[0].name) == (True, 20, "Nyx")
    assert [notice.title for notice in arena.of("notifications")] == [
        "ACE! Nyx takes down all five",
        "Vesper wins the 1v3",
        "Juno clutches the 1v2 on match point",
    ]

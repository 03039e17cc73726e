"""The oracle of tournaments and of things to do: what a worker tells passes, and each planted fault is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import msgspec
import pytest

from agents.domain import HighlightDomain
from agents.policy import Policy
from agents.profile_setup import OURS
from agents.profiles import General, Profiles
from pipeline.effects.calls import Accepted, Read, Seen, Submit
from pipeline.streaming.partitioner import partition_of
from schemas.records import ObservedStream, encode
from tests.chaos import follow_ups, tournaments
from tests.chaos.reading import Read as Record
from tests.unit.agents.support import Bench, make_request, seen_highlight

Topics = dict[str, list[dict[str, Any]]]

KEY = "acme/cup"
CUP = {"game": "valorant", "tournament_id": "cup", "match_id": "final"}
BOARD = {"attendees": ["Amara Okafor", "Chen Wei"], "date": "2099-07-01T09:00:00", "timezone": "Europe/Berlin"}
ASKED = {
    "main": make_request("main", profile="gaming", metadata=CUP),
    "pov": make_request("pov", profile="gaming", metadata=CUP | {"stream_role": "pov"}),
    "board": make_request("board", profile="meetings", metadata=BOARD),
}
SHOWN = {
    "main": ["Nyx aces the whole team", "Clutch! He wins the 1v3", "Triple kill on the site"],
    "pov": ["Ace by Nyx, all five", "A quiet round", "Headshot through the smoke"],
    "board": ["Chen, please send the report by Friday.", "We decided to go with the second offer.", "Good morning."],
}


@cache
def told() -> tuple[bytes, bytes]:
    """What a worker publishes about three requests whose streams are at their end: by topic; the final highlights."""
    policy = Policy(jitter=0.0, remind_before_s=follow_ups.REMIND_BEFORE_S, notify_above=0.3)
    profiles = Profiles([General(), *(make(None) for make in OURS.values())])
    bench = Bench(domain=HighlightDomain(policy, Random(7), profiles=profiles, place=partition_of(12)))
    for request_id, asked in ASKED.items():
        bench.feed("requests", asked)
        while bench.states(request_id)[-1] != "settled":
            answer(bench, SHOWN[request_id])
    for news in [item for item in bench.stage.published if item.topic == "tournament-sightings"]:
        bench.feed("tournament-sightings", news.value or b"", key=KEY)
    bench.now += 10.0
    while bench.begin() is not None:
        pass
    topics: Topics = {}
    for item in bench.stage.published:
        topics.setdefault(item.topic, []).append(json.loads(item.value or b"{}"))
    finals: dict[str, list[Any]] = {request_id: [] for request_id in ASKED}
    for record in topics["highlights"]:
        finals[record["request_id"]].append(record)
    return json.dumps(topics).encode(), json.dumps(finals).encode()


def answer(bench: Bench, titles: list[str]) -> None:
    """Answer the call that is due: a submission, or a read of a stream that has ended."""
    call = bench.call()
    ended = ObservedStream(id="s1", status="completed")
    if isinstance(call, Submit):
        bench.finish(call, Accepted(ended, bench.now))
        return
    assert isinstance(call, Read)
    bench.now += 1
    shown = [
        seen_highlight(f"h{place}", title=title, description="", timestamp=100.0 * place + 10.0, duration=20.0, tags=[])
        for place, title in enumerate(titles)
    ]
    seen = Seen(
        observed_at=bench.now - 0.5,
        observed_until=bench.now,
        stream=ended,
        highlights=shown,
        total=len(shown),
        whole=True,
        clean=True,
    )
    bench.finish(call, seen)


def problems(plant: Callable[[Topics], Any] = lambda _topics: None) -> list[str]:
    """What the oracle says of it, with a fault in it."""
    topics, finals = map(json.loads, told())
    plant(topics)
    asked = {request_id: encode(request) for request_id, request in ASKED.items()}
    reads = {
        topic: [Record(0, place, key_of(record), msgspec.json.encode(record), {}) for place, record in enumerate(found)]
        for topic, found in topics.items()
    }
    found = tournaments.differences(asked, finals, reads)
    return found + follow_ups.differences(asked, finals, reads.get(follow_ups.TOPIC, []))


def key_of(record: dict[str, Any]) -> bytes:
    """The Kafka key of a record."""
    return KEY.encode() if "tournament_id" in record else str(record["request_id"]).encode()


def test_what_a_worker_tells_passes() -> None:
    """There are moments of two views, notifications, a final leaderboard, and a reminder."""
    topics = json.loads(told()[0])
    assert problems() == []
    assert max(moment["views"] for moment in topics["moments"]) == 2
    assert topics["notifications"]
    assert topics["tournaments"][-1]["final"]
    assert [record["kind"] for record in topics["follow-ups"]] == ["opened", "reminder"]


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(lambda t: t["moments"].append(t["moments"][-1]), id="a revision of a moment again"),
        pytest.param(lambda t: t["moments"].pop(0), id="a moment is lost, or begins at its second revision"),
        pytest.param(lambda t: t["moments"][-1].update(score=0.01), id="a moment ends with another content"),
        pytest.param(lambda t: t["moments"].append(t["moments"][-1] | {"moment_id": "x"}), id="a moment of nobody"),
        pytest.param(lambda t: t["tournaments"].append(t["tournaments"][-1]), id="a leaderboard again"),
        pytest.param(lambda t: t["tournaments"][-1].update(final=False), id="the last word is missing"),
        pytest.param(lambda t: t["tournaments"][-1]["totals"].update(moments=99), id="totals that do not add up"),
        pytest.param(lambda t: t["tournaments"].clear(), id="no word on the tournament"),
        pytest.param(lambda t: t["notifications"].append(t["notifications"][-1]), id="a notification twice"),
        pytest.param(
            lambda t: t["notifications"].extend(t["notifications"][-1] | {"moment_id": f"n{n}"} for n in range(9)),
            id="more notifications than the budget has",
        ),
        pytest.param(lambda t: t["notifications"].pop(), id="a notification is lost"),
        pytest.param(lambda t: t["follow-ups"].append(t["follow-ups"][0]), id="an item is opened again"),
        pytest.param(lambda t: t["follow-ups"].append(t["follow-ups"][-1]), id="a second reminder"),
        pytest.param(lambda t: t["follow-ups"].pop(), id="no reminder"),
        pytest.param(lambda t: t["follow-ups"].clear(), id="an item is lost"),
        pytest.param(lambda t: t["follow-ups"][0].update(assignee="Nobody"), id="an item for somebody else"),
        pytest.param(
            lambda t: t["follow-ups"].append(t["follow-ups"][0] | {"item_id": "x"}),
            id="an item of nobody",
        ),
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[Topics], Any]) -> None:
    """Whatever is lost, doubled, stale or made up."""
    assert problems(plant)

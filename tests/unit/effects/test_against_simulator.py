"""Rules, runner, performers and client together, against the simulated API on real sockets. Only Kafka is missing."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import Command
from tests.unit.effects.harness import Rig, simulator

SHORT: dict[str, Any] = {
    "time": {"compression": 1_000.0},
    "streams": {"duration_s": [500, 1_200], "pending_s": [5, 20], "highlights": [5, 30]},
}


async def settle(rig: Rig, count: int, timeout: float = 20.0) -> None:
    """Run so many requests to their end."""
    rig.runner.attach(rig.ledger)
    rig.ask(count)
    await rig.until(settled=count, timeout=timeout)
    await rig.runner.drain(5.0)
    assert not rig.bugs


async def test_every_highlight_is_published_once() -> None:
    """Streams run to their end, and what was published is what the API made; restored state equals live state."""
    async with simulator(SHORT) as sim:
        rig = Rig(sim.client)
        await settle(rig, 12)
        expected = await sim.expected()
    assert {stream: set(seen) for stream, seen in rig.highlights().items()} == expected
    assert len(expected) == 12
    assert rig.ledger.restored().snapshot() == rig.ledger.state.snapshot()


async def test_faults_lose_nothing_and_repeat_nothing() -> None:
    """503s, resets, slow and cut answers, revisions and shifting pages: the same highlights, each revision once."""
    kinds = ("error", "reset_before", "reset_after", "truncate", "broken_json")
    faults = [{"kind": kind, "probability": 0.05, "methods": ["GET"]} for kind in kinds]
    scenario = {
        **SHORT,
        "faults": faults,
        "pages": {"release_on_read": True},
        "content": {"revised_share": 0.3},
    }
    async with simulator(scenario) as sim:
        rig = Rig(sim.client)
        await settle(rig, 12, timeout=40.0)
        expected = await sim.expected()
    assert {stream: set(seen) for stream, seen in rig.highlights().items()} == expected


@pytest.mark.parametrize("shown", [{}, {"show_metadata": True}], ids=["options", "metadata"])
async def test_lost_replies_do_not_start_a_stream_twice(shown: dict[str, bool]) -> None:
    """A POST whose reply was lost is found by its mark, in options or metadata; none is started twice."""
    faults = [{"kind": "reset_after", "probability": 0.4, "methods": ["POST"], "routes": ["/streams"]}]
    scenario = {
        **SHORT,
        "time": {"compression": 300.0},
        "api": shown,
        "faults": faults,
    }
    async with simulator(scenario) as sim:
        rig = Rig(sim.client, locate_tries=20)
        await settle(rig, 10, timeout=40.0)
        accepted = await sim.accepted()
        expected = await sim.expected()
    assert len(accepted) == 10
    assert {stream: set(seen) for stream, seen in rig.highlights().items()} == expected


async def test_a_stream_that_turns_up_late_is_stopped() -> None:
    """Given up and sent again, the first stream is found in the end; one of the two is stopped, one is published."""
    faults = [{"kind": "reset_after", "methods": ["POST"], "routes": ["/streams"], "limit": 1}]
    scenario = {
        **SHORT,
        "time": {"compression": 200.0},
        "api": {"show_metadata": True},
        "faults": faults,
    }
    async with simulator(scenario) as sim:
        rig = Rig(sim.client, locate_tries=1, submit_window_s=0.05, doubt_wait_s=0.0, locate_pause_s=0.02)
        await settle(rig, 1, timeout=30.0)
        accepted = await sim.accepted()
        stopped = await sim.lines("/_sim/truth", event="stopped")
    assert len(accepted) == 2
    assert len(stopped) == 1
    published = rig.highlights()
    assert set(published) == {line["stream_id"] for line in accepted} - {stopped[0]["stream_id"]}


async def test_a_full_plan_is_waited_for() -> None:
    """With three slots, twelve requests all come to their end, and no request is given up."""
    scenario = {**SHORT, "limits": {"plans": {"enterprise": {"concurrent_streams": 3}}}}
    async with simulator(scenario) as sim:
        rig = Rig(sim.client)
        await settle(rig, 12, timeout=40.0)
        assert len(await sim.accepted()) == 12


async def test_a_cancelled_stream_is_stopped() -> None:
    """A cancel while the stream runs stops it at the API, and the request ends as cancelled."""
    async with simulator({**SHORT, "time": {"compression": 50.0}}) as sim:
        rig = Rig(sim.client)
        rig.runner.attach(rig.ledger)
        rig.ask(1)
        await rig.until(processing=1)
        rig.feed("commands", Command(request_id="r0", command_id="c1", command="cancel"))
        await rig.until(settled=1)
        stopped = await sim.lines("/_sim/truth", event="stopped")
        await rig.runner.drain(5.0)
    assert len(stopped) == 1
    request = rig.ledger.state.entries["r0"].request
    assert request is not None
    assert request.outcome == "cancelled"

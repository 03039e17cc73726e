"""Budgets: requests an hour, concurrent streams, videos a batch."""

from typing import Any

import pytest

from tests.unit.simulator.harness import running


def plan(**limits: Any) -> dict[str, Any]:
    """Return a scenario part whose default plan has these limits, and whose hour takes 100 s."""
    section = {"hour_seconds": 100, "default_plan": "starter", "plans": {"starter": limits}}
    return {"limits": section}


async def test_every_answer_carries_the_budget() -> None:
    """Limit, remaining and reset are on answers and refusals alike."""
    async with running(plan(requests_per_hour=10)) as sim:
        for path, status in (("/highlights", 200), ("/streams/none", 404), ("/highlights?page=0", 422)):
            answer = await sim.api.get(path)
            assert answer.status_code == status
            assert answer.headers["x-ratelimit-limit"] == "10"
        assert answer.headers["x-ratelimit-remaining"] == "7"
        assert int(answer.headers["x-ratelimit-reset"]) == int(sim.clock()) + 100


async def test_the_documented_limits_are_those_of_the_plans() -> None:
    """Without an override, starter has 1,000 requests an hour and 5 streams."""
    async with running({"limits": {"default_plan": "starter"}}) as sim:
        for number in range(5):
            await sim.submit(f"https://x.example/{number}")
        answer = await sim.api.post("/streams", json={"source_url": "https://x.example/6"})
        assert answer.status_code == 429
        assert answer.headers["x-ratelimit-limit"] == "1000"


async def test_beyond_the_budget_comes_429_with_the_time_to_wait() -> None:
    """The refusal says in Retry-After when the window ends, and it is right."""
    async with running(plan(requests_per_hour=2)) as sim:
        await sim.get("/highlights")
        sim.clock.advance(30)
        await sim.get("/highlights")
        refused = await sim.api.get("/highlights")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert refused.headers["retry-after"] == "70"
        assert refused.headers["x-ratelimit-remaining"] == "0"
        sim.clock.advance(69.9)
        assert (await sim.api.get("/highlights")).status_code == 429
        sim.clock.advance(0.1)
        assert (await sim.api.get("/highlights")).status_code == 200


async def test_a_sliding_window_frees_one_request_at_a_time() -> None:
    """Each request comes free an hour after it was made."""
    table = plan(requests_per_hour=2)
    table["limits"]["window"] = "sliding"
    async with running(table) as sim:
        await sim.get("/highlights")
        sim.clock.advance(60)
        await sim.get("/highlights")
        sim.clock.advance(40)
        assert [(await sim.api.get("/highlights")).status_code for _ in range(2)] == [200, 429]


async def test_each_key_has_a_budget_of_its_own() -> None:
    """One key used up leaves the other untouched."""
    async with running(plan(requests_per_hour=1)) as sim:
        await sim.get("/highlights")
        assert (await sim.api.get("/highlights")).status_code == 429
        assert (await sim.api.get("/highlights", headers={"X-API-Key": "second"})).status_code == 200


async def test_a_full_account_refuses_streams_until_one_ends() -> None:
    """429 `concurrency_limit`; an end or a stop frees the slot at once."""
    async with running(plan(concurrent_streams=1)) as sim:
        first = await sim.submit()
        body = {"source_url": "https://x.example/2"}
        refused = await sim.api.post("/streams", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "concurrency_limit")
        await sim.api.post(f"/streams/{first['id']}/stop")
        assert (await sim.api.post("/streams", json=body)).status_code == 201
        assert (await sim.api.post("/streams", json=body)).status_code == 429
        sim.clock.advance(1011)
        assert (await sim.api.post("/streams", json=body)).status_code == 201


@pytest.mark.parametrize(("count", "status"), [(3, 201), (4, 422)])
async def test_a_batch_has_at_most_so_many_videos(count: int, status: int) -> None:
    """One more than the plan allows is refused."""
    async with running(plan(batch_videos=3)) as sim:
        urls = [f"https://x.example/{number}" for number in range(count)]
        assert (await sim.api.post("/batch", json={"video_urls": urls})).status_code == status

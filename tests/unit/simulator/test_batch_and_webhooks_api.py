"""Batches, and the keeping of webhooks."""

import pytest

from tests.unit.simulator.harness import running

URLS = [f"https://x.example/{number}" for number in range(3)]


async def test_a_batch_is_queued_processed_and_completed() -> None:
    """Videos come one after the other, take no slot, and their highlights make one list."""
    async with running() as sim:
        answer = await sim.api.post("/batch", json={"video_urls": URLS, "options": {"max_highlights_per_video": 5}})
        batch = answer.json()
        assert (answer.status_code, batch["status"]) == (201, "queued")
        sim.clock.advance(1500)
        half = await sim.get(f"/batch/{batch['id']}")
        assert half["status"] == "processing"
        assert [video["status"] for video in half["videos"]] == ["completed", "processing", "pending"]
        assert (await sim.summary())["live"] == 2
        sim.clock.advance(2000)
        assert (await sim.get(f"/batch/{batch['id']}"))["status"] == "completed"
        page = await sim.get(f"/batch/{batch['id']}/highlights?per_page=4")
        assert (page["pagination"]["total"], len(page["highlights"])) == (15, 4)


async def test_videos_can_be_processed_in_parallel() -> None:
    """With `parallel_processing` all end together."""
    async with running() as sim:
        body = {"video_urls": URLS, "options": {"parallel_processing": True}}
        batch = (await sim.api.post("/batch", json=body)).json()
        sim.clock.advance(1011)
        assert (await sim.get(f"/batch/{batch['id']}"))["status"] == "completed"


async def test_files_can_be_uploaded() -> None:
    """A multipart batch begins as uploading and has a video for each file."""
    async with running() as sim:
        files = [("files", ("one.mp4", b"1", "video/mp4")), ("files", ("two.mp4", b"2", "video/mp4"))]
        answer = await sim.api.post("/batch", files=files, data={"options": '{"parallel_processing": true}'})
        assert (answer.status_code, answer.json()["status"]) == (201, "uploading")
        assert answer.json()["options"] == {"parallel_processing": True}
        assert [video["source_url"] for video in answer.json()["videos"]] == [
            "upload://files/one.mp4",
            "upload://files/two.mp4",
        ]


async def test_a_cancelled_batch_is_in_error_and_makes_nothing_more() -> None:
    """DELETE stops all videos; what was found stays readable."""
    async with running() as sim:
        batch = (await sim.api.post("/batch", json={"video_urls": URLS})).json()
        sim.clock.advance(500)
        assert (await sim.api.delete(f"/batch/{batch['id']}")).json()["status"] == "error"
        found = (await sim.get(f"/batch/{batch['id']}/highlights"))["pagination"]["total"]
        sim.clock.advance(5000)
        assert (await sim.get(f"/batch/{batch['id']}/highlights"))["pagination"]["total"] == found > 0


@pytest.mark.parametrize("body", [{}, {"video_urls": []}, {"video_urls": ["x"]}, {"video_urls": URLS, "options": 1}])
async def test_a_wrong_batch_is_refused(body: dict[str, object]) -> None:
    """422, by field."""
    async with running() as sim:
        assert (await sim.api.post("/batch", json=body)).status_code == 422


async def test_a_webhook_is_created_shown_changed_and_deleted() -> None:
    """The secret is shown at creation only."""
    async with running() as sim:
        answer = await sim.api.post("/webhooks", json={"url": "https://h.example/a", "events": ["highlight.created"]})
        made = answer.json()
        assert answer.status_code == 201
        assert made["secret"].startswith("whsec_")
        path = f"/webhooks/{made['id']}"
        changed = (await sim.api.put(path, json={"url": "https://h.example/b", "active": False})).json()
        assert (changed["url"], changed["active"], changed["events"]) == (
            "https://h.example/b",
            False,
            ["highlight.created"],
        )
        assert (await sim.get("/webhooks"))["webhooks"] == [changed]
        assert "secret" not in changed
        assert (await sim.api.delete(path)).status_code == 204
        assert (await sim.get("/webhooks"))["webhooks"] == []
        assert (await sim.api.put(path, json={})).status_code == 404


async def test_a_wrong_webhook_is_refused_with_every_field_named() -> None:
    """422 lists all problems."""
    async with running() as sim:
        body = {"url": "nowhere", "events": ["x"], "secret": "", "active": 1}
        answer = await sim.api.post("/webhooks", json=body)
        assert (answer.status_code, set(answer.json()["error"]["details"])) == (422, set(body))


async def test_a_test_event_says_that_nothing_was_delivered() -> None:
    """The wish is accepted and logged, no delivery is claimed."""
    async with running() as sim:
        made = (await sim.api.post("/webhooks", json={"url": "https://h.example/a"})).json()
        answer = await sim.api.post(f"/webhooks/{made['id']}/test")
        assert (answer.status_code, answer.json()["delivered"]) == (202, False)
        assert [item["event_id"] for item in await sim.truth("webhook_test")] == [answer.json()["id"]]

"""Streams and their highlights over HTTP."""

import httpx
import pytest

from tests.unit.simulator.harness import running


async def test_a_stream_goes_from_pending_over_processing_to_completed() -> None:
    """Status and progress follow the clock, and the truth log has the same story."""
    async with running() as sim:
        stream = await sim.submit(platform="twitch", options={"analysis_quality": "high"})
        assert stream["id"].startswith("str_")
        assert (stream["status"], stream["progress"]["highlights_found"]) == ("pending", 0)
        assert stream["options"] == {"analysis_quality": "high"}
        sim.clock.advance(510)
        half = await sim.get(f"/streams/{stream['id']}")
        assert half["status"] == "processing"
        assert half["progress"]["processed_duration"] == pytest.approx(500)
        assert 0 < half["progress"]["highlights_found"] < 20
        sim.clock.advance(501)
        done = await sim.get(f"/streams/{stream['id']}")
        assert done["status"] == "completed"
        assert done["progress"] == {"processed_duration": 1000, "total_duration": 1000, "highlights_found": 20}
        assert [item["status"] for item in await sim.truth("ended")] == ["completed"]


async def test_compression_makes_content_time_pass_faster() -> None:
    """At 1,800 an hour of content is done in two seconds."""
    table = {"time": {"compression": 1800}, "streams": {"duration_s": [3600, 3600], "pending_s": [0, 0]}}
    async with running(table) as sim:
        stream = await sim.submit()
        sim.clock.advance(1)
        half = await sim.get(f"/streams/{stream['id']}")
        assert half["progress"]["processed_duration"] == pytest.approx(1800)
        sim.clock.advance(1.001)
        assert (await sim.get(f"/streams/{stream['id']}"))["status"] == "completed"


async def test_a_stream_can_end_in_error() -> None:
    """With an error share of one, every stream fails part of the way and keeps what it found."""
    async with running({"streams": {"duration_s": [1000, 1000], "highlights": [20, 20], "error_share": 1}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        failed = await sim.get(f"/streams/{stream['id']}")
        assert failed["status"] == "error"
        assert failed["progress"]["processed_duration"] < 1000
        assert failed["progress"]["highlights_found"] == len(await sim.all_highlights(stream["id"])) < 20


async def test_a_live_stream_shows_no_total_until_it_ends() -> None:
    """`total_duration` is null while a live stream runs."""
    table = {"streams": {"duration_s": [1000, 1000], "pending_s": [0, 0], "live_share": 1}}
    async with running(table) as sim:
        stream = await sim.submit()
        assert stream["progress"]["total_duration"] is None
        sim.clock.advance(1001)
        assert (await sim.get(f"/streams/{stream['id']}"))["progress"]["total_duration"] == 1000


async def test_stop_cancels_once_and_then_conflicts() -> None:
    """The first stop answers with the cancelled stream, the second with 409."""
    async with running() as sim:
        stream = await sim.submit()
        first = await sim.api.post(f"/streams/{stream['id']}/stop")
        assert (first.status_code, first.json()["status"]) == (200, "cancelled")
        second = await sim.api.post(f"/streams/{stream['id']}/stop")
        assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
        assert len(await sim.truth("stopped")) == 1


async def test_delete_removes_the_stream_and_its_highlights() -> None:
    """After a delete stream and highlights are unknown, everywhere."""
    async with running() as sim:
        stream = await sim.submit()
        sim.clock.advance(600)
        some = (await sim.all_highlights(stream["id"]))[0]
        assert (await sim.api.delete(f"/streams/{stream['id']}")).status_code == 204
        for path in (f"/streams/{stream['id']}", f"/streams/{stream['id']}/highlights", f"/highlights/{some['id']}"):
            assert (await sim.api.get(path)).status_code == 404
        assert (await sim.get("/highlights"))["pagination"]["total"] == 0
        assert (await sim.summary())["live"] == 0


async def test_pages_default_to_ten_and_show_the_total_newest_first() -> None:
    """The pages of a list, put together, are the list from newest to oldest; behind the last one is nothing."""
    async with running() as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        path = f"/streams/{stream['id']}/highlights"
        first, second, third = [await sim.get(f"{path}?page={page}") for page in (1, 2, 3)]
        assert first["pagination"] == {"total": 20, "page": 1, "per_page": 10}
        assert [len(page["highlights"]) for page in (first, second, third)] == [10, 10, 0]
        made = [item["highlight_id"] for item in await sim.truth("made")]
        assert [item["id"] for item in first["highlights"] + second["highlights"]] == made[::-1]
        odd = await sim.get(f"{path}?page=3&per_page=7")
        assert [item["id"] for item in odd["highlights"]] == made[:6][::-1]


async def test_pages_can_be_oldest_first() -> None:
    """With that order, the first page never shifts."""
    async with running({"pages": {"order": "oldest_first"}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        page = await sim.get(f"/streams/{stream['id']}/highlights?per_page=3")
        made = [item["highlight_id"] for item in await sim.truth("made")]
        assert [item["id"] for item in page["highlights"]] == made[:3]


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=-1", "per_page=", "page=1&per_page=1e3", "page=²"])
async def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    """422 with the field that is wrong."""
    async with running() as sim:
        stream = await sim.submit()
        answer = await sim.api.get(f"/streams/{stream['id']}/highlights?{query}")
        assert answer.status_code == 422
        assert set(answer.json()["error"]["details"]) <= {"page", "per_page"}


async def test_reading_pages_shifts_them_when_the_scenario_says_so() -> None:
    """Each read of a running stream puts a highlight at the front: page 2 repeats the end of page 1."""
    async with running({"pages": {"release_on_read": True}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(500)
        path = f"/streams/{stream['id']}/highlights?per_page=3"
        first, second = await sim.get(f"{path}&page=1"), await sim.get(f"{path}&page=2")
        assert second["pagination"]["total"] == first["pagination"]["total"] + 1
        assert second["highlights"][0] | {"video_url": "", "thumbnail_url": ""} == first["highlights"][-1] | {
            "video_url": "",
            "thumbnail_url": "",
        }
        assert [item["early"] for item in await sim.truth("made")][-2:] == [True, True]
        sim.clock.advance(1000)
        assert len({item["id"] for item in await sim.all_highlights(stream["id"])}) == 20


async def test_a_revision_changes_title_and_confidence_and_keeps_the_id() -> None:
    """With all highlights revised, each is logged as made and as revised, and reads show the second."""
    async with running({"content": {"revised_share": 1}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        shown = {item["id"]: item for item in await sim.all_highlights(stream["id"])}
        made = {item["highlight_id"]: item for item in await sim.truth("made")}
        revised = {item["highlight_id"]: item for item in await sim.truth("revised")}
        assert shown.keys() == made.keys() == revised.keys()
        for ident, item in shown.items():
            assert item["title"] == revised[ident]["content"]["title"] != made[ident]["content"]["title"]
            assert (made[ident]["revision"], revised[ident]["revision"]) == (1, 2)


async def test_removed_highlights_are_gone_from_the_list_and_the_total() -> None:
    """With all removed, the list is empty at the end although each was made."""
    async with running({"content": {"removed_share": 1}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        assert await sim.all_highlights(stream["id"]) == []
        assert len(await sim.truth("made")) == len(await sim.truth("removed")) == 20


async def test_media_urls_are_signed_anew_on_each_read_and_nothing_else_changes() -> None:
    """Two reads differ in the query of the media URLs only."""
    async with running() as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        one, two = [(await sim.all_highlights(stream["id"]))[0] for _ in range(2)]
        assert {name for name in one if one[name] != two[name]} == {"video_url", "thumbnail_url"}
        assert httpx.URL(one["video_url"]).path == httpx.URL(two["video_url"]).path


async def test_media_urls_can_stay_the_same() -> None:
    """Without rotation two reads are equal."""
    async with running({"content": {"rotate_media_urls": False}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        assert await sim.all_highlights(stream["id"]) == await sim.all_highlights(stream["id"])


async def test_the_same_seed_gives_the_same_answers_in_another_process() -> None:
    """Streams and highlights of a run are repeated by the next run with that seed, and not by one with another."""
    seen = []
    for seed in (7, 7, 8):
        async with running({"content": {"rotate_media_urls": False}}, seed=seed) as sim:
            stream = await sim.submit("https://lecture.example/9")
            sim.clock.advance(2000)
            seen.append(await sim.all_highlights(stream["id"]))
    assert seen[0] == seen[1]
    assert not {item["id"] for item in seen[0]} & {item["id"] for item in seen[2]}


async def test_what_the_stream_shows_of_its_request_is_set_by_the_scenario() -> None:
    """Options can be hidden and metadata shown."""
    async with running({"api": {"show_options": False, "show_metadata": True}}) as sim:
        stream = await sim.submit(options={"sensitivity": "low"}, metadata={"request_id": "r1"})
        assert "options" not in stream
        assert stream["metadata"] == {"request_id": "r1"}


async def test_a_webhook_url_in_the_options_is_recorded() -> None:
    """The truth log of an accepted stream has options and metadata as they were sent."""
    async with running() as sim:
        options = {"webhook_url": "https://hooks.example/n/1", "unknown_option": [1]}
        await sim.submit(options=options, metadata={"request_id": "r1"})
        (accepted,) = await sim.truth("accepted")
        assert (accepted["options"], accepted["metadata"]) == (options, {"request_id": "r1"})


async def test_a_wrong_request_is_refused_with_every_field_named() -> None:
    """422 lists all problems at once, and nothing is accepted."""
    body = {
        "source_url": "nowhere",
        "platform": "",
        "metadata": 1,
        "options": {"analysis_quality": "best", "clip_duration": 5, "include_chat": "yes", "custom_tags": "x"},
    }
    async with running() as sim:
        answer = await sim.api.post("/streams", json=body)
        assert answer.status_code == 422
        wrong = {"analysis_quality", "clip_duration", "include_chat", "custom_tags"}
        assert set(answer.json()["error"]["details"]) == {"source_url", "platform", "metadata"} | {
            f"options.{name}" for name in wrong
        }
        assert await sim.truth("accepted") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    """400 in the error envelope."""
    async with running() as sim:
        answer = await sim.api.post("/streams", content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_the_list_of_an_account_finds_streams_by_their_highlights() -> None:
    """GET /highlights has the highlights of all streams, with the id of each one's stream."""
    async with running() as sim:
        streams = {(await sim.submit(f"https://x.example/{number}"))["id"] for number in range(3)}
        sim.clock.advance(2000)
        page = await sim.get("/highlights?per_page=100")
        assert page["pagination"]["total"] == 60
        assert {item["stream_id"] for item in page["highlights"]} == streams


async def test_a_highlight_can_be_read_changed_and_deleted() -> None:
    """PUT merges metadata, DELETE removes it from every list."""
    async with running() as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        path = f"/highlights/{(await sim.all_highlights(stream['id']))[0]['id']}"
        changed = await sim.api.put(path, json={"metadata": {"reviewed": True}})
        assert changed.json()["metadata"]["reviewed"] is True
        assert (await sim.get(path))["metadata"]["kind"]
        assert (await sim.api.delete(path)).status_code == 204
        assert (await sim.api.get(path)).status_code == 404
        assert len(await sim.all_highlights(stream["id"])) == 19


async def test_unknown_paths_and_methods_answer_in_the_envelope() -> None:
    """404 and 405 look like any other error; health is beside /v1, not under it."""
    async with running() as sim:
        for method, path, status in (("GET", "/nowhere", 404), ("GET", "/health", 404), ("PATCH", "/streams", 405)):
            answer = await sim.api.request(method, path)
            assert (answer.status_code, set(answer.json()["error"])) == (status, {"code", "message", "details"})
        assert (await sim.door.get("/health")).json()["status"] == "ok"

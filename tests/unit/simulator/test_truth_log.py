"""The truth log and the back door."""

from pathlib import Path

import orjson

from pipeline.simulator.keys import key_hash
from pipeline.simulator.truth import TruthLog
from tests.unit.simulator.harness import KEY, running


async def test_each_line_is_in_the_file_before_the_answer_is_read(tmp_path: Path) -> None:
    """A reader of the file sees the accepted stream as soon as the client does."""
    path = tmp_path / "sub" / "truth.jsonl"
    async with running(truth_path=path) as sim:
        stream = await sim.submit(metadata={"request_id": "r1"})
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert [line["event"] for line in lines] == ["simulator_started", "accepted", "request"]
        assert lines[1]["stream_id"] == lines[2]["stream_id"] == stream["id"]
        assert lines[1]["time"] == sim.clock()
        assert await sim.truth() == lines


async def test_a_second_run_appends(tmp_path: Path) -> None:
    """What an earlier run wrote stays."""
    path = tmp_path / "truth.jsonl"
    for _ in range(2):
        async with running(truth_path=path):
            pass
    assert path.read_bytes().count(b"simulator_started") == 2


async def test_keys_are_written_as_hashes_only() -> None:
    """Each request line has the hash of its key, and the key is nowhere."""
    async with running() as sim:
        await sim.submit()
        lines = await sim.truth()
        assert KEY not in str(lines)
        assert {line["key"] for line in lines if "key" in line} == {key_hash(KEY.encode())}


async def test_requests_can_be_left_out() -> None:
    """With `truth.requests` off only what happened to streams is written."""
    async with running({"truth": {"requests": False}}) as sim:
        await sim.submit()
        assert [line["event"] for line in await sim.truth()] == ["simulator_started", "accepted"]
        assert (await sim.summary())["requests"] == 1


async def test_highlights_nobody_reads_are_made_and_expected() -> None:
    """The expectation has the full list from the start; it is keyed to the request that asked."""
    async with running() as sim:
        stream = await sim.submit(metadata={"request_id": "r1"})
        (before,) = await sim.expected()
        assert (before["stream_id"], before["request_id"]) == (stream["id"], "r1")
        assert len(before["highlights"]) == 20
        sim.clock.advance(2000)
        (after,) = await sim.expected()
        assert after["highlights"] == before["highlights"]
        made = await sim.truth("made")
        assert [{"id": item["highlight_id"], "revision": 1, **item["content"]} for item in made] == after["highlights"]


async def test_the_expectation_is_what_a_reader_gets() -> None:
    """Field by field, the final pages equal the expected highlights."""
    async with running({"content": {"revised_share": 0.5, "removed_share": 0.2}}) as sim:
        stream = await sim.submit()
        sim.clock.advance(2000)
        (expected,) = await sim.expected()
        wanted = {item.pop("id"): item for item in expected["highlights"]}
        read = {item["id"]: item for item in await sim.all_highlights(stream["id"])}
        assert wanted.keys() == read.keys()
        for ident, item in wanted.items():
            revision = item.pop("revision")
            assert item.items() <= read[ident].items()
            assert (" (corrected)" in item["title"]) == (revision == 2)


async def test_the_summary_counts() -> None:
    """Streams by status, highlights made, requests by status."""
    async with running() as sim:
        await sim.submit("https://x.example/1")
        second = await sim.submit("https://x.example/2")
        await sim.api.post(f"/streams/{second['id']}/stop")
        await sim.api.get("/streams/none")
        sim.clock.advance(2000)
        summary = await sim.summary()
        assert summary["streams"] == 2
        assert summary["live"] == 0
        assert summary["made"] == 20
        assert summary["streams_by_status"] == {"completed": 1, "cancelled": 1}
        assert summary["requests_by_status"] == {"201": 2, "200": 1, "404": 1}


def test_a_log_without_a_file_keeps_its_lines() -> None:
    """In memory it can be read back and filtered like a file; a kind that begins like another is not mixed in."""
    log = TruthLog()
    log.write("made", 1.0, {"n": 1})
    log.write("made_up", 2.0, {"n": 2})
    assert [orjson.loads(line)["n"] for line in log.lines("made")] == [1]
    assert len(list(log.lines())) == 2

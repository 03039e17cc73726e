"""Files of requests: the examples are good ones, and bad lines are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.demo.run import DemoOptions, requests_of
from pipeline.cli.submit import platform_of
from pipeline.stack.requests import RequestFileError, example_requests, parse_requests, read_requests

CHECKOUT = Path(__file__).parents[3]


def test_the_examples_are_twenty_requests_of_three_kinds() -> None:
    """Matches, lectures and meetings, of several tenants, each valid."""
    requests = example_requests()
    assert len(requests) == 20
    assert {request.metadata["type"] for request in requests} == {"esports", "lecture", "meeting"}
    assert len({request.tenant for request in requests}) >= 5


def test_the_examples_of_the_checkout_are_the_packaged_ones() -> None:
    """What a reader sees in examples/ is what the demo sends."""
    assert read_requests(CHECKOUT / "examples" / "requests.jsonl") == example_requests()


def test_all_bad_lines_are_named_at_once() -> None:
    """Not JSON, a missing field, a repeated id: each by its line."""
    good = b'{"request_id":"a","tenant":"t","source_url":"https://example.com/x"}'
    with pytest.raises(RequestFileError) as caught:
        parse_requests(b"\n".join([good, b"{", b"", b'{"request_id":"b"}', good]), "file")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["line 2", "line 4", "line 5"]


def test_lines_that_name_no_profile_get_the_one_that_was_asked_for(tmp_path: Path) -> None:
    """What a line names itself comes first; without a wish, such a line has the general rules."""
    file = tmp_path / "requests.jsonl"
    line = {"tenant": "t", "source_url": "https://example.com/x"}
    named = {**line, "request_id": "a", "profile": "general"}
    file.write_text("\n".join(json.dumps(one) for one in (named, {**line, "request_id": "b"})))
    assert [one.profile for one in read_requests(file)] == ["general", "general"]
    assert [one.profile for one in read_requests(file, profile="gaming")] == ["general", "gaming"]
    (chosen,) = requests_of(DemoOptions(requests=file, profile="gaming"))
    assert (chosen.request_id, chosen.profile) == ("b", "gaming")


@pytest.mark.parametrize("text", [b"", b"\n\n"])
def test_an_empty_file_is_refused(text: bytes) -> None:
    """Nothing to do is not success."""
    with pytest.raises(RequestFileError, match="no request"):
        parse_requests(text, "file")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The path and the reason."""
    with pytest.raises(RequestFileError, match=r"gone\.jsonl: cannot be read"):
        read_requests(tmp_path / "gone.jsonl")


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://www.twitch.tv/videos/1", "twitch"),
        ("https://m.youtube.com/watch?v=x", "youtube"),
        ("https://youtu.be/x", "youtube"),
        ("https://nottwitch.tv/x", "custom"),
        ("not a url", "custom"),
    ],
)
def test_the_platform_is_told_by_the_host(url: str, platform: str) -> None:
    """Known hosts only; a look-alike is custom."""
    assert platform_of(url) == platform

"""Signatures of URLs in free-form values: not published unless asked, and never a change."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from agents.rules.unsigned import unsigned
from pipeline.effects.calls import Accepted
from schemas.records import ObservedStream
from schemas.records.base import MAX_DEPTH
from tests.unit.agents.support import START, Bench, observation, seen_highlight


def running(*, signed: bool) -> Bench:
    """Return a request whose stream runs."""
    bench = Bench(publish_signed_urls=signed)
    bench.request()
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="pending"), START))
    return bench


def free_form(signature: str) -> dict[str, Any]:
    """Return values as an API may send them, with signed URLs in many places."""
    url = f"https://cdn.example.com/a.mp4?signature={signature}"
    return {
        "clip": url,
        "deep": {"list": [1, None, [{"clip": f"HTTPS://cdn.example.com/b.mp4#{signature}"}]]},
        "text": f'see <a href="{url}">this</a>, or {url} perhaps?',
        url: "as a name",
        "plain": "where? \\ #here",
    }


BARE = {
    "clip": "https://cdn.example.com/a.mp4",
    "deep": {"list": [1, None, [{"clip": "HTTPS://cdn.example.com/b.mp4"}]]},
    "text": 'see <a href="https://cdn.example.com/a.mp4">this</a>, or https://cdn.example.com/a.mp4 perhaps?',
    "https://cdn.example.com/a.mp4": "as a name",
    "plain": "where? \\ #here",
}


def test_signatures_in_free_form_values_are_not_published() -> None:
    """URLs go out without query and fragment wherever they stand in what the API adds; all else goes out as it is."""
    bench = running(signed=False)
    bench.observe(observation(seen_highlight("h1", metadata=free_form("s3cret"), extra=free_form("s3cret"))))
    (highlight,) = bench.of("highlights")
    assert highlight.api_metadata == BARE
    assert highlight.api_extra == BARE


def test_signatures_in_free_form_values_are_published_if_asked() -> None:
    """With ``publish_signed_urls`` they go out as they came."""
    bench = running(signed=True)
    bench.observe(observation(seen_highlight("h1", metadata=free_form("s3cret"), extra=free_form("s3cret"))))
    (highlight,) = bench.of("highlights")
    assert highlight.api_metadata == free_form("s3cret")
    assert highlight.api_extra == free_form("s3cret")


@pytest.mark.parametrize("signed", [False, True])
def test_a_rotated_signature_in_metadata_is_no_change(signed: bool) -> None:  # noqa: FBT001 -- a parameter
    """Each read signs anew; that makes no revision, while another URL does, whether signatures are published or not."""
    bench = running(signed=signed)
    shown = [free_form("one"), free_form("two"), {"clip": "https://cdn.example.com/c.mp4"}]
    for number, metadata in enumerate(shown):
        seen = seen_highlight("h1", metadata=metadata)
        bench.observe(observation(seen, at=START + 1 + number, source="poll"))
    assert [record.api_metadata["clip"][:29] for record in bench.of("highlights")] == [
        "https://cdn.example.com/a.mp4",
        "https://cdn.example.com/c.mp4",
    ]


def test_what_is_no_signature_stays() -> None:
    """Words behind a URL, and further URLs, are no part of a URL's query."""
    told = {
        "note": "https://a.tv/x is the #1 clip? yes",
        "two": "https://a.tv/x?sig=1 https://b.tv/y?sig=2",
        "by": 'see https://clip.tv/1?s=abc "great play" by X',
        "https://a.tv/name": "a:b",
        "plain": "what? #1",
    }
    assert unsigned(told) == {
        **told,
        "two": "https://a.tv/x https://b.tv/y",
        "by": 'see https://clip.tv/1 "great play" by X',
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example/My clip.mp4?sig=s3cret",
        "https://h.example/x.mp4?title=My clip&sig=s3cret",
        'https://h.example/x.mp4?filename="a b.mp4"&X-Amz-Signature=s3cret',
    ],
)
def test_a_signature_behind_a_space_is_no_secret_either(url: str) -> None:
    """Links are written by hand and by vendors: what follows a space in one is not published with its signature."""
    assert "s3cret" not in unsigned({"url": url})["url"]


def test_values_of_any_depth_and_length_are_looked_through() -> None:
    """The deepest values that are read are no fault of ours, and the time grows with their length only."""
    value: Any = "https://a.example/b?s3cret"
    for _ in range(MAX_DEPTH):
        value = [value]
    started = time.process_time()  # of this process: a busy machine is no fault of ours
    plain = unsigned(
        {"deep": value, "urls": "x http://" * 300_000, "one": "xhttp://" * 300_000, "quotes": '\\"' * 300_000}
    )
    assert time.process_time() - started < 5
    assert b"s3cret" not in msgspec.json.encode(plain)

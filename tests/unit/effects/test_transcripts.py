"""Transcripts are fetched from where they may be, whole, within bounds, and without anything of ours."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Sequence

import pytest

from agents.profiles import General, Profiles
from pipeline.effects.calls import Failed, Fetched, FetchTranscript
from pipeline.effects.perform import Performer
from pipeline.effects.screened import ScreenedBackend
from pipeline.effects.transcripts import LARGEST, TranscriptFetcher
from tests.unit.agents.sample_profile import Sample
from tests.unit.agents.support import make_request
from tests.unit.effects.fakes import HeldApi, soon
from tests.unit.effects.harness import Rig
from tests.unit.effects.transcript_server import TranscriptServer, transcript_server

VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nGrüße\n"
SIGNED = "signature-4711"


class Names:
    """A resolver that knows a few names, and counts how often it was asked."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {"transcripts.test": ["127.0.0.1"]} | {
            name.replace("_", "."): addresses for name, addresses in known.items()
        }
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Resolve a name; an address is itself."""
        assert port
        self.asked += 1
        if host in self.known:
            return self.known[host]
        if host.replace(".", "").isdigit() or ":" in host:
            return [host]
        raise OSError(f"no such name: {host}")


def fetcher(names: Names | None = None, longest_s: float = 5.0, blocked: tuple[str, ...] = ()) -> TranscriptFetcher:
    """A fetcher that may go to the test's server."""
    backend = ScreenedBackend(allowed=("transcripts.test",), blocked=blocked, resolver=names or Names())
    return TranscriptFetcher(backend, longest_s=longest_s)


async def fetched(server: TranscriptServer, path: str, longest_s: float = 5.0) -> Fetched | Failed:
    """What comes of a path, within the time that it may take."""
    async with asyncio.timeout(10):
        return await fetcher(longest_s=longest_s).fetch(FetchTranscript(url=server.url(path + f"?sig={SIGNED}")))


def assert_failed(result: Fetched | Failed, fault: str, words: str) -> None:
    """It failed so, and says nothing that it should not."""
    assert isinstance(result, Failed)
    assert (result.fault, words in result.reason) == (fault, True), result
    assert SIGNED not in repr(result)
    assert "transcripts.test" not in repr(result)
    assert "127.0.0.1" not in repr(result)


async def test_a_transcript_is_fetched_with_nothing_of_ours() -> None:
    """Text and media type come back; neither key nor cookie nor referrer is sent, and reprs hide URL and text."""
    async with transcript_server() as server:
        server.say("/a.vtt", VTT.encode(), content_type="Text/VTT; charset=UTF-8", set_cookie="a=b")
        result = await fetched(server, "/a.vtt")
        assert result == Fetched(text=VTT, media_type="text/vtt")
        await fetched(server, "/a.vtt")
    for head in server.requests:
        assert not {"authorization", "cookie", "referer", "x-api-key"} & {
            line.partition(":")[0].lower() for line in head.splitlines()
        }
    assert SIGNED in server.requests[0]
    assert SIGNED not in repr(FetchTranscript(url=server.url(f"/?sig={SIGNED}")))
    assert "Gr" not in repr(result)


async def test_environment_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would connect for us, to wherever it likes."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with transcript_server() as server:
        server.say("/a.vtt", VTT.encode())
        assert isinstance(await fetched(server, "/a.vtt"), Fetched)


@pytest.mark.parametrize("private", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"])
async def test_a_redirect_to_a_private_address_is_refused(private: str) -> None:
    """The first server passed; where it sends us is screened as well."""
    async with transcript_server() as server:
        server.say("/secret", b"the metadata")
        server.say("/a", status="302 Found", location=f"http://{private}:{server.port}/secret")
        assert_failed(await fetched(server, "/a"), "refused", "not public")
    assert len(server.requests) == 1


async def test_three_redirects_are_followed_and_no_more() -> None:
    """A chain of three arrives, relative ones too; one of four does not."""
    async with transcript_server() as server:
        for number in range(4):
            server.say(f"/{number}", status="307 Temporary Redirect", location=f"/{number + 1}")
        server.say("/4", VTT.encode())
        assert isinstance(await fetched(server, "/1"), Fetched)
        assert_failed(await fetched(server, "/0"), "refused", "redirects")


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://transcripts.test/", "http://a:b@transcripts.test/"]
)
async def test_a_redirect_to_anything_but_http_is_refused(location: str) -> None:
    """Nor with a user in it."""
    async with transcript_server() as server:
        server.say("/a", status="301 Moved Permanently", location=location)
        assert_failed(await fetched(server, "/a"), "refused", "the URL")


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    """Else an attacker lets the first connection fail, and gets the second."""
    names = Names(mixed_example=["93.184.215.14", "192.168.0.1"])
    result = await fetcher(names).fetch(FetchTranscript(url="https://mixed.example/a"))
    assert_failed(result, "refused", "not public")
    assert names.asked == 1


async def test_the_connection_goes_to_the_address_that_was_screened() -> None:
    """The name is asked for once: what a resolver says later is of no account."""
    names = Names()
    async with transcript_server() as server:
        server.say("/a", VTT.encode())
        assert isinstance(await fetcher(names).fetch(FetchTranscript(url=server.url("/a"))), Fetched)
    assert names.asked == 1


async def test_a_resolver_that_fails_lets_nothing_pass() -> None:
    """No answer is no permission; another try may mend it."""
    assert_failed(await fetcher().fetch(FetchTranscript(url="https://nowhere.example/a")), "unavailable", "Connect")
    empty = Names(empty_example=[])
    assert_failed(await fetcher(empty).fetch(FetchTranscript(url="https://empty.example/a")), "unavailable", "Connect")


async def test_blocked_hosts_are_refused_with_their_subdomains() -> None:
    """Before their name is asked for."""
    names = Names()
    blocked = fetcher(names, blocked=("bad.example",))
    for host in ("bad.example", "a.BAD.example.", "bad.example."):
        assert_failed(await blocked.fetch(FetchTranscript(url=f"https://{host}/a")), "refused", "block list")
    assert names.asked == 0


async def test_what_is_too_large_is_not_read_to_its_end() -> None:
    """By its bytes on the way, and by its bytes in UTF-8."""
    async with transcript_server() as server:
        server.say("/large", b"x" * (LARGEST + 1))
        server.say("/wide", "\u0416".encode("koi8-r") * (LARGEST - 1), content_type="text/vtt; charset=koi8-r")
        server.say("/fits", b"x" * LARGEST)
        assert_failed(await fetched(server, "/large"), "refused", "more than")
        assert_failed(await fetched(server, "/wide"), "refused", "more than")
        assert isinstance(await fetched(server, "/fits"), Fetched)


async def test_a_gzip_bomb_fills_no_memory() -> None:
    """A megabyte that unpacks to a gigabyte is given up after the first; packings in each other are none of ours."""
    bomb = gzip.compress(bytes(200_000_000), 9)
    async with transcript_server() as server:
        server.say("/bomb", bomb, content_encoding="gzip")
        server.say("/twice", gzip.compress(bomb), content_encoding="gzip, gzip")
        server.say("/brotli", b"x", content_encoding="br")
        assert_failed(await fetched(server, "/bomb"), "refused", "more than")
        assert_failed(await fetched(server, "/twice"), "refused", "not asked for")
        assert_failed(await fetched(server, "/brotli"), "refused", "not asked for")


async def test_an_answer_of_many_small_parts_holds_up_nothing() -> None:
    """Each part of a gzip answer costs a copy of the rest: their number is bounded."""
    async with transcript_server() as server:
        server.say("/parts", gzip.compress(b"") * 50_000, content_encoding="gzip")
        server.say("/empty", b"", content_encoding="gzip")
        assert_failed(await fetched(server, "/parts"), "refused", "parts")
        assert await fetched(server, "/empty") == Fetched(text="", media_type="")


async def test_packed_transcripts_are_unpacked() -> None:
    """Gzip in several members, and deflate; broken ones are no transcript."""
    data = VTT.encode()
    packed = gzip.compress(data[:9]) + gzip.compress(data[9:])
    async with transcript_server() as server:
        server.say("/gzip", packed, content_encoding="gzip")
        server.say("/deflate", zlib.compress(data), content_encoding="deflate")
        server.say("/short", packed[:-9], content_encoding="gzip")
        server.say("/broken", b"not gzip at all", content_encoding="gzip")
        for path in ("/gzip", "/deflate"):
            assert await fetched(server, path) == Fetched(text=VTT, media_type="")
        assert_failed(await fetched(server, "/short"), "unavailable", "breaks off")
        assert_failed(await fetched(server, "/broken"), "refused", "unpacked")


async def test_a_slow_server_gets_so_much_time_and_no_more() -> None:
    """However often it sends a byte."""
    async with transcript_server() as server:
        server.say("/slow", b"WEB", content_length="1000")
        server.stays.add("/slow")
        assert_failed(await fetched(server, "/slow", longest_s=0.2), "unavailable", "longer than 0.2 s")


async def test_an_answer_that_breaks_off_is_no_transcript() -> None:
    """Half a transcript would look like a whole one."""
    async with transcript_server() as server:
        server.say("/half", VTT.encode(), content_length="1000")
        assert_failed(await fetched(server, "/half"), "unavailable", "cannot be read")
        server.answers["/rubbish"] = b"\x00\x01 rubbish\r\n\r\n"
        assert_failed(await fetched(server, "/rubbish"), "unavailable", "cannot be read")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (VTT.encode("cp1252"), "text/vtt; charset=windows-1252"),
        (VTT.encode("utf-8-sig"), "text/vtt; charset=iso-8859-1"),  # the mark in the text is right, the header wrong
        (VTT.encode("utf-16"), "text/vtt"),
        (VTT.encode(), "text/vtt; charset=ascii"),
        (VTT.encode(), "text/vtt; charset=rot13"),
        (VTT.encode(), 'text/vtt; charset="no-such"'),
    ],
)
async def test_the_charset_is_found(body: bytes, content_type: str) -> None:
    """By the mark in the text, by the header where that is right, or as UTF-8."""
    async with transcript_server() as server:
        server.say("/a", body, content_type=content_type)
        assert await fetched(server, "/a") == Fetched(text=VTT, media_type="text/vtt")


@pytest.mark.parametrize("body", [b"\xff\xd8\xff\xe0 a picture", b"abc\x00def"])
async def test_what_is_no_text_is_refused(body: bytes) -> None:
    """A film, say, whose address was pasted."""
    async with transcript_server() as server:
        server.say("/a", body, content_type="video/mp4")
        assert_failed(await fetched(server, "/a"), "refused", "no text")


@pytest.mark.parametrize(
    ("status", "fault", "after"),
    [("404 Not Found", "refused", None), ("403 Forbidden", "refused", None), ("204 No Content", "refused", None),
     ("429 Too Many Requests", "throttled", 7.0), ("503 Service Unavailable", "unavailable", 7.0)],
)  # fmt: skip
async def test_statuses_say_whether_to_try_again(status: str, fault: str, after: float | None) -> None:
    """4xx but 429 does not get better by asking again."""
    async with transcript_server() as server:
        server.say("/a", status=status, retry_after="7")
        result = await fetched(server, "/a")
        assert_failed(result, fault, f"answered {status[:3]}")
        assert isinstance(result, Failed)
        assert result.retry_after == after


def failures_of(rig: Rig, request_id: str) -> int:
    """How many calls of a request failed in a row."""
    request = rig.ledger.state.entries[request_id].request
    return 0 if request is None else request.failures


async def test_a_slow_transcript_server_holds_up_no_call_of_the_api() -> None:
    """It takes none of the worker's slots, and its 429 does not close the gate."""
    async with transcript_server() as server:
        server.say("/slow", b"WEB", content_length="1000")
        server.stays.add("/slow")
        server.say("/busy", status="429 Too Many Requests", retry_after="600")
        api = HeldApi()
        api.open.clear()
        performer = Performer(api, clock=time.time, transcripts=fetcher())
        rig = Rig(
            api,
            concurrency=1,
            allowed_hosts=("transcripts.test",),
            performer=performer,
            profiles=Profiles((General(), Sample())),
        )
        rig.runner.attach(rig.ledger)
        for name, path in (("r1", "/slow"), ("r2", "/busy")):
            link = {"transcript_url": server.url(path)}
            rig.feed("requests", make_request(name, profile="sample", metadata=link))
        await soon(lambda: len(server.requests) == 2 and failures_of(rig, "r2") == 1, lambda: asyncio.sleep(0.01))
        assert rig.runner.paused_for == 0
        rig.feed("requests", make_request("r3"))
        await soon(lambda: api.asked == ["POST /streams"])
        api.open.set()
        await rig.runner.drain(1.0)
        assert not rig.bugs

"""What each performer asks of the API, and how it sorts what goes wrong."""

from __future__ import annotations

import math
from collections.abc import Collection

import pytest

from pipeline.api.errors import ApiError, Told, UnreadableAnswer
from pipeline.api.models import Highlight, Stream
from pipeline.effects.calls import Accepted, Failed, Fault, Locate, Located, Read, Seen, Stop, Stopped, Submit
from pipeline.effects.faults import failed_read, failed_submission
from pipeline.effects.gate import CREDENTIALS_PAUSE_S, Gate
from pipeline.effects.observed import observed_highlight, observed_stream
from pipeline.effects.perform import Performer
from tests.unit.agents.support import START
from tests.unit.effects.fakes import HeldApi, StoppedClock, ambiguous, http_error, never_sent

NONCE = "a" * 24


@pytest.fixture
def performer(api: HeldApi, clock: StoppedClock) -> Performer:
    """Performers over that API."""
    return Performer(api, clock=clock, per_page=10)


def submission() -> Submit:
    """A submission."""
    return Submit(
        request_id="r1",
        nonce=NONCE,
        not_after=START + 30,
        source_url="https://twitch.tv/x",
        platform="custom",
        options={"webhook_url": "https://hooks.example.com/secret"},
        metadata={"pipeline_nonce": NONCE},
    )


def unreadable() -> UnreadableAnswer:
    """The client's error for a 2xx that makes no sense."""
    return UnreadableAnswer(retryable=True, method="POST", route="/streams", status=201, headers={}, told=Told())


SUBMISSIONS: list[tuple[ApiError, Fault]] = [
    (never_sent(), "never_sent"),
    (ambiguous(), "ambiguous"),
    (unreadable(), "ambiguous"),
    (http_error(500), "ambiguous"),
    (http_error(503), "ambiguous"),
    (http_error(408), "ambiguous"),
    (http_error(400), "refused"),
    (http_error(409), "refused"),
    (http_error(409, message="a stream of https://twitch.tv/slots_king runs already"), "refused"),
    (http_error(413), "refused"),
    (http_error(422), "refused"),
    (http_error(401), "credentials"),
    (http_error(402), "credentials"),
    (http_error(403), "credentials"),
    (http_error(404), "credentials"),
    (http_error(405), "credentials"),
    (http_error(429), "throttled"),
    (http_error(429, code="concurrency_limit"), "no_slot"),
    (http_error(409, code="concurrent_streams_exceeded"), "no_slot"),
]
READS: list[tuple[ApiError, Fault]] = [
    (never_sent(), "unavailable"),
    (ambiguous(), "unavailable"),
    (unreadable(), "unreadable"),
    (http_error(503), "unavailable"),
    (http_error(404), "gone"),
    (http_error(410), "gone"),
    (http_error(409), "refused"),
    (http_error(409, message="a stream of https://twitch.tv/slots_king runs already"), "refused"),
    (http_error(409, code="concurrency_limit"), "refused"),
    (http_error(401), "credentials"),
    (http_error(429), "throttled"),
]


@pytest.mark.parametrize(("error", "fault"), SUBMISSIONS)
def test_failed_submissions_are_sorted(error: ApiError, fault: Fault) -> None:
    """What may have been applied is ambiguous; what is our own fault is no fault of the request."""
    assert failed_submission(error).fault == fault


@pytest.mark.parametrize(("error", "fault"), READS)
def test_failed_reads_are_sorted(error: ApiError, fault: Fault) -> None:
    """What may run again is sorted by whether and when it makes sense."""
    assert failed_read(error).fault == fault


def test_the_servers_delay_is_kept() -> None:
    """``Retry-After`` reaches the rules and the gate."""
    assert failed_read(http_error(429, retry_after=9.0)).retry_after == 9.0


async def test_a_submission_is_made(performer: Performer, api: HeldApi) -> None:
    """The call goes out as it is, and the stream comes back as observed before it was sent."""
    result = await performer.perform(submission())
    assert isinstance(result, Accepted)
    assert (result.stream.id, result.observed_at) == ("str_1", START)
    assert api.posts["str_1"]["metadata"] == {"pipeline_nonce": NONCE}


def test_calls_show_no_secrets() -> None:
    """URLs and options of a call stay out of its repr, and so out of tracebacks and logs."""
    assert "secret" not in repr(submission())
    assert "twitch" not in repr(submission())


async def test_a_poll_reads_no_pages_when_nothing_is_new(performer: Performer, api: HeldApi) -> None:
    """One call, when the status counts as many highlights as are known."""
    api.highlights = [Highlight(id="h1")]
    result = await performer.perform(Read(stream_id="str_1", full=False, known={"h1"}))
    assert api.asked == ["GET /streams/{id}"]
    assert isinstance(result, Seen)
    assert not result.whole


async def test_a_poll_reads_pages_when_there_is_more(performer: Performer, api: HeldApi) -> None:
    """What the status counts beyond what is known is fetched."""
    api.highlights = [Highlight(id="h1"), Highlight(id="h2")]
    result = await performer.perform(Read(stream_id="str_1", full=False, known={"h1"}))
    assert isinstance(result, Seen)
    assert "h2" in {highlight.id for highlight in result.highlights}


async def test_a_poll_that_finds_the_end_reads_all(performer: Performer, api: HeldApi) -> None:
    """A terminal status makes the poll a whole pass, which spares a sweep."""
    api.status = "completed"
    api.highlights = [Highlight(id=f"h{number}") for number in range(25)]
    known = {highlight.id for highlight in api.highlights}
    result = await performer.perform(Read(stream_id="str_1", full=False, known=known))
    assert isinstance(result, Seen)
    assert result.whole
    assert result.clean
    assert len(result.highlights) == 25


async def test_what_is_observed_is_no_later_than_when_it_was_asked(
    performer: Performer, api: HeldApi, clock: StoppedClock
) -> None:
    """A slow read does not count as newer than a webhook that came while it was under way."""
    api.failure = lambda _: setattr(clock, "now", clock.now + 5)
    result = await performer.perform(Read(stream_id="str_1", full=True, known=()))
    assert isinstance(result, Seen)
    assert result.observed_at == START


async def test_a_stop_is_made(performer: Performer, api: HeldApi) -> None:
    """A stop is one call."""
    assert await performer.perform(Stop(stream_id="str_1")) == Stopped()
    assert api.asked == ["POST /streams/{id}/stop"]


def search(*nonces: str, owned: Collection[str] = (), since: float = START) -> Locate:
    """A search for submissions that were made from a time on."""
    return Locate(nonces=nonces, owned=owned, since=since)


async def test_a_stream_is_found_by_its_nonce(performer: Performer, api: HeldApi) -> None:
    """Among the streams that the account's highlights name, the one that carries the nonce is ours."""
    await performer.perform(submission())
    api.highlights = [Highlight(id="h1", stream_id="str_1"), Highlight(id="h2", stream_id="str_8")]
    result = await performer.perform(search(NONCE, ""))
    assert isinstance(result, Located)
    assert {nonce: stream.id for nonce, stream in result.streams.items()} == {NONCE: "str_1"}


async def test_streams_with_an_owner_are_not_looked_at(performer: Performer, api: HeldApi) -> None:
    """A stream that a request of ours owns cannot be the lost one."""
    api.highlights = [Highlight(id="h1", stream_id="str_1")]
    await performer.perform(search(NONCE, owned={"str_1"}))
    assert api.asked == ["GET /highlights"]


async def test_searches_share_what_they_read(performer: Performer, api: HeldApi, clock: StoppedClock) -> None:
    """Many searches at once read one listing, and no stream twice, since its marks never change."""
    api.highlights = [Highlight(id=f"h{number}", stream_id=f"str_{number}") for number in range(5)]
    for _ in range(10):
        await performer.perform(search(NONCE))
    assert api.asked.count("GET /highlights") == 1
    assert api.asked.count("GET /streams/{id}") == 5
    clock.now += 10
    await performer.perform(search(NONCE))
    assert api.asked.count("GET /highlights") == 2
    assert api.asked.count("GET /streams/{id}") == 5


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_stream_that_is_not_shown_keeps_no_other_from_being_found(
    performer: Performer, api: HeldApi, clock: StoppedClock, status: int
) -> None:
    """It is skipped, asked for more and more rarely, and found once the API does show it."""
    await performer.perform(submission())
    api.highlights = [Highlight(id=f"h{number}", stream_id=f"str_{number}") for number in (2, 1)]
    refused = iter((False, True, False))  # the listing, str_2, str_1
    api.failure = lambda _: http_error(status) if next(refused, False) else None
    result = await performer.perform(search(NONCE))
    assert isinstance(result, Located)
    assert result.streams[NONCE].id == "str_1"
    api.failure = lambda what: http_error(status) if what == "GET /streams/{id}" else None
    api.asked.clear()
    for _ in range(3_600):
        clock.now += 1
        assert await performer.perform(search("b" * 24)) == Located({}, clock.now, blind=True)
    assert 4 <= api.asked.count("GET /streams/{id}") <= 12
    api.failure = lambda _: None
    api.posts["str_2"] = {"metadata": {"pipeline_nonce": "b" * 24}}
    clock.now += 4_000
    result = await performer.perform(search("b" * 24))
    assert isinstance(result, Located)
    assert result.streams["b" * 24].id == "str_2"


async def test_a_search_that_skips_what_was_there_before_is_not_blind(
    performer: Performer, api: HeldApi, clock: StoppedClock
) -> None:
    """A stream that was not shown before a request came cannot be that request's: nothing has to wait for it."""
    api.highlights = [Highlight(id="h1", stream_id="str_1")]
    api.failure = lambda what: http_error(403) if what == "GET /streams/{id}" else None
    assert await performer.perform(search(NONCE)) == Located({}, clock.now, blind=True)
    clock.now += 10
    assert await performer.perform(search(NONCE, since=clock.now)) == Located({}, clock.now, blind=False)


async def test_a_refused_key_fails_the_search(performer: Performer, api: HeldApi) -> None:
    """401 for a stream says nothing about the stream: the search is made again."""
    api.highlights = [Highlight(id="h1", stream_id="str_1")]
    api.failure = lambda what: http_error(401) if what == "GET /streams/{id}" else None
    result = await performer.perform(search(NONCE))
    assert isinstance(result, Failed)
    assert result.fault == "credentials"


def test_observed_values_keep_their_bounds() -> None:
    """Whatever the API sends, an observation is valid: numbers within bounds, absent ones at rest."""
    wild = Highlight(id="h1", confidence_score=7.5, timestamp=-3.0, duration=math.nan, title=None)
    seen = observed_highlight(wild)
    assert (seen.confidence_score, seen.timestamp, seen.duration, seen.title) == (1.0, 0.0, 0.0, "")
    assert len(observed_stream(Stream(id="s", status="x" * 500)).status) == 100


def test_the_gate_closes_for_all_and_opens_again(clock: StoppedClock) -> None:
    """Only what concerns every call closes it: a 429 that says for how long, and a refused key."""
    gate = Gate(clock)
    gate.note("r1", failed_read(http_error(503, retry_after=30.0)))
    gate.note("r1", failed_submission(http_error(429, code="concurrency_limit", retry_after=30.0)))
    gate.note("r1", failed_read(http_error(429)))
    assert gate.closed_for() == 0.0
    gate.note("r1", failed_read(http_error(429, retry_after=30.0)))
    gate.note("r1", failed_read(http_error(401)))
    assert gate.closed_for() == 30.0
    clock.now += 30.0
    assert gate.closed_for() == 0.0
    gate.note("r1", failed_read(http_error(401)))
    assert gate.closed_for() == CREDENTIALS_PAUSE_S


@pytest.mark.parametrize("status", [402, 403, 404, 405])
def test_what_one_request_may_not_do_closes_the_gate_for_no_other(clock: StoppedClock, status: int) -> None:
    """Not however often one request fails so: only when three of them do, with no success between."""
    gate, forbidden = Gate(clock), failed_submission(http_error(status))
    for request_id in ("r1", "r1", "r1", "r1", "r2"):
        gate.note(request_id, forbidden)
    gate.note("r3", Stopped())
    for request_id in ("r1", "r2", "r1", "r2"):
        gate.note(request_id, forbidden)
        assert gate.closed_for() == 0.0
    gate.note("r3", forbidden)
    assert gate.closed_for() == CREDENTIALS_PAUSE_S
    clock.now += CREDENTIALS_PAUSE_S
    gate.note("r1", forbidden)
    assert gate.closed_for() == CREDENTIALS_PAUSE_S

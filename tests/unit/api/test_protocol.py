"""The protocol: what an answer means, over any bytes."""

import contextlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.canonical import digest_of
from pipeline.api import account, endpoints, errors
from pipeline.api.protocol import Answer, Call, fill_path, interpret
from pipeline.effects.observed import observed_highlight
from schemas.records import encode
from schemas.records.base import MAX_DEPTH
from tests.unit.api.support import JSON_VALUES, UNHURRIED, answer

CALLS: list[Call[Any]] = [
    endpoints.create_stream("https://x", platform="twitch"),
    endpoints.get_stream("str_1"),
    endpoints.list_stream_highlights("str_1"),
    endpoints.stop_stream("str_1"),
    endpoints.get_batch("bat_1"),
    endpoints.update_highlight("hl_1", {"title": "x"}),
    endpoints.health(),
    account.list_api_keys(),
    account.usage(),
    account.usage_history(),
    account.billing(),
]
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-request-id", "content-type"]), st.text(max_size=20)
)
ERROR_STATUSES = {
    400: (errors.BadRequest, False, "refused"),
    401: (errors.Unauthorized, False, "refused"),
    402: (errors.Rejected, False, "refused"),
    403: (errors.Forbidden, False, "refused"),
    404: (errors.NotFound, False, "refused"),
    408: (errors.Unavailable, True, "ambiguous"),
    409: (errors.Conflict, False, "refused"),
    422: (errors.Invalid, False, "refused"),
    429: (errors.RateLimited, True, "refused"),
    500: (errors.ServerError, True, "ambiguous"),
    503: (errors.Unavailable, True, "ambiguous"),
    504: (errors.ServerError, True, "ambiguous"),
}


@UNHURRIED
@given(st.sampled_from(CALLS), st.integers(100, 599), HEADERS, st.binary(max_size=200))
def test_any_bytes_give_a_result_or_one_of_our_errors(
    call: Call[Any], status: int, headers: dict[str, str], body: bytes
) -> None:
    """Nothing but an HttpError ever leaves `interpret`, whatever the bytes."""
    with contextlib.suppress(errors.HttpError):
        interpret(call, Answer(status, headers, body), now=0.0)


@UNHURRIED
@given(st.sampled_from(CALLS), st.integers(100, 599), JSON_VALUES)
def test_any_json_gives_a_result_or_one_of_our_errors(call: Call[Any], status: int, payload: object) -> None:
    """The same for bodies that are JSON of any shape."""
    with contextlib.suppress(errors.HttpError):
        interpret(call, Answer(status, {}, json.dumps(payload).encode()), now=0.0)


@pytest.mark.parametrize("status", ERROR_STATUSES)
def test_statuses_map_to_who_must_act(status: int) -> None:
    """Each status gives its class, whether trying again may help, and what is known of a POST."""
    kind, retryable, outcome = ERROR_STATUSES[status]
    with pytest.raises(errors.HttpError) as caught:
        interpret(CALLS[0], answer({}, status), now=0.0)
    assert (type(caught.value), caught.value.retryable, caught.value.outcome) == (kind, retryable, outcome)


def test_error_keeps_what_a_support_ticket_needs() -> None:
    """Status, headers, request id, code, message, details, wait and pace are on the error."""
    told = {"error": {"code": "slow_down", "message": "Too fast", "details": {"limit": 5}}}
    headers = {"x-request-id": "req_9", "retry-after": "30", "x-ratelimit-remaining": "0", "set-cookie": "a=b"}
    with pytest.raises(errors.RateLimited) as caught:
        interpret(CALLS[1], answer(told, 429, headers), now=0.0)
    error = caught.value
    assert (error.status, error.code, error.message, error.details) == (429, "slow_down", "Too fast", {"limit": 5})
    assert (error.request_id, error.retry_after) == ("req_9", 30.0)
    assert error.rate_limit is not None
    assert error.rate_limit.remaining == 0
    assert "set-cookie" not in error.headers
    assert str(error) == "GET /streams/{id}: 429 slow_down, Too fast, request id req_9"


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090"}, 90.0),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090", "retry-after": "5"}, 5.0),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, 3_600.0),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, None),
        (429, {"x-ratelimit-remaining": "0"}, None),
        (429, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1090"}, None),
        (429, {"x-ratelimit-reset": "1090"}, None),
        (503, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090"}, None),
    ],
)
def test_a_429_that_does_not_say_for_how_long_waits_for_the_next_window(
    status: int, headers: dict[str, str], wait: float | None
) -> None:
    """Where the same answer shows the window used up, its end is the wait, within bounds; nothing else is guessed."""
    with pytest.raises(errors.HttpError) as caught:
        interpret(CALLS[1], answer({}, status, headers), now=1_000.0)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("body", "message"),
    [(b'{"error":"nope"}', "nope"), (b'{"message":"nope"}', "nope"), (b"<html>502</html>", ""), (b"[1]", "")],
)
def test_foreign_error_bodies_are_read_as_far_as_they_go(body: bytes, message: str) -> None:
    """A proxy's error page or a flat envelope still gives the error of its status."""
    with pytest.raises(errors.ServerError) as caught:
        interpret(CALLS[1], Answer(502, {}, body), now=0.0)
    assert caught.value.message == message


@pytest.mark.parametrize("body", [b"", b"{", b'{"id":"str_1","sta', b"\xff\xfe", b"[" * 5000])
def test_broken_json_is_unreadable_and_worth_another_try(body: bytes) -> None:
    """A 2xx that is no JSON is ambiguous for a POST and may be tried again for a GET."""
    with pytest.raises(errors.UnreadableAnswer) as caught:
        interpret(CALLS[0], Answer(200, {}, body), now=0.0)
    assert (caught.value.retryable, caught.value.outcome) == (True, "ambiguous")


def deep_page(levels: int) -> Answer:
    """Return a page so many levels deep, for the metadata of its highlight."""
    body = b'{"highlights":[{"id":"hl_1","metadata":{"a":%s%s}}]}'
    return Answer(200, {}, body % (b"[" * (levels - 4), b"]" * (levels - 4)))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 950, 5_000])
def test_an_answer_that_is_too_deep_is_unreadable(levels: int) -> None:
    """What could not be written again later, deeper in the program, is refused where it is read."""
    with pytest.raises(errors.UnreadableAnswer):
        interpret(endpoints.list_stream_highlights("str_1"), deep_page(levels), now=0.0)


def test_the_deepest_answer_that_is_read_can_be_written() -> None:
    """The limit is that of records on Kafka: what is read below it is digested and encoded."""
    page = interpret(endpoints.list_stream_highlights("str_1"), deep_page(MAX_DEPTH), now=0.0)
    observed = observed_highlight(page.highlights[0])
    assert encode(observed)
    assert digest_of(observed)


@pytest.mark.parametrize("payload", [None, 1, "str_1", [], {}, {"id": 5}, {"data": []}, {"stream": {"id": ""}}])
def test_wrong_shape_is_unreadable_and_not_worth_another_try(payload: object) -> None:
    """A 2xx without a stream in it is ambiguous, and asking again would bring the same."""
    with pytest.raises(errors.UnreadableAnswer) as caught:
        interpret(CALLS[0], answer(payload), now=0.0)
    assert (caught.value.retryable, caught.value.outcome) == (False, "ambiguous")


@pytest.mark.parametrize("status", [101, 204, 301, 307])
def test_redirects_and_empty_successes_are_no_stream(status: int) -> None:
    """No status below 400 is taken for a created stream without the stream."""
    with pytest.raises(errors.UnreadableAnswer):
        interpret(CALLS[0], Answer(status, {"location": "https://elsewhere"}), now=0.0)


@UNHURRIED
@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_id_stays_one_path_segment_on_the_wire(stream_id: str) -> None:
    """Whatever an id holds, httpx sends exactly the path that we sign, with the id as one segment of it."""
    path = fill_path("/streams/{id}/stop", id=stream_id)
    assert httpx.URL("https://api.example/v1" + path).raw_path == b"/v1" + path.encode()
    assert path.count("/") == 3


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_id_that_names_another_endpoint_is_refused(bad: str) -> None:
    """An empty id or a dot segment would call another endpoint: DELETE /streams/.. must never leave."""
    with pytest.raises(ValueError, match="cannot stand in"):
        endpoints.delete_stream(bad)

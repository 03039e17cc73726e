"""Envelopes: the same object is found in each form it may come in."""

from typing import Any

import pytest
from pydantic import SecretStr

from pipeline.api import UnreadableAnswer, account, endpoints
from pipeline.api.protocol import Call, interpret
from tests.unit.api.support import answer

STREAM = {"id": "str_1", "status": "pending"}
ENTRIES = [{"id": "hl_1"}, {"id": "hl_2"}]
PAGING = {"total": 12, "page": 1, "per_page": 2}


@pytest.mark.parametrize(
    "payload",
    [STREAM, {"stream": STREAM}, {"data": STREAM}, {"data": {"stream": STREAM}}, {"stream": {"data": STREAM}}],
)
def test_stream_in_each_envelope(payload: dict[str, Any]) -> None:
    """A stream is found bare, as `stream`, as `data`, and as one inside the other."""
    stream = interpret(endpoints.get_stream("str_1"), answer(payload), now=0.0)
    assert (stream.id, stream.status) == ("str_1", "pending")


def test_stream_with_a_field_named_like_an_envelope() -> None:
    """An object that has an id is itself, though it has a field `data`."""
    stream = interpret(endpoints.get_stream("str_1"), answer({**STREAM, "data": {"id": "other"}}), now=0.0)
    assert stream.id == "str_1"


@pytest.mark.parametrize(
    "payload",
    [
        {"highlights": ENTRIES, "pagination": PAGING},
        {"data": {"highlights": ENTRIES, "pagination": PAGING}},
        {"data": ENTRIES, "pagination": PAGING},
        {"data": {"highlights": ENTRIES}, "pagination": PAGING},
        {"highlights": ENTRIES, **PAGING},
        {"highlights": [{"highlight": entry} for entry in ENTRIES], "pagination": PAGING},
    ],
)
def test_page_in_each_envelope(payload: dict[str, Any]) -> None:
    """A page's entries and its place are found in each form."""
    page = interpret(endpoints.list_stream_highlights("str_1"), answer(payload), now=0.0)
    assert [highlight.id for highlight in page.highlights] == ["hl_1", "hl_2"]
    assert (page.pagination.total, page.pagination.page, page.pagination.per_page) == (12, 1, 2)


def test_bare_list_is_a_page_that_does_not_tell_its_place() -> None:
    """Without pagination, the totals are None and not invented."""
    page = interpret(endpoints.list_stream_highlights("str_1"), answer(ENTRIES), now=0.0)
    assert (len(page.highlights), page.pagination.total) == (2, None)


def test_empty_page_is_a_page() -> None:
    """A stream without highlights yet gives an empty page, no error."""
    page = interpret(endpoints.list_stream_highlights("str_1"), answer({"highlights": []}), now=0.0)
    assert page.highlights == ()


@pytest.mark.parametrize("payload", [{"highlights": None}, {"data": {"highlights": None}}])
def test_null_is_an_empty_list(payload: dict[str, Any]) -> None:
    """Some encoders write an empty list as null; the page is empty, and its place is told."""
    page = interpret(endpoints.list_stream_highlights("str_1"), answer({**payload, "pagination": PAGING}), now=0.0)
    assert (page.highlights, page.pagination.total) == ((), 12)


def test_null_beside_a_list_does_not_hide_it() -> None:
    """The list that is there counts; a page with neither is no page."""
    call = endpoints.list_stream_highlights("str_1")
    assert len(interpret(call, answer({"highlights": None, "data": ENTRIES}), now=0.0).highlights) == 2
    for payload in ({"data": None}, {"pagination": PAGING}):
        with pytest.raises(UnreadableAnswer):
            interpret(call, answer(payload), now=0.0)


def test_usage_with_and_without_envelope() -> None:
    """Usage is read bare and as `data`, though it has a field of its own name."""
    body = {"period": "2026-01", "usage": {"api_calls": 4}, "costs": {"total": 1.5}, "limits": {}}
    for payload in (body, {"data": body}):
        usage = interpret(account.usage(), answer(payload), now=0.0)
        assert (usage.usage, usage.costs, usage.period) == ({"api_calls": 4}, {"total": 1.5}, "2026-01")


@pytest.mark.parametrize(
    ("call", "payload"),
    [
        (account.list_invoices(), {"invoices": [{"id": "in_1"}]}),
        (account.list_invoices(), {"data": [{"id": "in_1"}]}),
        (account.list_invoices(), [{"id": "in_1"}]),
        (account.usage_history(), {"usage": [{"id": "in_1"}]}),
    ],
)
def test_undocumented_lists_are_found(call: Call[list[dict[str, Any]]], payload: object) -> None:
    """Lists whose entries are not documented are handed over as sent."""
    assert interpret(call, answer(payload), now=0.0) == [{"id": "in_1"}]


def test_first_key_of_an_account_is_secret() -> None:
    """The key that register answers is wrapped, in each envelope, and nothing of the account shows it."""
    shown = {"id": "key_1", "key": "tldr_1"}
    for payload in (
        {"api_key": "tldr_1", "email": "a@b.c"},
        {"user": {"api_key": "tldr_1"}},
        {"account": {"id": "acc_1"}, "api_key": shown},
        {"data": {"user": {"api_key": shown}}},
    ):
        made = interpret(account.register("a@b.c", SecretStr("pw")), answer(payload, 201), now=0.0)
        assert made.api_key is not None
        assert made.api_key.get_secret_value() == "tldr_1"
        assert "tldr_1" not in repr((made, made.extra, made.to_dict()))


def test_what_an_account_tells_of_its_key_is_carried() -> None:
    """The id of the key, by which it is revoked, is kept; a key of another form costs nothing but itself."""
    body = {"api_key": {"id": "key_1", "key": "tldr_1"}}
    made = interpret(account.login("a@b.c", SecretStr("pw")), answer(body), now=0.0)
    assert made.extra == {"api_key": {"id": "key_1"}}
    for strange in ({"key": None}, {}, None):
        read = interpret(account.login("a@b.c", SecretStr("pw")), answer({"api_key": strange, "id": "a"}), now=0.0)
        assert (read.id, read.api_key) == ("a", None)


def test_stop_succeeds_whatever_its_body() -> None:
    """A 2xx to stop, delete or test says it all, with or without a body."""
    stop = endpoints.stop_stream("str_1")
    assert interpret(stop, answer({"ok": True}), now=0.0) is None
    stopped = interpret(stop, answer({"stream": {**STREAM, "status": "cancelled"}}), now=0.0)
    assert stopped is not None
    assert stopped.is_terminal

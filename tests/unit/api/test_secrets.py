"""Secrets stay out of every text that a person or a log may see."""

import traceback

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.api import ApiError, Highlight, Stream, StreamOptions, account, endpoints
from pipeline.api.redact import LONGEST_TEXT, redact_urls, safe_text
from tests.unit.api.servers import closed_port, raw_server, reply, reset_after_request
from tests.unit.api.support import API_KEY, UNHURRIED, FakeClock, make_client

WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789=&%._-", min_size=4, max_size=30)


@UNHURRIED
@given(secret=WORD)
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://cdn.example/v?sig={}", "https://cdn.example/v?[redacted]"),
        ("https://user:{}@cdn.example:8443/v", "https://[redacted]@cdn.example:8443/v"),
        ("rtmp://live.example/app#{}", "rtmp://live.example/app?[redacted]"),
    ],
)
def test_secret_parts_of_urls_are_taken_out(secret: str, url: str, shown: str) -> None:
    """Wherever a URL stands in a text, neither query nor fragment nor password of it is shown; the rest is."""
    assert redact_urls(f'bad "{url.format(secret)}" here') == f'bad "{shown}" here'


@UNHURRIED
@given(st.text(max_size=2000))
def test_shown_text_is_one_short_printable_line(text: str) -> None:
    """A vendor's text cannot break a log line or fill a disk."""
    shown = safe_text(text)
    assert shown.isprintable()
    assert len(shown) <= LONGEST_TEXT + 3


async def test_key_quoted_by_the_server_is_not_repeated(http: httpx.AsyncClient) -> None:
    """A server that quotes our key in its error does not get it into ours: text, repr, details or traceback."""
    body = f'{{"error":{{"code":"bad_key","message":"key {API_KEY} unknown","details":"{API_KEY}"}}}}'.encode()
    async with raw_server(reply(401, body)) as server:
        with pytest.raises(ApiError) as caught:
            await make_client(http, server.base_url, FakeClock()).get_stream("str_1")
    everything = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "bad_key" in everything
    assert API_KEY not in everything


@pytest.mark.parametrize("where", ["before it left", "after it left"])
async def test_transport_errors_show_neither_key_nor_query(http: httpx.AsyncClient, where: str) -> None:
    """The text of a broken connection has method and route, and nothing that was sent."""
    page = 4000 + 711  # a traceback shows this line
    async with raw_server(reset_after_request) as server:
        base_url = f"http://127.0.0.1:{closed_port()}/v1" if where == "before it left" else server.base_url
        with pytest.raises(ApiError) as caught:
            await make_client(http, base_url, FakeClock()).list_highlights(page=page)
    shown = "".join(traceback.format_exception(caught.value))
    assert "GET /highlights" in shown
    assert API_KEY not in shown
    assert "4711" not in shown


def test_reprs_show_no_secret() -> None:
    """Calls, options and objects can be logged: bodies, headers, URLs and passwords are not in their repr."""
    options = StreamOptions(custom_headers={"Authorization": "s3cret"}, webhook_url="https://x/s3cret")
    things = [
        options,
        endpoints.create_stream("https://x?t=s3cret", platform="custom", options=options),
        account.login("a@b.c", SecretStr("s3cret")),
        account.create_webhook("https://x", events=[], secret=SecretStr("s3cret")),
        Stream.read({"id": "str_1", "source_url": "https://x?t=s3cret", "options": {"custom_headers": "s3cret"}}),
        Highlight.read({"id": "hl_1", "video_url": "https://x?sig=s3cret", "token": "s3cret"}),
    ]
    assert "s3cret" not in repr(things)


async def test_client_does_not_show_its_key(http: httpx.AsyncClient) -> None:
    """The client's repr names the base URL alone."""
    client = make_client(http, "https://api.example/v1", FakeClock(), signing_secret=SecretStr("s3cret"))
    assert repr(client) == "HighlightClient('https://api.example/v1')"


@pytest.mark.parametrize("key", ["", "two words", "line\nfeed", "schlüssel"])
async def test_key_that_no_header_can_carry_is_refused_unseen(http: httpx.AsyncClient, key: str) -> None:
    """A mangled key is found when the client is built, and the message does not show it."""
    with pytest.raises(ValueError, match="api_key must be") as caught:
        make_client(http, "https://api.example/v1", FakeClock(), api_key=SecretStr(key))
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("base_url", ["ftp://x/v1", "api.example/v1", "https://u:p@x/v1", "https://x/v1?k=v", ""])
async def test_base_url_of_another_form_is_refused(http: httpx.AsyncClient, base_url: str) -> None:
    """A base URL that would send the key astray is found when the client is built."""
    with pytest.raises(ValueError, match="base_url must be"):
        make_client(http, base_url, FakeClock())

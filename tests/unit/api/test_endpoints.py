"""Endpoints: every one of the contract has a builder, and what it sends is what is signed."""

import email.message
import email.parser
import email.policy
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from pipeline.api import BatchOptions, StreamOptions, Upload, account, endpoints, sign, upload_batch
from pipeline.api.protocol import Call
from tests.unit.api.servers import raw_server, reply
from tests.unit.api.support import API_KEY, NOW, FakeClock, make_client

PASSWORD = SecretStr("hunter2")
CONTRACT: dict[str, Call[Any]] = {
    "POST /auth/register": account.register("a@b.c", PASSWORD),
    "POST /auth/login": account.login("a@b.c", PASSWORD),
    "GET /api-keys": account.list_api_keys(),
    "POST /api-keys": account.create_api_key("ci", scopes=["streams.read"]),
    "DELETE /api-keys/key_1": account.revoke_api_key("key_1"),
    "POST /streams": endpoints.create_stream("https://x", platform="twitch"),
    "GET /streams/str_1": endpoints.get_stream("str_1"),
    "GET /streams/str_1/highlights": endpoints.list_stream_highlights("str_1"),
    "POST /streams/str_1/stop": endpoints.stop_stream("str_1"),
    "DELETE /streams/str_1": endpoints.delete_stream("str_1"),
    "POST /batch": endpoints.create_batch(["https://x/1.mp4"]),
    "GET /batch/bat_1": endpoints.get_batch("bat_1"),
    "GET /batch/bat_1/highlights": endpoints.list_batch_highlights("bat_1"),
    "DELETE /batch/bat_1": endpoints.cancel_batch("bat_1"),
    "GET /highlights": endpoints.list_highlights(),
    "GET /highlights/hl_1": endpoints.get_highlight("hl_1"),
    "PUT /highlights/hl_1": endpoints.update_highlight("hl_1", {"title": "x"}),
    "DELETE /highlights/hl_1": endpoints.delete_highlight("hl_1"),
    "GET /webhooks": account.list_webhooks(),
    "POST /webhooks": account.create_webhook("https://x/hook", events=["stream.completed"]),
    "PUT /webhooks/wh_1": account.update_webhook("wh_1", {"url": "https://x"}),
    "DELETE /webhooks/wh_1": account.delete_webhook("wh_1"),
    "POST /webhooks/wh_1/test": account.send_test_event("wh_1"),
    "GET /usage": account.usage(),
    "GET /usage/history": account.usage_history(),
    "GET /billing": account.billing(),
    "GET /billing/invoices": account.list_invoices(),
    "GET /health": endpoints.health(),
}
MAKES_SOMETHING_NEW = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /api-keys",
    "POST /streams",
    "POST /batch",
    "POST /webhooks",
    "POST /webhooks/wh_1/test",
}


@pytest.mark.parametrize("line", CONTRACT)
def test_builder_names_its_endpoint(line: str) -> None:
    """Each builder gives the method and path of the contract, and a route that holds no id."""
    call = CONTRACT[line]
    assert f"{call.method} {call.path}" == line
    assert "_1" not in call.route
    assert call.route.count("/") == call.path.count("/")


@pytest.mark.parametrize("line", CONTRACT)
def test_only_what_makes_something_new_is_not_idempotent(line: str) -> None:
    """A call is repeated freely unless a repeat would make or send something twice."""
    assert CONTRACT[line].idempotent == (line not in MAKES_SOMETHING_NEW)


@pytest.mark.parametrize("line", CONTRACT)
async def test_request_on_the_wire_is_signed_as_it_is(http: httpx.AsyncClient, line: str) -> None:
    """Key and signature arrive, and the signature holds over the method, path and body bytes that arrived."""
    call = CONTRACT[line]
    async with raw_server(reply(400, b"{}")) as server:
        client = make_client(http, server.base_url, FakeClock(), signing_secret=SecretStr("s3cret"))
        with pytest.raises(Exception, match="400"):
            await client.send(call)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    headers = email.parser.BytesHeaderParser().parsebytes(head.split(b"\r\n", 1)[1])
    path = target.removeprefix("/v1").partition("?")[0]
    assert headers["X-API-Key"] == API_KEY
    assert headers["X-Timestamp"] == str(int(NOW))
    assert headers["X-Signature"] == sign("s3cret", method=method, path=path, timestamp=int(NOW), body=body)


async def test_query_is_not_part_of_what_is_signed(http: httpx.AsyncClient) -> None:
    """The signed path is the documented one, such as `/streams`, also where a query follows it."""
    async with raw_server(reply(200, b'{"highlights":[]}')) as server:
        client = make_client(http, server.base_url, FakeClock(), signing_secret=SecretStr("s3cret"))
        await client.list_highlights(page=3)
    expected = sign("s3cret", method="GET", path="/highlights", timestamp=int(NOW), body=b"")
    assert f"x-signature: {expected}".encode() in server.requests[0].lower()


async def test_without_a_signing_secret_nothing_is_signed(http: httpx.AsyncClient) -> None:
    """Plans without signing get no signature headers."""
    async with raw_server(reply()) as server:
        await make_client(http, server.base_url, FakeClock()).get_stream("str_1")
    assert b"x-signature" not in server.requests[0].lower()


async def test_page_goes_into_the_query(http: httpx.AsyncClient) -> None:
    """Page and page size are sent by the documented names; what is left out is not sent."""
    async with raw_server(reply(200, b'{"highlights":[]}')) as server:
        await make_client(http, server.base_url, FakeClock()).list_stream_highlights("str_1", page=2, per_page=100)
    assert server.requests[0].startswith(b"GET /v1/streams/str_1/highlights?page=2&per_page=100 HTTP/1.1")


def test_stream_request_body() -> None:
    """The body has the documented fields; options that were not chosen are left to the API."""
    options = StreamOptions(clip_duration=30, custom_tags=["a"], webhook_url="https://x/hook/nonce")
    call = endpoints.create_stream("https://x", platform="custom", options=options, metadata={"nonce": "n1"})
    assert orjson.loads(call.body) == {
        "source_url": "https://x",
        "platform": "custom",
        "options": {"clip_duration": 30, "custom_tags": ["a"], "webhook_url": "https://x/hook/nonce"},
        "metadata": {"nonce": "n1"},
    }


def test_batch_options_extend_a_streams() -> None:
    """Batch options are sent beside the stream's."""
    options = BatchOptions(analysis_quality="fast", parallel_processing=True, max_highlights_per_video=3)
    call = endpoints.create_batch(["https://x/1.mp4"], options=options)
    assert orjson.loads(call.body)["options"] == {
        "analysis_quality": "fast",
        "parallel_processing": True,
        "max_highlights_per_video": 3,
    }


def test_upload_is_a_form_that_others_can_read() -> None:
    """Another library's MIME parser finds the options and each file in the multipart body, bytes intact."""
    uploads = [Upload("a.mp4", b"\x00\xff\r\n--b", "video/mp4"), Upload('q"uote.mp4', b"second")]
    call = upload_batch(uploads, boundary="f" * 32, options={"priority": "high"})
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {call.content_type}\r\n\r\n".encode() + call.body
    )
    parts = [part for part in form.iter_parts() if isinstance(part, email.message.EmailMessage)]
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["options", "files", "files"]
    assert [part.get_payload(decode=True) for part in parts] == [b'{"priority":"high"}', b"\x00\xff\r\n--b", b"second"]
    assert call.idempotent is False

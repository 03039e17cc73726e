"""Keys, scopes, signatures, accounts, usage."""

import hashlib
import hmac
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pipeline.api import account, open_http_client
from pipeline.simulator.keys import key_hash
from tests.unit.api.support import FakeClock, make_client
from tests.unit.simulator.harness import KEY, running

SIGNED_WITH = "signing-secret"


def keys(**fields: Any) -> dict[str, Any]:
    """Return a scenario part with KEY and these fields, and a key of another account."""
    return {"keys": [{"key": KEY, **fields}, {"key": "other", "account": "acc_other"}]}


async def test_without_a_key_nothing_is_answered() -> None:
    """401 in the envelope, without rate headers, since no budget is concerned."""
    async with running() as sim:
        answer = await sim.door.get("/v1/highlights")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
        assert "x-ratelimit-limit" not in answer.headers


async def test_any_key_will_do_when_the_scenario_lists_none() -> None:
    """Two invented keys work, and see the same account."""
    async with running() as sim:
        stream = await sim.submit()
        answer = await sim.api.get(f"/streams/{stream['id']}", headers={"X-API-Key": "invented"})
        assert answer.status_code == 200


async def test_only_listed_keys_work_when_the_scenario_lists_some() -> None:
    """A key that is not in the list is refused with 401."""
    async with running(keys()) as sim:
        assert (await sim.api.get("/highlights")).status_code == 200
        assert (await sim.api.get("/highlights", headers={"X-API-Key": "invented"})).status_code == 401


async def test_accounts_do_not_see_each_other() -> None:
    """Another account's stream is unknown."""
    async with running(keys()) as sim:
        stream = await sim.submit()
        other = {"X-API-Key": "other"}
        assert (await sim.api.get(f"/streams/{stream['id']}", headers=other)).status_code == 404
        assert (await sim.api.delete(f"/streams/{stream['id']}", headers=other)).status_code == 404


async def test_a_key_without_the_scope_is_forbidden() -> None:
    """403 names the scope that is missing; what the key may do still works."""
    async with running(keys(scopes=["streams.read"])) as sim:
        answer = await sim.api.post("/streams", json={"source_url": "https://x.example/1"})
        assert answer.status_code == 403
        assert answer.json()["error"]["details"] == {"scope": "streams.write"}
        assert (await sim.api.get("/highlights")).status_code == 200


async def test_a_key_can_be_created_used_and_revoked() -> None:
    """Rotation: the new key works in the same account, the old one is refused from its revocation on."""
    async with running() as sim:
        await sim.submit()
        made = (await sim.api.post("/api-keys", json={"name": "next"})).json()
        new = {"X-API-Key": made["key"]}
        listed = (await sim.api.get("/api-keys", headers=new)).json()["api_keys"]
        old = next(item for item in listed if item["fingerprint"] == key_hash(KEY.encode()))
        assert all("key" not in item for item in listed)
        assert (await sim.api.delete(f"/api-keys/{old['id']}", headers=new)).status_code == 204
        assert (await sim.api.get("/highlights")).status_code == 401
        assert (await sim.api.get("/highlights", headers=new)).status_code == 200


async def test_a_key_cannot_give_scopes_it_has_not() -> None:
    """422, by field."""
    async with running(keys(scopes=["streams.read"])) as sim:
        answer = await sim.api.post("/api-keys", json={"scopes": ["streams.write"]})
        assert (answer.status_code, set(answer.json()["error"]["details"])) == (422, {"scopes"})


async def test_register_and_login_give_keys_of_one_account() -> None:
    """Who registers gets a key that works; who logs in gets another; a wrong password gets none."""
    who = {"email": "a@x.example", "password": "correct"}
    async with running(keys()) as sim:
        first = await sim.door.post("/v1/auth/register", json=who)
        assert first.status_code == 201
        header = {"X-API-Key": first.json()["api_key"]["key"]}
        assert (await sim.api.get("/highlights", headers=header)).status_code == 200
        again = await sim.door.post("/v1/auth/login", json=who)
        assert again.json()["account"] == first.json()["account"]
        assert (await sim.door.post("/v1/auth/login", json=who | {"password": "no"})).status_code == 401
        assert (await sim.door.post("/v1/auth/register", json=who)).status_code == 409


async def test_our_client_gets_the_keys_of_an_account() -> None:
    """What register and login answer to the client of the pipeline is a key that works, and that nothing shows."""
    who = ("a@x.example", SecretStr("correct"))
    async with running(keys()) as sim, open_http_client() as http:
        for call in (account.register(*who), account.login(*who)):
            made = await make_client(http, sim.base_url, FakeClock(), api_key=None).send(call)
            assert made.api_key is not None
            assert made.api_key.get_secret_value() not in repr((made, made.extra, made.to_dict()))
            client = make_client(http, sim.base_url, FakeClock(), api_key=made.api_key)
            assert (await client.list_highlights()).highlights == ()


def sign(method: str, path: str, stamp: str, body: str) -> dict[str, str]:
    """Sign as the documentation says."""
    text = f"{method}\n{path}\n{stamp}\n{body}"
    return {
        "X-Timestamp": stamp,
        "X-Signature": hmac.new(SIGNED_WITH.encode(), text.encode(), hashlib.sha256).hexdigest(),
    }


async def post_signed(api: httpx.AsyncClient, headers: dict[str, str], body: str) -> httpx.Response:
    """POST a stream with given signature headers."""
    return await api.post("/streams", content=body, headers=headers)


async def test_a_signed_request_is_accepted_and_anything_else_is_not() -> None:
    """With a signing secret: the right signature passes; none, a wrong one, an old one or another body do not."""
    body = '{"source_url":"https://x.example/1"}'
    async with running({"auth": {"signing_secret": SIGNED_WITH}}) as sim:
        now = str(int(sim.clock()))
        right = sign("POST", "/streams", now, body)
        assert (await post_signed(sim.api, right, body)).status_code == 201
        old = sign("POST", "/streams", str(int(sim.clock()) - 301), body)
        wrong: list[dict[str, str]] = [
            {},
            old,
            right | {"X-Signature": "0" * 64},
            right | {"X-Timestamp": "soon"},
            sign("POST", "/v1/streams", now, body),
        ]
        for headers in wrong:
            answer = await post_signed(sim.api, headers, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")
        assert (await post_signed(sim.api, right, body + " ")).status_code == 401
        assert len(await sim.truth("accepted")) == 1


async def test_usage_counts_calls_hours_and_costs() -> None:
    """Ten hours of premium content cost 1.20 dollars."""
    table = {"streams": {"duration_s": [36_000, 36_000], "pending_s": [0, 0]}}
    async with running(table) as sim:
        await sim.submit(options={"analysis_quality": "premium"})
        sim.clock.advance(36_001)
        usage = await sim.get("/usage")
        assert usage["usage"]["processing_hours"] == pytest.approx(10)
        assert usage["usage"]["api_calls"] == 2
        assert usage["costs"]["total"] == pytest.approx(1.2)
        assert set(usage) == {"period", "usage", "costs", "limits"}
        assert (await sim.get("/usage/history"))["history"][0]["costs"] == usage["costs"]
        assert (await sim.get("/billing"))["balance_due"] == usage["costs"]["total"]
        assert (await sim.get("/billing/invoices"))["invoices"][0]["amount"] == usage["costs"]["total"]

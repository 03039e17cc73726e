"""Accounts, API keys, usage and bills."""

from typing import Any

from pipeline.simulator.accounts import Account, usage_of
from pipeline.simulator.answers import Answer, ApiError, not_found, nothing, ok
from pipeline.simulator.call import Call, Endpoint, Routes
from pipeline.simulator.checks import refuse
from pipeline.simulator.draw import digest, rfc3339
from pipeline.simulator.keys import ApiKey
from pipeline.simulator.scenario import ALL_SCOPES
from pipeline.simulator.services import Services

CURRENCY = "USD"


def register(services: Services, call: Call) -> Answer:
    """POST /auth/register: 201 with the account and its first key, which is shown this once."""
    email, password = _credentials(call)
    account = services.accounts.register(email, password, services.scenario.limits.default_plan)
    if account is None:
        raise ApiError(409, "conflict", "the e-mail is registered already")
    return _welcome(services, account, call, 201)


def login(services: Services, call: Call) -> Answer:
    """POST /auth/login: 200 with the account and a new key."""
    account = services.accounts.login(*_credentials(call))
    if account is None:
        raise ApiError(401, "unauthorized", "e-mail or password is wrong")
    return _welcome(services, account, call, 200)


def list_keys(services: Services, call: Call) -> Answer:
    """GET /api-keys: the keys of the account, without the keys themselves."""
    return ok({"api_keys": [_key_view(key) for key in services.keys.of_account(call.key.account)]})


def create_key(services: Services, call: Call) -> Answer:
    """POST /api-keys: 201 with the key; no scope beyond the caller's own can be given."""
    body = call.json()
    problems: dict[str, str] = {}
    scopes = body.get("scopes", sorted(call.key.scopes))
    if not isinstance(scopes, list) or not all(isinstance(scope, str) and scope in call.key.scopes for scope in scopes):
        problems["scopes"] = "must be scopes of the calling key"
    name = body.get("name", "key")
    if not isinstance(name, str):
        problems["name"] = "must be text"
    refuse(problems)
    key, secret = services.keys.create(call.key.account, call.key.plan, scopes, name, call.now)
    return ok({**_key_view(key), "key": secret}, 201)


def revoke_key(services: Services, call: Call) -> Answer:
    """DELETE /api-keys/{key_id}: 204; the key is refused from now on."""
    if not services.keys.revoke(call.key.account, call.ident):
        raise not_found("API key", call.ident)
    return nothing()


def usage(services: Services, call: Call) -> Answer:
    """GET /usage: since the simulator started."""
    return ok(_usage(services, call))


def usage_history(services: Services, call: Call) -> Answer:
    """GET /usage/history: one period, the running one."""
    return ok({"history": [_usage(services, call)]})


def billing(services: Services, call: Call) -> Answer:
    """GET /billing."""
    costs = _usage(services, call)["costs"]
    return ok({"plan": call.key.plan, "currency": CURRENCY, "costs": costs, "balance_due": costs["total"]})


def invoices(services: Services, call: Call) -> Answer:
    """GET /billing/invoices: the one that is open."""
    due = _usage(services, call)["costs"]["total"]
    ident = "inv_" + digest("invoice", call.key.account)[:12]
    return ok({"invoices": [{"id": ident, "status": "open", "amount": due, "currency": CURRENCY}]})


def health(services: Services, call: Call) -> Answer:
    """GET /health."""
    return ok({"status": "ok", "time": rfc3339(call.now), "live_streams": services.world.live.total()})


def _credentials(call: Call) -> tuple[str, str]:
    body = call.json()
    email, password = body.get("email"), body.get("password")
    if not isinstance(email, str) or "@" not in email or not isinstance(password, str) or not password:
        raise ApiError(422, "validation_error", "e-mail and password are needed", {"email": "", "password": ""})
    return email, password


def _welcome(services: Services, account: Account, call: Call, status: int) -> Answer:
    key, secret = services.keys.create(account.id, account.plan, ALL_SCOPES, "login", call.now)
    view = {"id": account.id, "email": account.email, "plan": account.plan}
    return ok({"account": view, "api_key": {**_key_view(key), "key": secret}}, status)


def _key_view(key: ApiKey) -> dict[str, Any]:
    created_at = rfc3339(key.created_at)
    return {
        "id": key.id,
        "name": key.name,
        "fingerprint": key.hash,
        "scopes": sorted(key.scopes),
        "created_at": created_at,
    }


def _usage(services: Services, call: Call) -> dict[str, Any]:
    account = call.key.account
    limits = services.scenario.limits.of(call.key.plan)
    figures = usage_of(services.world, account, services.accounts.calls[account], call.now)
    period = {"start": rfc3339(services.started_at), "end": rfc3339(call.now)}
    return {"period": period, **figures, "limits": limits.model_dump()}


ROUTES: Routes = {
    ("POST", "/auth/register"): Endpoint(register, open=True),
    ("POST", "/auth/login"): Endpoint(login, open=True),
    ("GET", "/api-keys"): Endpoint(list_keys),
    ("POST", "/api-keys"): Endpoint(create_key),
    ("DELETE", "/api-keys/{id}"): Endpoint(revoke_key),
    ("GET", "/usage"): Endpoint(usage, "billing.read"),
    ("GET", "/usage/history"): Endpoint(usage_history, "billing.read"),
    ("GET", "/billing"): Endpoint(billing, "billing.read"),
    ("GET", "/billing/invoices"): Endpoint(invoices, "billing.read"),
    ("GET", "/health"): Endpoint(health, open=True),
}

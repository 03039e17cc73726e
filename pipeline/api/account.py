"""One builder per endpoint around an account: sign-up, keys, webhooks, usage, billing."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from pipeline.api.account_models import Account, ApiKey, Usage, Webhook
from pipeline.api.endpoints import Document, to_json, to_query
from pipeline.api.envelope import document, documents, many, nothing, one, one_if_told
from pipeline.api.protocol import JSON, Call, fill_path

REGISTER = "/auth/register"
LOGIN = "/auth/login"
API_KEYS = "/api-keys"
API_KEY = "/api-keys/{key_id}"
WEBHOOKS = "/webhooks"
WEBHOOK = "/webhooks/{id}"
WEBHOOK_TEST = "/webhooks/{id}/test"
USAGE = "/usage"
USAGE_HISTORY = "/usage/history"
BILLING = "/billing"
INVOICES = "/billing/invoices"


def register(email: str, password: SecretStr, **fields: Any) -> Call[Account]:
    """Make an account; the answer has its first API key. `fields` are sent as they are."""
    return _credentials(REGISTER, email, password, fields)


def login(email: str, password: SecretStr) -> Call[Account]:
    """Log in."""
    return _credentials(LOGIN, email, password, {})


def list_api_keys() -> Call[list[ApiKey]]:
    """The account's keys, without the keys themselves."""
    return Call("GET", API_KEYS, API_KEYS, many(ApiKey, wrapper="api_keys"))


def create_api_key(name: str, *, scopes: Sequence[str]) -> Call[ApiKey]:
    """Make a key; only this answer shows it. Not idempotent."""
    body = to_json({"name": name, "scopes": list(scopes)})
    read = one(ApiKey, wrapper="api_key")
    return Call("POST", API_KEYS, API_KEYS, read, body=body, content_type=JSON, idempotent=False)


def revoke_api_key(key_id: str) -> Call[None]:
    """Revoke a key."""
    return Call("DELETE", fill_path(API_KEY, key_id=key_id), API_KEY, nothing)


def list_webhooks() -> Call[list[Webhook]]:
    """The account's webhooks."""
    return Call("GET", WEBHOOKS, WEBHOOKS, many(Webhook, wrapper="webhooks"))


def create_webhook(url: str, *, events: Sequence[str], secret: SecretStr | None = None) -> Call[Webhook]:
    """Register a webhook. Not idempotent: twice would deliver each event twice."""
    chosen = None if secret is None else secret.get_secret_value()
    body = to_json({"url": url, "events": list(events), "secret": chosen})
    read = one(Webhook, wrapper="webhook")
    return Call("POST", WEBHOOKS, WEBHOOKS, read, body=body, content_type=JSON, idempotent=False)


def update_webhook(webhook_id: str, changes: Mapping[str, Any]) -> Call[Webhook | None]:
    """Change a webhook; the result is the webhook if the answer shows it."""
    path = fill_path(WEBHOOK, id=webhook_id)
    return Call("PUT", path, WEBHOOK, one_if_told(Webhook, wrapper="webhook"), body=to_json(changes), content_type=JSON)


def delete_webhook(webhook_id: str) -> Call[None]:
    """Delete a webhook."""
    return Call("DELETE", fill_path(WEBHOOK, id=webhook_id), WEBHOOK, nothing)


def send_test_event(webhook_id: str) -> Call[None]:
    """Have the API send a test event. Not idempotent: each call sends one."""
    return Call("POST", fill_path(WEBHOOK_TEST, id=webhook_id), WEBHOOK_TEST, nothing, idempotent=False)


def usage(*, period: str | None = None) -> Call[Usage]:
    """Usage and costs of a period, the current one by default."""
    return Call("GET", USAGE, USAGE, one(Usage, wrapper="data", mark="usage"), query=to_query(period=period))


def usage_history() -> Call[list[Document]]:
    """Usage of past periods, as sent."""
    return Call("GET", USAGE_HISTORY, USAGE_HISTORY, documents("history", "usage"))


def billing() -> Call[Document]:
    """The account's billing state, as sent."""
    return Call("GET", BILLING, BILLING, document)


def list_invoices() -> Call[list[Document]]:
    """The account's invoices, as sent."""
    return Call("GET", INVOICES, INVOICES, documents("invoices"))


def _credentials(route: str, email: str, password: SecretStr, fields: Mapping[str, Any]) -> Call[Account]:
    body = to_json({**fields, "email": email, "password": password.get_secret_value()})
    # any object will do as an account: nothing of this answer is documented beyond its key
    read = one(Account, wrapper="user", mark="api_key")
    return Call("POST", route, route, read, body=body, content_type=JSON, idempotent=False)

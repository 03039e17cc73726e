"""Webhooks: list, create, change, delete, test. Subscriptions are kept; nothing is delivered yet."""

from typing import Any

from pipeline.simulator.answers import Answer, not_found, nothing, ok
from pipeline.simulator.call import Call, Endpoint, Routes
from pipeline.simulator.checks import is_url, refuse
from pipeline.simulator.draw import digest, rfc3339
from pipeline.simulator.services import Services
from pipeline.simulator.subscriptions import EVENT_TYPES, Subscription

TEXT_NEEDED = "must be text"


def index(services: Services, call: Call) -> Answer:
    """GET /webhooks: those of the account, without secrets."""
    return ok({"webhooks": [_view(item) for item in services.subscriptions.of_account(call.key.account)]})


def create(services: Services, call: Call) -> Answer:
    """POST /webhooks: 201 with the webhook and its secret, which is shown this once."""
    body = call.json()
    problems = _problems(body)
    if "url" not in body:
        problems["url"] = "is needed"
    refuse(problems)
    events = body.get("events", list(EVENT_TYPES))
    made = services.subscriptions.add(call.key.account, body["url"], events, body.get("secret"), call.now)
    return ok({**_view(made), "secret": made.secret}, 201)


def update(services: Services, call: Call) -> Answer:
    """PUT /webhooks/{id}: change url, events, secret or active."""
    found = _subscription(services, call)
    body = call.json()
    refuse(_problems(body))
    found.url = body.get("url", found.url)
    found.events = body.get("events", found.events)
    found.secret = body.get("secret", found.secret)
    found.active = body.get("active", found.active)
    return ok(_view(found))


def delete(services: Services, call: Call) -> Answer:
    """DELETE /webhooks/{id}."""
    services.subscriptions.drop(_subscription(services, call).id)
    return nothing()


def test(services: Services, call: Call) -> Answer:
    """POST /webhooks/{id}/test: 202; the wish is in the truth log, and `delivered` says that nothing was sent."""
    found = _subscription(services, call)
    event_id = "evt_" + digest("test", found.id, call.now)[:20]
    services.truth.write("webhook_test", call.now, {"webhook_id": found.id, "event_id": event_id})
    return ok({"id": event_id, "webhook_id": found.id, "delivered": False}, 202)


def _subscription(services: Services, call: Call) -> Subscription:
    found = services.subscriptions.find(call.key.account, call.ident)
    if found is None:
        raise not_found("webhook", call.ident)
    return found


def _problems(body: dict[str, Any]) -> dict[str, str]:
    problems: dict[str, str] = {}
    if "url" in body and not is_url(body["url"]):
        problems["url"] = "must be a URL with a host"
    events = body.get("events", [])
    if not isinstance(events, list) or not all(event in EVENT_TYPES for event in events):
        problems["events"] = "must be a list of " + ", ".join(EVENT_TYPES)
    if "secret" in body and not (isinstance(body["secret"], str) and body["secret"]):
        problems["secret"] = TEXT_NEEDED
    if not isinstance(body.get("active", True), bool):
        problems["active"] = "must be true or false"
    return problems


def _view(item: Subscription) -> dict[str, Any]:
    created_at = rfc3339(item.created_at)
    return {"id": item.id, "url": item.url, "events": item.events, "active": item.active, "created_at": created_at}


ROUTES: Routes = {
    ("GET", "/webhooks"): Endpoint(index, "webhooks.manage"),
    ("POST", "/webhooks"): Endpoint(create, "webhooks.manage"),
    ("PUT", "/webhooks/{id}"): Endpoint(update, "webhooks.manage"),
    ("DELETE", "/webhooks/{id}"): Endpoint(delete, "webhooks.manage"),
    ("POST", "/webhooks/{id}/test"): Endpoint(test, "webhooks.manage"),
}

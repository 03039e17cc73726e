"""Highlights: list of an account, one, change, delete; and pages of any list of highlights."""

from collections.abc import Sequence

from pipeline.simulator.answers import Answer, ApiError, not_found, nothing, ok
from pipeline.simulator.call import Call, Endpoint, Routes
from pipeline.simulator.services import Services
from pipeline.simulator.streams import Shown
from pipeline.simulator.views import highlight_view, page_of


def highlight_page(services: Services, call: Call, entries: Sequence[Shown]) -> Answer:
    """Return the page of `entries` (in order of appearance) that the query asks for."""
    knobs = services.scenario.pages
    page, per_page = call.paging(knobs.per_page_max)
    services.reads += 1
    chosen = page_of(entries, page, per_page, knobs.order)
    views = [highlight_view(entry, call.now, services.scenario, services.reads) for entry in chosen]
    return ok({"highlights": views, "pagination": {"total": len(entries), "page": page, "per_page": per_page}})


def index(services: Services, call: Call) -> Answer:
    """GET /highlights: all of the account, one page."""
    return highlight_page(services, call, services.world.by_account.get(call.key.account, []))


def show(services: Services, call: Call) -> Answer:
    """GET /highlights/{id}."""
    services.reads += 1
    return ok(highlight_view(_entry(services, call), call.now, services.scenario, services.reads))


def update(services: Services, call: Call) -> Answer:
    """PUT /highlights/{id}: merge `metadata`."""
    entry = _entry(services, call)
    metadata = call.json().get("metadata")
    if not isinstance(metadata, dict):
        raise ApiError(422, "validation_error", "nothing to update", {"metadata": "must be an object"})
    entry.metadata.update(metadata)
    return show(services, call)


def delete(services: Services, call: Call) -> Answer:
    """DELETE /highlights/{id}."""
    services.world.remove(_entry(services, call), call.now, "client")
    return nothing()


def _entry(services: Services, call: Call) -> Shown:
    entry = services.world.find_highlight(call.key.account, call.ident)
    if entry is None:
        raise not_found("highlight", call.ident)
    return entry


ROUTES: Routes = {
    ("GET", "/highlights"): Endpoint(index, "streams.read"),
    ("GET", "/highlights/{id}"): Endpoint(show, "streams.read"),
    ("PUT", "/highlights/{id}"): Endpoint(update, "streams.write"),
    ("DELETE", "/highlights/{id}"): Endpoint(delete, "streams.write"),
}

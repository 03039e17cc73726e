"""Streams: start, look, read highlights, stop, delete."""

from pipeline.simulator.answers import Answer, ApiError, not_found, nothing, ok
from pipeline.simulator.call import Call, Endpoint, Routes
from pipeline.simulator.checks import submission_of
from pipeline.simulator.routes_highlights import highlight_page
from pipeline.simulator.services import Services
from pipeline.simulator.streams import Stream
from pipeline.simulator.views import stream_view
from pipeline.simulator.world import AlreadyEndedError, SlotsFullError


def create(services: Services, call: Call) -> Answer:
    """POST /streams: 201 with the stream, or 429 `concurrency_limit` when no slot is free."""
    submission = submission_of(call.json())
    slots = services.scenario.limits.of(call.key.plan).concurrent_streams
    try:
        stream = services.world.submit(call.key.account, submission, call.key.hash, call.now, slots=slots)
    except SlotsFullError as error:
        details = {"limit": error.limit}
        raise ApiError(429, "concurrency_limit", "all concurrent streams are in use", details) from error
    call.ident = stream.id
    return ok(stream_view(stream, call.now, services.scenario), 201)


def show(services: Services, call: Call) -> Answer:
    """GET /streams/{id}."""
    return ok(stream_view(_stream(services, call), call.now, services.scenario))


def highlights(services: Services, call: Call) -> Answer:
    """GET /streams/{id}/highlights, one page."""
    stream = _stream(services, call)
    if services.scenario.pages.release_on_read:
        services.world.release_early(stream, call.now)
    return highlight_page(services, call, stream.shown)


def stop(services: Services, call: Call) -> Answer:
    """POST /streams/{id}/stop: the stream as cancelled, or 409 when it has ended before."""
    stream = _stream(services, call)
    try:
        services.world.stop(stream, call.now)
    except AlreadyEndedError as error:
        raise ApiError(409, "conflict", "the stream has ended", {"status": stream.status}) from error
    return ok(stream_view(stream, call.now, services.scenario))


def delete(services: Services, call: Call) -> Answer:
    """DELETE /streams/{id}: 204; the stream and its highlights are gone."""
    services.world.delete(_stream(services, call), call.now)
    return nothing()


def _stream(services: Services, call: Call) -> Stream:
    stream = services.world.find(call.key.account, call.ident)
    if stream is None:
        raise not_found("stream", call.ident)
    return stream


ROUTES: Routes = {
    ("POST", "/streams"): Endpoint(create, "streams.write"),
    ("GET", "/streams/{id}"): Endpoint(show, "streams.read"),
    ("GET", "/streams/{id}/highlights"): Endpoint(highlights, "streams.read"),
    ("POST", "/streams/{id}/stop"): Endpoint(stop, "streams.write"),
    ("DELETE", "/streams/{id}"): Endpoint(delete, "streams.write"),
}

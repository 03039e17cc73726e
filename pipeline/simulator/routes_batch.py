"""Batches: start (by URLs or by upload), look, read highlights, cancel."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import orjson

from pipeline.simulator.answers import Answer, ApiError, not_found, ok
from pipeline.simulator.batches import Batch
from pipeline.simulator.call import Call, Endpoint, Routes
from pipeline.simulator.checks import checked_options, is_url, refuse
from pipeline.simulator.draw import rfc3339
from pipeline.simulator.routes_highlights import highlight_page
from pipeline.simulator.services import Services


def create(services: Services, call: Call) -> Answer:
    """POST /batch: 201 with the batch."""
    uploaded = call.headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    urls, options = _uploads(call) if uploaded else _listed(call)
    most = services.scenario.limits.of(call.key.plan).batch_videos
    if most is not None and len(urls) > most:
        raise ApiError(422, "validation_error", "too many videos for the plan", {"video_urls": f"at most {most}"})
    desk = services.batches
    batch = desk.open(call.key.account, urls, options, call.key.hash, call.now, uploaded=uploaded)
    call.ident = batch.id
    fields = {"batch_id": batch.id, "stream_ids": [video.id for video in batch.videos], "key": call.key.hash}
    services.truth.write("batch_accepted", call.now, fields)
    return ok(_view(batch, call.now), 201)


def show(services: Services, call: Call) -> Answer:
    """GET /batch/{id}."""
    return ok(_view(_batch(services, call), call.now))


def highlights(services: Services, call: Call) -> Answer:
    """GET /batch/{id}/highlights, one page over all videos."""
    return highlight_page(services, call, _batch(services, call).shown())


def cancel(services: Services, call: Call) -> Answer:
    """DELETE /batch/{id}: the batch as it is now; what was found stays readable."""
    batch = _batch(services, call)
    services.batches.cancel(batch, call.now)
    return ok(_view(batch, call.now))


def _listed(call: Call) -> tuple[list[str], dict[str, Any]]:
    body = call.json()
    problems: dict[str, str] = {}
    urls = body.get("video_urls")
    if not isinstance(urls, list) or not urls or not all(is_url(url) for url in urls):
        problems["video_urls"] = "must be a list of URLs, at least one"
    options = checked_options(body.get("options"), problems)
    refuse(problems)
    return body["video_urls"], options


def _uploads(call: Call) -> tuple[list[str], dict[str, Any]]:
    """Return a made-up URL for each uploaded file, and the options of the form field of that name."""
    head = b"Content-Type: " + call.headers[b"content-type"] + b"\r\n\r\n"
    form = BytesParser(policy=HTTP).parsebytes(head + call.body)
    parts = list(form.iter_parts()) if form.is_multipart() else []
    urls = [f"upload://files/{part.get_filename()}" for part in parts if part.get_filename()]
    problems: dict[str, str] = {} if urls else {"files": "at least one file is needed"}
    sent = [part for part in parts if part.get_param("name", header="content-disposition") == "options"]
    options: Any = None
    if sent:
        try:
            payload = sent[0].get_payload(decode=True)
            options = orjson.loads(payload if isinstance(payload, bytes) else b"null")
        except orjson.JSONDecodeError:
            problems["options"] = "must be JSON"
    checked = checked_options(options, problems)
    refuse(problems)
    return urls, checked


def _batch(services: Services, call: Call) -> Batch:
    batch = services.batches.find(call.key.account, call.ident)
    if batch is None:
        raise not_found("batch", call.ident)
    return batch


def _view(batch: Batch, now: float) -> dict[str, Any]:
    ended = sum(not video.live for video in batch.videos)
    return {
        "id": batch.id,
        "status": batch.status(now),
        "options": batch.options,
        "progress": {
            "total_videos": len(batch.videos),
            "processed_videos": ended,
            "highlights_found": sum(len(video.shown) for video in batch.videos),
        },
        "videos": [
            {"stream_id": video.id, "source_url": video.submission.source_url, "status": video.status}
            for video in batch.videos
        ],
        "created_at": rfc3339(batch.created_at),
        "updated_at": rfc3339(max(video.updated_at for video in batch.videos)),
    }


ROUTES: Routes = {
    ("POST", "/batch"): Endpoint(create, "batch.write"),
    ("GET", "/batch/{id}"): Endpoint(show, "batch.read"),
    ("GET", "/batch/{id}/highlights"): Endpoint(highlights, "batch.read"),
    ("DELETE", "/batch/{id}"): Endpoint(cancel, "batch.write"),
}

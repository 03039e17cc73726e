"""How streams, highlights and pages look in answers of the API."""

from collections.abc import Sequence
from typing import Any, Literal

from pipeline.simulator.draw import digest, rfc3339
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.streams import Shown, Stream

MEDIA = "https://media.tldr-highlight.example"


def stream_view(stream: Stream, now: float, scenario: Scenario) -> dict[str, Any]:
    """Return the Stream object of the API."""
    hidden = stream.plan.live and stream.live
    view: dict[str, Any] = {
        "id": stream.id,
        "status": stream.status,
        "source_url": stream.submission.source_url,
        "platform": stream.submission.platform,
        "progress": {
            "processed_duration": round(stream.processed(now), 3),
            "total_duration": None if hidden else stream.plan.total,
            "highlights_found": len(stream.shown),
        },
        "created_at": rfc3339(stream.created_at),
        "updated_at": rfc3339(now if stream.status == "processing" else stream.updated_at),
    }
    if scenario.api.show_options:
        view["options"] = stream.submission.options
    if scenario.api.show_metadata:
        view["metadata"] = stream.submission.metadata
    return view


def highlight_view(entry: Shown, now: float, scenario: Scenario, read: int) -> dict[str, Any]:
    """Return the Highlight object of the API; `read` numbers the read, for media URLs signed anew each time."""
    planned = entry.planned
    path = f"{MEDIA}/{entry.stream.id}/{planned.id}"
    query = ""
    if scenario.content.rotate_media_urls:
        query = f"?expires={int(now) + 3600}&signature={digest(planned.id, read)}"
    fixed = scenario.content.created_at == "fixed"
    return {
        "id": planned.id,
        "stream_id": entry.stream.id,
        **planned.content(entry.revision),
        "video_url": f"{path}.mp4{query}",
        "thumbnail_url": f"{path}.jpg{query}",
        "metadata": entry.metadata,
        "created_at": planned.created_at if fixed else rfc3339(entry.made_at),
    }


def page_of(
    entries: Sequence[Shown], page: int, per_page: int, order: Literal["newest_first", "oldest_first"]
) -> list[Shown]:
    """Return one page of entries that are given in order of appearance; empty behind the last page."""
    skip = (page - 1) * per_page
    if order == "oldest_first":
        return list(entries[skip : skip + per_page])
    end = len(entries) - skip
    return list(reversed(entries[max(0, end - per_page) : end])) if end > 0 else []

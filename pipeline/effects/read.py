"""GET a stream's status, then its highlights: as many pages as it takes."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.api.errors import ApiError
from pipeline.api.models import TERMINAL_STATUSES, HighlightPage
from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Failed, Read, Seen
from pipeline.effects.faults import failed_read
from pipeline.effects.observed import observed_highlight, observed_stream
from pipeline.effects.pages import Listed, news, whole_pass


async def read(
    api: StreamApi, call: Read, *, clock: Callable[[], float], per_page: int, max_pages: int
) -> Seen | Failed:
    """Read a stream. Pages are read when the status shows that there is more than is known, or has to be."""
    began = clock()

    async def fetch(number: int) -> HighlightPage:
        return await api.list_stream_highlights(call.stream_id, page=number, per_page=per_page)

    try:
        stream = observed_stream(await api.get_stream(call.stream_id))
        listed = Listed({}, None, clean=False)
        whole = call.full or stream.status in TERMINAL_STATUSES
        # the status comes first: what it calls ended cannot grow any more behind the pages read after it
        if whole:
            listed = await whole_pass(fetch, max_pages=max_pages)
        elif stream.highlights_found != len(call.known):
            listed = await news(fetch, call.known, per_page=per_page, max_pages=max_pages)
    except ApiError as error:
        return failed_read(error)
    return Seen(
        observed_at=began,
        observed_until=clock(),
        stream=stream,
        highlights=[observed_highlight(highlight) for highlight in listed.highlights.values()],
        total=listed.total,
        whole=whole,
        clean=listed.clean,
    )

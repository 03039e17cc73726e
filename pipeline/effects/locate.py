"""Finding streams that we may have started: the API lists no streams, but its highlights name theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from pipeline.api.errors import ApiError, Forbidden, Rejected, UnreadableAnswer
from pipeline.api.models import Stream
from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Failed, Locate, Located
from pipeline.effects.faults import failed_read
from pipeline.effects.observed import observed_stream
from schemas.records.observation import ObservedStream

T = TypeVar("T")

_REMEMBERED = 10_000

_FRESH_S = 2.0
"""A listing serves all searches of so many seconds: after a bad hour there are many, and a listing is dear."""

_SKIPPED_S = 5.0
"""How long a stream that the API does not show us is skipped at first; then for as long again as it was so far."""


class Locator:
    """Looks through the account's highlights. Remembers what each stream carries: that never changes.

    A stream that the API does not show (403, 404, unreadable, ...) is skipped, and looked at again more and more
    rarely: it must not keep others from being found. A young one may be shown later: a search says that it was blind
    when it had to skip one that was not skipped before the submissions, as far as this process knows.
    Where the API shows neither ``metadata`` nor ``options``, nothing can be found; that is not an error.
    """

    def __init__(self, api: StreamApi, *, clock: Callable[[], float], per_page: int, max_pages: int) -> None:
        self._api = api
        self._clock = clock
        self._per_page = per_page
        self._max_pages = max_pages
        self._marks: dict[str, str] = {}
        self._skipped: dict[str, tuple[float, float]] = {}
        self._listing = asyncio.Lock()
        self._listed_at = 0.0
        self._listed: tuple[str, ...] = ()

    async def locate(self, call: Locate) -> Located | Failed:
        """Return the streams that carry one of the call's nonces."""
        began = self._clock()
        found: dict[str, ObservedStream] = {}
        blind = False
        try:
            for stream_id in await self._list_streams():
                if stream_id in call.owned:
                    continue
                stream = await self._look(stream_id, call.nonces)
                if stream is not None:
                    mark = self._marks[stream_id]
                    found.update({nonce: observed_stream(stream) for nonce in call.nonces if nonce and nonce in mark})
                elif stream_id in self._skipped:
                    blind = blind or self._skipped[stream_id][0] >= call.since
        except ApiError as error:
            return failed_read(error)
        return Located(found, began, blind)

    async def _list_streams(self) -> tuple[str, ...]:
        """Ids of the streams that have highlights, as of a moment ago."""
        async with self._listing:
            if self._clock() - self._listed_at >= _FRESH_S:
                began = self._clock()
                self._listed = await self._read_listing()
                self._listed_at = began
            return self._listed

    async def _read_listing(self) -> tuple[str, ...]:
        streams: dict[str, None] = {}
        for number in range(1, self._max_pages + 1):
            page = await self._api.list_highlights(page=number, per_page=self._per_page)
            streams |= dict.fromkeys(highlight.stream_id for highlight in page.highlights if highlight.stream_id)
            total, size = page.pagination.total, page.pagination.per_page or self._per_page
            if not page.highlights or (total is not None and number * size >= total):
                break
        return tuple(streams)

    async def _look(self, stream_id: str, nonces: tuple[str, ...]) -> Stream | None:
        """Return the stream if it carries one of the nonces. One that was looked at before is not asked for again."""
        mark = self._marks.get(stream_id)
        if mark is not None and not any(nonce and nonce in mark for nonce in nonces):
            return None
        now = self._clock()
        since, until = self._skipped.get(stream_id, (now, now))
        if now < until:
            return None
        try:
            stream = await self._api.get_stream(stream_id)
        except (Rejected, Forbidden, UnreadableAnswer):
            _remember(self._skipped, stream_id, (since, now + max(_SKIPPED_S, now - since)))
            return None
        self._skipped.pop(stream_id, None)
        _remember(self._marks, stream_id, _mark_of(stream))
        return stream


def _remember(memory: dict[str, T], stream_id: str, what: T) -> None:
    if len(memory) >= _REMEMBERED:
        del memory[next(iter(memory))]
    memory[stream_id] = what


def _mark_of(stream: Stream) -> str:
    """The places where a submission leaves its nonce, as one text."""
    tags = stream.options.get("custom_tags")
    places = (stream.metadata.get("pipeline_nonce", ""), stream.options.get("webhook_url", ""), *(tags or ()))
    return " ".join(map(str, places))

"""An API that a test holds in its hand, and a clock that stands still until moved."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pipeline.api import errors
from pipeline.api.errors import Told
from pipeline.api.models import Highlight, HighlightPage, Pagination, Progress, Stream
from tests.unit.agents.support import START


class StoppedClock:
    """Unix seconds that pass only in :meth:`advance`."""

    def __init__(self) -> None:
        self.now = START
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tie = itertools.count()

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has let so many seconds pass."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._tie), waker))
        await waker

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass, waking each sleeper at its time."""
        end = self.now + seconds
        await breathe()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, waker = heapq.heappop(self._sleepers)
            self.now = max(self.now, due)
            if not waker.done():
                waker.set_result(None)
            await breathe()
        self.now = end
        await breathe()


async def breathe() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(30):
        await asyncio.sleep(0)


class HeldApi:
    """Answers at once, unless a test holds it; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.open = asyncio.Event()
        self.open.set()
        self.posts: dict[str, Mapping[str, Any]] = {}
        self.failure: Callable[[str], Exception | None] = lambda _: None
        self.status = "processing"
        self.prefix = "str_"
        self.highlights: list[Highlight] = []

    async def _answer(self, what: str) -> None:
        self.asked.append(what)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.open.wait()
        finally:
            self.in_flight -= 1
        failure = self.failure(what)
        if failure is not None:
            raise failure

    async def create_stream(
        self,
        source_url: str,
        *,
        platform: str,
        options: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_s: float = 20.0,
        not_after: float | None = None,
    ) -> Stream:
        """Start a stream."""
        assert (platform, timeout_s, not_after is None) == ("custom", 20.0, False)
        await self._answer("POST /streams")
        stream_id = f"{self.prefix}{len(self.posts) + 1}"
        self.posts[stream_id] = {"source_url": source_url, "options": options, "metadata": metadata}
        return Stream(id=stream_id, status="pending")

    async def get_stream(self, stream_id: str) -> Stream:
        """Show a stream."""
        await self._answer("GET /streams/{id}")
        metadata = dict(self.posts.get(stream_id, {}).get("metadata") or {})
        progress = Progress(highlights_found=len(self.highlights))
        return Stream(id=stream_id, status=self.status, progress=progress, metadata=metadata)

    async def list_stream_highlights(
        self, stream_id: str, *, page: int | None = None, per_page: int | None = None
    ) -> HighlightPage:
        """Show a page of highlights."""
        await self._answer("GET /streams/{id}/highlights")
        assert stream_id
        return page_of(self.highlights, page or 1, per_page or 10)

    async def list_highlights(self, *, page: int | None = None, per_page: int | None = None) -> HighlightPage:
        """Show a page of highlights."""
        await self._answer("GET /highlights")
        return page_of(self.highlights, page or 1, per_page or 10)

    async def stop_stream(self, stream_id: str) -> Stream | None:
        """Stop a stream."""
        await self._answer("POST /streams/{id}/stop")
        return Stream(id=stream_id, status="cancelled")


def page_of(highlights: list[Highlight], page: int, per_page: int) -> HighlightPage:
    """Return one page of a list."""
    start = (page - 1) * per_page
    shown = tuple(highlights[start : start + per_page])
    return HighlightPage(shown, Pagination(total=len(highlights), page=page, per_page=per_page))


def http_error(status: int, *, code: str = "", message: str = "", retry_after: float | None = None) -> errors.HttpError:
    """The client's error for an HTTP status."""
    told = Told(code=code, message=message)
    return errors.error_class(status)(
        method="GET", route="/x", status=status, headers={}, told=told, retry_after=retry_after
    )


def never_sent() -> errors.NeverSent:
    """The client's error for a connection that was refused."""
    return errors.NeverSent("refused", method="POST", route="/streams")


def ambiguous() -> errors.Ambiguous:
    """The client's error for a connection that was reset."""
    return errors.Ambiguous("reset", method="POST", route="/streams")


async def soon(condition: Callable[[], bool], step: Callable[[], Awaitable[None]] = breathe) -> None:
    """Run until a condition holds.

    Raises:
        AssertionError: it does not come to hold.
    """
    for _ in range(200):
        if condition():
            return
        await step()
    raise AssertionError("it never came to that")

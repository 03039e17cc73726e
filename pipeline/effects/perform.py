"""One place that knows which performer makes which call."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Call, FetchTranscript, Locate, Read, Result, Stop, Submit
from pipeline.effects.locate import Locator
from pipeline.effects.read import read
from pipeline.effects.screened import ScreenedBackend
from pipeline.effects.stop import stop
from pipeline.effects.submit import submit
from pipeline.effects.transcripts import TranscriptFetcher


class Performer:
    """Makes calls. Every failure of the API is a result; an exception is a fault of ours.

    Args:
        api: the client.
        clock: unix seconds.
        per_page: highlights asked for in a page.
        max_pages: pages one call may read.
        submit_timeout_s: longest a submission may take.
        transcripts: fetches what requests link; by default from public addresses only.
    """

    def __init__(
        self,
        api: StreamApi,
        *,
        clock: Callable[[], float],
        per_page: int = 50,
        max_pages: int = 1_000,
        submit_timeout_s: float = 20.0,
        transcripts: TranscriptFetcher | None = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._per_page = per_page
        self._max_pages = max_pages
        self._submit_timeout_s = submit_timeout_s
        self._transcripts = transcripts or TranscriptFetcher(ScreenedBackend())
        self._locator = Locator(api, clock=clock, per_page=per_page, max_pages=max_pages)

    async def perform(self, call: Call) -> Result:
        """Make a call and say what came of it."""
        match call:
            case Submit():
                return await submit(self._api, call, clock=self._clock, timeout_s=self._submit_timeout_s)
            case Read():
                return await read(
                    self._api, call, clock=self._clock, per_page=self._per_page, max_pages=self._max_pages
                )
            case Stop():
                return await stop(self._api, call)
            case Locate():
                return await self._locator.locate(call)
            case FetchTranscript():
                return await self._transcripts.fetch(call)

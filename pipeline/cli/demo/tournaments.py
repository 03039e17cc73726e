"""Waiting for the last word on the tournaments of the demo: it comes a moment after their last stream has ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from pipeline.stack.local import LocalStack
from pipeline.stack.reader import open_reader
from schemas.records import Request, Tournament

WITHIN_S = 15.0
"""Longer nobody waits; what is shown then says that streams are running."""

_decoder = msgspec.json.Decoder(Tournament)


async def tournaments_ended(stack: LocalStack, requests: Sequence[Request]) -> None:
    """Return when each tournament of some requests has had all of their streams and its last word, or it is late."""
    streams = Counter(
        (request.tenant, request.metadata["tournament_id"])
        for request in requests
        if isinstance(request.metadata.get("tournament_id"), str)
    )
    if not streams:
        return
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(WITHIN_S),
            open_reader(stack.connection, ("tournaments",), prefix=stack.settings.topics.prefix) as reader,
        ):
            async for records in reader.follow():
                for told in [_decoder.decode(record.value) for record in records if record.value is not None]:
                    key = (told.tenant, told.tournament_id)
                    if told.final and told.totals.streams >= streams[key]:
                        del streams[key]
                if not streams:
                    return

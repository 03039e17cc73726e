"""POST /streams."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.api.errors import ApiError
from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Accepted, Failed, Submit
from pipeline.effects.faults import failed_submission
from pipeline.effects.observed import observed_stream


async def submit(api: StreamApi, call: Submit, *, clock: Callable[[], float], timeout_s: float) -> Accepted | Failed:
    """Submit once. The client retries only while no byte has left, and never after ``call.not_after``."""
    began = clock()
    try:
        stream = await api.create_stream(
            call.source_url,
            platform=call.platform,
            options=call.options,
            metadata=call.metadata,
            timeout_s=timeout_s,
            not_after=call.not_after,
        )
    except ApiError as error:
        return failed_submission(error)
    return Accepted(observed_stream(stream), began)

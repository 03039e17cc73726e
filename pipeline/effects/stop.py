"""POST /streams/{id}/stop."""

from __future__ import annotations

from pipeline.api.errors import ApiError
from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Failed, Stop, Stopped
from pipeline.effects.faults import failed_read


async def stop(api: StreamApi, call: Stop) -> Stopped | Failed:
    """Stop a stream. ``refused`` and ``gone`` may mean that it does not run any more; a read tells."""
    try:
        await api.stop_stream(call.stream_id)
    except ApiError as error:
        return failed_read(error)
    return Stopped()

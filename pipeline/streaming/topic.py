"""A Faust topic whose events carry a whole batch, undecoded."""

from __future__ import annotations

from typing import Any

import faust
from faust.types import EventT, Message


class BatchTopic(faust.Topic):
    """Decoding happens in the loop, record by record, so that a bad record is a dead letter and not a crash."""

    async def decode(self, message: Message, *, propagate: bool = False) -> EventT[Any]:  # noqa: ARG002 - Faust's signature
        """Make an event of a batch: the value is the :class:`pipeline.streaming.batch.Batch`."""
        return self._create_event(None, message.value, headers=None, message=message)

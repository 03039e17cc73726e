"""The transport that brings our consumer in, and a producer whose flush covers the ledgers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from faust.transport.drivers import aiokafka as driver

from pipeline.streaming.consumer import BatchConsumer


class LedgerFlushingProducer(driver.Producer):
    """Faust flushes its producer before each offset commit; so do the ledgers, and offsets never run ahead."""

    flush_ledgers: Callable[[], Awaitable[None]]

    async def flush(self) -> None:
        """Flush the ledgers, then Faust's own buffer."""
        await self.flush_ledgers()
        await super().flush()


class LedgerTransport(driver.Transport):
    """Faust's aiokafka transport with our consumer and producer."""

    Consumer: ClassVar[Any] = BatchConsumer
    Producer: ClassVar[Any] = LedgerFlushingProducer

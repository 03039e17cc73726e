"""Letting go of clients so that a cancellation is not lost, and of futures so that their failures are told once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_closing: set[asyncio.Task[None]] = set()


async def close_apart(closing: Coroutine[Any, Any, None], *, patience: float | None = None) -> None:
    """Run a client's closing in a task of its own, and wait for it.

    aiokafka's closing awaits tasks it has cancelled, and so swallows a cancellation that reaches it there: a keeper
    cancelled by a rebalance would go on, and the rebalance would wait for it for ever (found on real Kafka). Here the
    cancellation is raised at once, and the closing goes on by itself. The other way round, a consumer that is closed
    while its broker is away raises the cancellation of a task of its own: that one is not its caller's.

    Args:
        closing: what to run.
        patience: seconds after which it is left to itself as well. One in a hundred TLS connections that close with a
            request on its way waits 30 s for the other end (measured on uvloop, its ``ssl_shutdown_timeout``).
    """
    task = asyncio.create_task(closing)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    await asyncio.wait({task}, timeout=patience)
    if task.done() and not task.cancelled():
        task.result()


def retrieve(future: asyncio.Future[Any]) -> None:
    """Look at a future's exception, if it has one: what is told by another way, asyncio need not log as never told."""
    if future.done() and not future.cancelled():
        future.exception()

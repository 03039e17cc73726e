"""Closing clients does not swallow cancellations."""

import asyncio

import pytest

from pipeline.ledger.closing import close_apart


async def _slow_to_die() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)


async def test_a_cancellation_amid_closing_arrives_and_the_closing_goes_on() -> None:
    """Closing as aiokafka does it, by awaiting a task it has cancelled: who is cancelled meanwhile ends, it goes on."""
    closed = asyncio.Event()

    async def close() -> None:
        inner = asyncio.create_task(_slow_to_die())
        await asyncio.sleep(0)
        inner.cancel()
        await inner
        closed.set()

    keeper = asyncio.create_task(close_apart(close()))
    await asyncio.sleep(0.02)
    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper
    await asyncio.wait_for(closed.wait(), 1)


async def test_a_cancellation_inside_closing_is_not_the_caller_s() -> None:
    """Closing as aiokafka does it while a broker is away, by awaiting a task that it cancelled: the caller goes on."""

    async def close() -> None:
        inner = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        inner.cancel()
        await inner

    await close_apart(close())


async def test_a_failure_of_closing_is_told() -> None:
    """What goes wrong while closing reaches whoever waits."""

    async def close() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - raised bare above
        await close_apart(close())

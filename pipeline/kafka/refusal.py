"""Why a cluster does not let us in: a client tells only that no broker did, and the reason to its log alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError


async def why_refused(client_options: Mapping[str, Any], timeout: float) -> str | None:
    """Connect to all brokers at once, and say what came of it.

    Args:
        client_options: aiokafka's connection settings (servers, security).
        timeout: seconds for all of them.

    Returns:
        ``host:port: reason`` for each, separated by semicolons; ``None`` when one of them lets us in.
    """
    options = dict(client_options)
    hosts = collect_hosts(options.pop("bootstrap_servers"))
    reasons = await asyncio.gather(*(_reason(host, port, options, timeout) for host, port, _ in hosts))
    return None if None in reasons else "; ".join(filter(None, reasons))


def in_words(error: BaseException) -> str:
    """Return what an error says, or its name when it says nothing, as a timeout does."""
    return str(error) or repr(error)


async def _reason(host: str, port: int, options: Mapping[str, Any], timeout: float) -> str | None:
    try:
        async with asyncio.timeout(timeout):
            connection = await create_conn(host, port, **options)
    except TimeoutError:
        return f"{host}:{port}: no answer within {timeout:g} s"
    except (KafkaError, OSError) as error:
        return f"{host}:{port}: {in_words(error)}"
    connection.close()
    return None

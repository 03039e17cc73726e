"""Why a cluster does not let us in: a client tells only that no broker did, and the reason to its log alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError


async def why_refused(client_options: Mapping[str, Any], timeout: float) -> str | None:
    """Connect to one broker after the other, and say what came of it.

    Args:
        client_options: aiokafka's connection settings (servers, security).
        timeout: seconds for each broker.

    Returns:
        ``host:port: reason`` for each, separated by semicolons; ``None`` when one of them lets us in.
    """
    options = dict(client_options)
    reasons = []
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            async with asyncio.timeout(timeout):
                connection = await create_conn(host, port, **options)
        except TimeoutError:
            reasons.append(f"{host}:{port}: no answer within {timeout:g} s")
        except (KafkaError, OSError) as error:
            reasons.append(f"{host}:{port}: {error}")
        else:
            connection.close()
            return None
    return "; ".join(reasons)

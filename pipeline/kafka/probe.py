"""Asks a broker, in Kafka's own protocol, whether it answers and counts itself as part of the cluster."""

import asyncio
import contextlib
import struct

_METADATA, _VERSION, _CORRELATION = 3, 1, 7
_CLIENT_ID = b"readiness"


async def is_ready(host: str, port: int, timeout: float = 2.0) -> bool:
    """Tell whether the broker on a PLAINTEXT listener answers a metadata request and names at least one broker.

    An open port is not enough: it accepts connections a moment before the broker may serve.
    """
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await _count_brokers(reader, writer) > 0
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _count_brokers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    header = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT_ID)) + _CLIENT_ID
    request = header + struct.pack(">i", 0)  # about no topic
    writer.write(struct.pack(">i", len(request)) + request)
    _length, correlation, brokers = struct.unpack(">iii", await reader.readexactly(12))
    return int(brokers) if correlation == _CORRELATION else 0

"""Keeps two processes out of one folder; the kernel frees a lock when its holder dies."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_LOOK_EVERY_S = 0.05


@asynccontextmanager
async def locked(file: Path, timeout: float) -> AsyncIterator[None]:
    """Hold the lock of a file, made if it is missing.

    Raises:
        TimeoutError: Another process held it for `timeout` seconds.
        OSError: The file cannot be opened.
    """
    descriptor = _open(file)
    try:
        deadline = time.monotonic() + timeout
        while not _try(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process has held {file} for {timeout:.0f} s")
            await asyncio.sleep(_LOOK_EVERY_S)
        yield
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

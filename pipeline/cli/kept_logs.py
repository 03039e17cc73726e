"""A temporary folder of logs that outlives its command is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.cli.output import Output
from pipeline.stack.local import LocalStack


@asynccontextmanager
async def naming_kept_logs(stack: LocalStack, out: Output) -> AsyncIterator[None]:
    """Say after a failure where the logs are, if the stack, put up inside, has kept a folder that nobody named."""
    try:
        yield
    except Exception:
        if stack.keep_folder and stack.config.folder is None:
            out.note(f"logs are kept in {stack.folder}")
        raise

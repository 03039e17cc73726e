"""Fixtures of the client's tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from pipeline.api import open_http_client


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Return the HTTP client as the pipeline opens it."""
    async with open_http_client() as client:
        yield client

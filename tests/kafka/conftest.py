"""The broker that all tests of this folder share."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pipeline.kafka.embedded import EmbeddedKafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka() -> AsyncIterator[EmbeddedKafka]:
    """One embedded broker for the whole session. Do not stop it; a test that must takes one of its own."""
    async with EmbeddedKafka() as broker:
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """A prefix no other test has, for topics, groups and transactional ids on the shared broker."""
    return f"t{uuid.uuid4().hex[:12]}."

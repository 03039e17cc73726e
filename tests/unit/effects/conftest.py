"""Fixtures of the tests of the runner and of its performers at stopped time."""

from __future__ import annotations

import pytest

from tests.unit.effects.fakes import HeldApi, StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that stands still."""
    return StoppedClock()


@pytest.fixture
def api() -> HeldApi:
    """An API that answers when it is let."""
    return HeldApi()

"""Fixtures of the tests of the services."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.harness.services import Harness, Outside, open_store


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """Provide store, platform, feed, messenger and clock, without the services."""
    async with open_store() as store:
        yield Outside.around(store)


@pytest.fixture
async def harness(outside: Outside) -> AsyncIterator[Harness]:
    """Provide the running services. No task of theirs may end in an unexpected error."""
    with capture_logs() as logged:
        harness = Harness(outside)
        yield harness
        await harness.aclose()
    assert not [entry for entry in logged if entry["event"] == "background_failed"]

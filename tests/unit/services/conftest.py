"""What the tests of the services share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.harness.services import Harness, Outside, open_store


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """Store, platform, feed, messenger and clock, without a bot yet."""
    async with open_store() as store:
        yield Outside.around(store)


@pytest.fixture
async def harness(outside: Outside) -> AsyncIterator[Harness]:
    """The services at work. No task of theirs may end in an error that nobody foresaw."""
    with capture_logs() as logged:
        harness = Harness(outside)
        yield harness
        await harness.aclose()
    assert not [entry for entry in logged if entry["event"] == "background_failed"]

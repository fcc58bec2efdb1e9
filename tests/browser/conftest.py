"""Fixtures of the browser tests: two people to be matched, and a browser for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from slackbot.sandbox.story.bot_process import free_port
from tests.browser.chromium import running_browsers
from tests.browser.harness import Harness, media_plane
from tests.browser.requirements import missing, required
from tests.browser.timings import TIMINGS
from tests.scenario.conftest import Start, log_lines, start  # noqa: F401 - fixtures

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them if a requirement is missing."""
    reason = missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason and not required():
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the durations measured."""
    for line in TIMINGS.lines():
        terminalreporter.write_line(line)


@pytest.fixture
async def harness(start: Start) -> AsyncIterator[Harness]:  # noqa: F811
    """Start the bot, the media plane and Chromium; nobody has connected yet."""
    if reason := missing():
        pytest.fail(reason)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with media_plane() as (platform, plane), running_browsers() as browsers:
        mission = await start(platform, port=port, public_url=address, call_media_hosts="127.0.0.1")
        yield Harness(mission, plane, browsers)

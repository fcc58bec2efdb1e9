"""An evening on which two people are matched, and a browser for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from slackbot.sandbox.story.bot import free_port
from tests.browser.chromium import visitors
from tests.browser.evening import Evening, media_plane
from tests.browser.figures import FIGURES
from tests.browser.requirements import missing, required
from tests.scenario.conftest import Start, log_lines, start  # noqa: F401 - fixtures of here, too

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser; where one cannot be had, it says so once a test."""
    reason = missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason and not required():
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The times that the roads took."""
    for line in FIGURES.lines():
        terminalreporter.write_line(line)


@pytest.fixture
async def evening(start: Start) -> AsyncIterator[Evening]:  # noqa: F811
    """What everybody needs runs, and nobody has come yet."""
    if reason := missing():
        pytest.fail(reason)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with media_plane() as (platform, plane), visitors() as browsers:
        mission = await start(platform, port=port, public_url=address, call_media_hosts="127.0.0.1")
        yield Evening(mission, plane, browsers)

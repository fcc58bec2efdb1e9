"""An evening on which two people are matched, and a browser for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

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


Begin = Callable[..., Any]


@pytest.fixture
async def begin(start: Start) -> AsyncIterator[Begin]:  # noqa: F811
    """Start an evening: `round_seconds` is how long a match lasts, other arguments are settings."""
    async with AsyncExitStack() as stack:

        async def beginning(*, round_seconds: int = 300, **settings: Any) -> Evening:
            if reason := missing():
                pytest.fail(reason)
            platform, plane = await stack.enter_async_context(media_plane())
            platform.dials.round_seconds = round_seconds
            port = free_port()
            given = {
                "public_url": f"http://127.0.0.1:{port}",
                "call_media_hosts": "127.0.0.1",
                **settings,
            }
            mission = await start(platform, port=port, **given)
            browsers = await stack.enter_async_context(visitors())
            return Evening(mission, plane, browsers)

        yield beginning


@pytest.fixture
async def evening(begin: Begin) -> Evening:
    """An evening as it is by default."""
    return await begin()

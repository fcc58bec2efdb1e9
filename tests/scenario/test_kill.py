"""A killed process loses nothing that is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.faults import Fault

from .conftest import Mission, dms, environment_for, settings_for, until
from .process import BotProcess, bot_process


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Slack, Accelevents, str, str]]:
    """Slack and Accelevents with their addresses, without a bot."""
    slack, platform = Slack(), Accelevents()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        yield slack, platform, slack_url, platform_url


@asynccontextmanager
async def a_run(
    outside: tuple[Slack, Accelevents, str, str], folder: Path
) -> AsyncIterator[tuple[Mission, BotProcess]]:
    """Run the bot as a process, on the database in this folder."""
    slack, platform, slack_url, platform_url = outside
    settings = settings_for(slack, slack_url, platform_url, database_url=f"sqlite:///{folder}/b.db")
    async with bot_process(environment_for(settings), folder) as bot:
        url = await bot.serving()
        yield Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO", url), bot


FAULTS: dict[str, dict[str, Any]] = {"refuses": {"status": 500}, "is_slow": {"delay": 60}}


@pytest.mark.parametrize("how", FAULTS)
async def test_killed_between_storing_and_sending(
    outside: tuple[Slack, Accelevents, str, str], tmp_path: Path, how: str
) -> None:
    """A match stored and not sent is sent once after the restart."""
    slack, platform = outside[0], outside[1]
    async with AsyncExitStack() as closing:
        mission, bot = await closing.enter_async_context(a_run(outside, tmp_path))
        ada = await mission.link("ada")
        await mission.ask(ada, "/networking available 11645")
        fault = Fault("chat.postMessage", times=1000, **FAULTS[how])
        slack.faults.order(fault)
        await platform.pair("ada", "priya")
        await until(lambda: fault.times < 1000)
        await bot.kill()
        slack.faults.clear()
        assert await dms(ada) == []
        mission, _ = await closing.enter_async_context(a_run(outside, tmp_path))
        await mission.ada.waits_for("You're matched with Priya Raman", where="dm", timeout=10)
        await platform.send_again(3, only="ada")
        await mission.ask(mission.ada, "/networking available 11646")
        assert len(await dms(mission.ada)) == 1

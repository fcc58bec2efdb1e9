"""PostgreSQL, `web` and two workers in processes of their own, and people who use them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from tests.chaos.account import Account
from tests.chaos.bots import ROOT, Bot
from tests.chaos.stage import SESSION, come, nobody_is_paired
from tests.harness import postgres
from tests.scenario.conftest import Mission, environment_for, settings_for

ROLES = ("web", "worker", "worker")
DATABASE = "soak"
PING_SECONDS, PING_TIMEOUT_SECONDS = 10, 5
READY_SECONDS = 300.0  # three processes start at once, on a machine that may be busy


class CountedBot(Bot):
    """A process that writes down how many tasks it has."""

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "tests.soak.probe", str(self.counts), self.role]

    @property
    def counts(self) -> Path:
        """The file with the number."""
        return self._folder / f"{self.name}.tasks"


@dataclass
class Stage:
    """Everything that runs."""

    mission: Mission
    bots: list[CountedBot]
    people: dict[str, str]
    server: postgres.Server

    def account(self) -> Account:
        """A fresh account of matches, from now on."""
        return Account(self.mission.slack, self.mission.platform, self.people)


@asynccontextmanager
async def stage(people: int) -> AsyncIterator[Stage]:
    """Set it all up, with everybody available and connected."""
    slack = Slack()
    platform = Accelevents(ping_interval=PING_SECONDS, ping_timeout=PING_TIMEOUT_SECONDS)
    slack.rate_limits.enabled = False
    nobody_is_paired(platform)
    platform.session(SESSION).capacity = None
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="slackbot-")))
        server = closing.enter_context(postgres.running(durable=True))
        server.execute(f"CREATE DATABASE {DATABASE}")
        slack_url = await closing.enter_async_context(serving(slack.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        slack.base_url = slack_url
        settings = settings_for(
            slack,
            slack_url,
            platform_url,
            database_url=server.url(DATABASE),
            log_level="warning",
        )
        named, _ = await come(slack, platform, settings.database, settings, people)
        bots = await closing.enter_async_context(_running(environment_for(settings), folder))
        mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO")
        mission.bot_url = bots[0].url
        try:
            yield Stage(mission, bots, named, server)
        except TimeoutError as error:
            files = [folder / f"{bot.name}.log" for bot in bots]
            logs = [f"{file.name}: {file.read_text()[-500:]}" for file in files]
            raise TimeoutError("\n".join(logs)) from error


@asynccontextmanager
async def _running(environment: Mapping[str, str], folder: Path) -> AsyncIterator[list[CountedBot]]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    whole = {**kept, "PYTHONPATH": str(ROOT), "LOG_FORMAT": "json", **environment}
    bots = [CountedBot(f"{role}{n}", role, whole, folder) for n, role in enumerate(ROLES)]
    try:
        for bot in bots:
            await bot.ready(READY_SECONDS)
        yield bots
    finally:
        for bot in bots:
            await bot.away()

"""The bot as it is started in earnest, `slackbot run`, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from slackbot.domain.model import AuthScheme, EventSlug, Link, Person, TeamId, UserId
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.story.bot_process import free_port
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import connect, epoch_of
from tests.scenario.conftest import Mission, settings_for

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0


@dataclass
class Process:
    """A started bot. `log` is where its standard error goes, `stalls` what its probe records."""

    process: asyncio.subprocess.Process
    log: Path
    stalls: Path

    async def stop(self, seconds: float = 10.0) -> int:
        """SIGTERM; the exit status, which must come within so many seconds."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def ready(self, url: str) -> None:
        """Wait until it says that it is ready."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while True:
                assert self.process.returncode is None, self.log.read_text()
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)


def _environment(mission: Mission) -> dict[str, str]:
    settings = {}
    for name, value in mission.settings:
        settings[name.upper()] = (
            value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        )
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, **settings, "PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def started(
    mission: Mission, folder: Path, *, probed: bool = False
) -> AsyncIterator[Process]:
    """The bot of this mission, ready; killed at the end if it still runs.

    If `probed`, it records when its event loop stands still.
    """
    log, stalls = folder / "bot.log", folder / "stalls.jsonl"
    program = ["tests.size.probe", str(stalls)] if probed else ["slackbot"]
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *program, "run"),
            env=_environment(mission),
            cwd=folder,
            stderr=file,
        )
    bot = Process(process, log, stalls)
    try:
        await bot.ready(mission.bot_url)
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def outside(
    folder: Path, platform: Accelevents | None = None, **changes: Any
) -> AsyncIterator[Mission]:
    """Slack and Accelevents in this process, and the settings for a bot in another."""
    slack, platform, port = Slack(), platform or Accelevents(), free_port()
    slack.rate_limits.enabled = False
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        settings = settings_for(
            slack,
            slack_url,
            platform_url,
            port=port,
            database_url=f"sqlite:///{folder}/slackbot.db",
            **changes,
        )
        mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO")
        mission.bot_url = f"http://127.0.0.1:{port}"
        yield mission


async def link_all(mission: Mission, names: list[str]) -> None:
    """Let these people come, their accounts connected already, before the bot starts."""
    database = Database(DatabaseUrl.parse(mission.settings.database))
    await schema.upgrade(database)
    await database.aclose()
    async with mission.store() as store:
        for name in names:
            person = mission.add(name)
            user = Person(TeamId(mission.team), UserId(person.id))
            await connect(
                store,
                Link(
                    person=user,
                    person_epoch=epoch_of(user),
                    event=EventSlug("demo"),
                    token=SecretStr(mission.platform.token_for(name)),
                    auth_scheme=AuthScheme.BARE,
                    linked_at=datetime.now(UTC),
                    credential_digest=name,
                ),
            )

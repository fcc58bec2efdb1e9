"""Very many people who are available, and one process of the bot that holds all their feeds.

Slack, the platform and the source of matches are in this process; the feeds are TLS connections
over loopback.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.story.bot_process import free_port
from tests.chaos.account import Account
from tests.chaos.stage import SESSION, come, nobody_is_paired
from tests.scenario.conftest import environment_for, settings_for

from .certificate import write_certificate

ROOT = Path(__file__).parents[2]
PING_SECONDS, PING_TIMEOUT_SECONDS = 25, 20  # the defaults of Socket.IO servers
KILL_SECONDS = 60.0  # a process that has not ended by then is killed
START_SECONDS = 120.0


@dataclass
class Stage:
    """The bot, its surroundings and its people."""

    slack: Slack
    platform: Accelevents
    people: dict[str, str]
    process: asyncio.subprocess.Process
    records: Path
    log: Path
    url: str

    def account(self) -> Account:
        """A fresh account of matches, from now on."""
        return Account(self.slack, self.platform, self.people)

    async def all_up(self, seconds: float) -> None:
        """Wait until everybody has an open socket."""
        async with asyncio.timeout(seconds):
            while len(self.platform.sockets) < len(self.people):
                assert self.process.returncode is None, self.log.read_text()[-2000:]
                await asyncio.sleep(0.1)

    def cpu(self) -> float:
        """Processor seconds that the bot has used so far; 0 where Linux does not say."""
        with suppress(OSError):
            text = Path(f"/proc/{self.process.pid}/stat").read_text()
            user, system = text.rpartition(")")[2].split()[11:13]
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def memory(self) -> float:
        """MiB that the bot has in memory; 0 where Linux does not say."""
        with suppress(OSError):
            pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
        return 0.0

    async def stop(self) -> float:
        """Send SIGTERM; return after how many seconds the process ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(KILL_SECONDS):
                await self.process.wait()
        return time.monotonic() - began


@asynccontextmanager
async def stage(feeds: int, database: str = "") -> AsyncIterator[Stage]:
    """Set it all up; the bot has just been started, and its feeds are connecting."""
    slack = Slack()
    platform = Accelevents(ping_interval=PING_SECONDS, ping_timeout=PING_TIMEOUT_SECONDS)
    slack.rate_limits.enabled = False
    nobody_is_paired(platform)
    platform.session(SESSION).capacity = None
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="slackbot-")))
        certificate = write_certificate(folder / "certificate.pem")
        slack_url = await closing.enter_async_context(serving(slack.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        feeds_url = await closing.enter_async_context(serving(platform.app, pem=certificate))
        slack.base_url = slack_url
        settings = settings_for(
            slack,
            slack_url,
            platform_url,
            port=free_port(),
            database_url=database or f"sqlite:///{folder}/slackbot.db",
            accelevents_socket_url=feeds_url,
            log_level="warning",
        )
        people, _ = await come(slack, platform, settings.database, settings, feeds)
        records, log = folder / "records.jsonl", folder / "bot.log"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        environment = {**kept, **environment_for(settings), "PYTHONPATH": str(ROOT)}
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.size.probe", str(records), "run"),
                cwd=folder,
                env=environment | {"SSL_CERT_FILE": str(certificate)},
                stdout=file,
                stderr=file,
            )
        here = Stage(
            slack, platform, people, process, records, log, f"http://127.0.0.1:{settings.port}"
        )
        try:
            await _ready(here)
            yield here
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _ready(here: Stage) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            assert here.process.returncode is None, here.log.read_text()[-2000:]
            with suppress(httpx.HTTPError):
                if (await client.get(f"{here.url}/healthz", timeout=5.0)).status_code == 200:
                    return
            await asyncio.sleep(0.02)

"""The stage: the sandbox in this process, the bots and their peers each in one of their own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

import aiohttp
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import ScreenItem, Slack, User
from slackbot.sandbox.slack.bot_client import FORM
from slackbot.sandbox.slack.payloads import Actor, command
from slackbot.sandbox.slack.signing import signed
from slackbot.sandbox.story.bot_process import free_port
from tests.harness import postgres

from .load import Question
from .processes import NotStartedError, end_of_log, python

KEY = base64.b64encode(hashlib.sha256(b"a key for measurements").digest()).decode()
START_SECONDS = 90
# A live session of the sandbox's event that is never full.
SESSION = 11646
PATH = "/slack/events"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
MIGRATE = ("-m", "slackbot", "migrate")


@dataclass
class Posts:
    """Stands before the sandbox's Slack and notes when posts arrive, on the monotonic clock."""

    slack: Slack
    arrived: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["path"] == "/api/chat.postMessage":
            self.arrived.put_nowait(time.monotonic())
        await self.slack.app(scope, receive, send)


@dataclass
class Stage:
    """Slack, Accelevents and the bot between them."""

    slack: Slack
    platform: Accelevents
    posts: Posts
    slack_url: str
    platform_url: str
    # Of the bot on each database.
    bot_urls: dict[str, str]
    folder: Path

    @property
    def bot_url(self) -> str:
        """Of the bot as it is without any setting, on SQLite."""
        return self.bot_urls[SQLITE]

    @property
    def api_url(self) -> str:
        """Base of the sandbox's Web API."""
        return f"{self.slack_url}/api/"

    def arrives(self, name: str, full_name: str) -> User:
        """Somebody new at the event and in the workspace."""
        self.platform.add_attendee(name, full_name)
        self.slack.workspace.add(name, real_name=full_name)
        return self.person(name)

    def person(self, name: str, database: str = SQLITE) -> User:
        """Somebody at their Slack client, who speaks with the bot on this database."""
        return self.slack.user(name, bot_url=self.bot_urls[database])

    async def link(self, name: str, database: str = SQLITE) -> None:
        """Connect somebody by command, form and access token, as they would."""
        person = self.person(name, database)
        await person.types("/networking connect")
        form = await person.waits_for("Event link", where="modal")
        token = self.platform.token_for(name)
        await person.submits(form, {"event": "demo", "credential": token})
        await person.waits_for("You're connected to demo", where="#general")

    async def available(self, name: str, database: str) -> None:
        """Make somebody who is linked available."""
        person = self.person(name, database)
        before = person.now
        await person.types(f"/networking available {SESSION}")
        await person.waits_for(_an_answer, where="#general", since=before, timeout=15)

    def status_asked(self, name: str, bot_url: str, expected: str, times: int = 64) -> Question:
        """Signed requests of `/networking status`, as Slack would send them now."""
        member = self.slack.workspace.named(name)
        actor = Actor(self.slack, self.slack.workspace, member)
        general = self.slack.workspace.channels["C0GENERAL"]
        host = urlsplit(bot_url).netloc
        forms = [command(actor, general, "/networking", "status") for _ in range(times)]
        requests = [self._request(host, urlencode(form)) for form in forms]
        return Question(requests, expected.encode())

    def _request(self, host: str, body: str) -> bytes:
        headers = {
            "host": host,
            "user-agent": "Slackbot 1.0 (sandbox)",
            "accept": "application/json,*/*",
            "content-type": FORM,
            "content-length": str(len(body)),
            **signed(body, self.slack.signing_secret),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n{body}".encode()


def _an_answer(seen: ScreenItem) -> bool:
    return seen.kind == "ephemeral" and "checking with Accelevents" not in seen.text


@asynccontextmanager
async def stage(*databases: str) -> AsyncIterator[Stage]:
    """Set it all up, with a bot on each of the databases; the sandbox's rate limits are off."""
    slack, platform = Slack(), Accelevents()
    slack.rate_limits.enabled = False
    posts = Posts(slack)
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="slackbot-bench-")))
        slack_url = await closing.enter_async_context(serving(posts.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        slack.base_url = slack_url
        settings = {
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": f"{slack_url}/api/",
            "ACCELEVENTS_API_URL": platform_url,
            "ACCELEVENTS_EVENT": "demo",
            "SLACKBOT_SECRET_KEYS": KEY,
        }
        bot_urls = {}
        for database in databases:
            own = closing.enter_context(_database(database, folder))
            bot_urls[database] = await closing.enter_async_context(
                _bot(folder, database, settings | own)
            )
        yield Stage(slack, platform, posts, slack_url, platform_url, bot_urls, folder)


@contextmanager
def _database(database: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings that lead to it; PostgreSQL writes to the disk as it does by default."""
    if database == SQLITE:
        yield {"SLACKBOT_DATA_DIR": str(folder)}
        return
    with postgres.running(durable=True) as server:
        server.execute("CREATE DATABASE bench")
        yield {"DATABASE_URL": server.url("bench")}


@asynccontextmanager
async def _bot(folder: Path, database: str, settings: dict[str, str]) -> AsyncIterator[str]:
    """`slackbot run`, as an operator would start it."""
    port = free_port()
    environment = {**settings, "PORT": str(port)}
    url, name = f"http://127.0.0.1:{port}", f"bot on {database}"
    if database != SQLITE:
        async with python(folder, "migrate", *MIGRATE, environment=environment) as process:
            await asyncio.wait_for(process.wait(), START_SECONDS)
    async with python(folder, name, "-m", "slackbot", "run", environment=environment) as process:
        await _ready(url, process, folder, name)
        yield url


async def _ready(url: str, process: asyncio.subprocess.Process, folder: Path, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and process.returncode is None:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise NotStartedError(end_of_log(folder, name))

"""The stage: the sandbox in this process, the whole bot and its peers each in one of their own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Person, Seen, Slack
from slackbot.sandbox.slack.outbound import FORM
from slackbot.sandbox.slack.payloads import Actor, command
from slackbot.sandbox.slack.signing import signed

from .load import Question
from .processes import NotStartedError, end_of_log, free_port, python

KEY = base64.b64encode(hashlib.sha256(b"a key for measurements").digest()).decode()
START_SECONDS = 30
SESSION = 11646
"""A live session of the sandbox's event that is never full."""
PATH = "/slack/events"


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
    bot_url: str
    folder: Path

    @property
    def api_url(self) -> str:
        """Base of the sandbox's Web API."""
        return f"{self.slack_url}/api/"

    def arrives(self, name: str, full_name: str) -> Person:
        """Somebody new at the event and in the workspace."""
        self.platform.add_attendee(name, full_name)
        self.slack.workspace.add(name, real_name=full_name)
        return self.person(name)

    def person(self, name: str) -> Person:
        """Somebody at their Slack client."""
        return self.slack.person(name, bot_url=self.bot_url)

    async def link(self, name: str) -> None:
        """Connect somebody by command, form and access token, as they would."""
        person = self.person(name)
        await person.types("/networking connect")
        form = await person.waits_for("Your event", where="modal")
        token = self.platform.token_for(name)
        await person.submits(form, {"event": "demo", "credential": token})
        await person.waits_for("You're connected to demo", where="#general")

    async def available(self, name: str) -> None:
        """Make somebody who is linked available."""
        person = self.person(name)
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


def _an_answer(seen: Seen) -> bool:
    return seen.kind == "ephemeral" and "Asking Accelevents" not in seen.text


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Set it all up; the sandbox's rate limits are off."""
    slack, platform = Slack(), Accelevents()
    slack.rates.on = False
    posts = Posts(slack)
    with tempfile.TemporaryDirectory(prefix="slackbot-bench-") as name:
        async with (
            serving(posts.app) as slack_url,
            serving(platform.app) as platform_url,
            _bot(Path(name), slack, slack_url, platform_url) as bot_url,
        ):
            slack.base_url = slack_url
            yield Stage(slack, platform, posts, slack_url, platform_url, bot_url, Path(name))


@asynccontextmanager
async def _bot(folder: Path, slack: Slack, slack_url: str, platform_url: str) -> AsyncIterator[str]:
    """`slackbot run` with a SQLite file, as an operator would start it."""
    port = free_port()
    environment = {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": f"{slack_url}/api/",
        "ACCELEVENTS_API_URL": platform_url,
        "ACCELEVENTS_EVENT": "demo",
        "SLACKBOT_SECRET_KEYS": KEY,
        "SLACKBOT_DATA_DIR": str(folder),
        "PORT": str(port),
    }
    url = f"http://127.0.0.1:{port}"
    arguments = ("-m", "slackbot", "run")
    async with python(folder, "bot", *arguments, environment=environment) as process:
        await _ready(url, process, folder)
        yield url


async def _ready(url: str, process: asyncio.subprocess.Process, folder: Path) -> None:
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
    raise NotStartedError(end_of_log(folder, "bot"))

"""Slack, Accelevents and the bot on free ports of 127.0.0.1, joined for the story."""

from __future__ import annotations

import asyncio
import base64
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.chime import MediaPlane
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.story.bot import Bot, free_port, running_bot


class Confirmations:
    """An Accelevents whose answers to a change of status can be kept back for a while.

    If somebody is waiting already, the match and that answer leave at the same moment, and which
    of the two is first is chance. The story has it one way each time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def once_flowing(message: Message) -> None:
            await self._flowing.wait()
            await send(message)

        is_status = scope["type"] == "http" and scope["path"].endswith("/status")
        await self._app(scope, receive, once_flowing if is_status else send)

    @contextmanager
    def kept_back(self) -> Iterator[None]:
        """Within this no change of status is confirmed; afterwards all of them are."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()


@dataclass(frozen=True)
class Stage:
    """Everything that runs.

    `settings` is the bot's environment, without its port; `calls` whether a match can be met in
    two tabs of a browser.
    """

    slack: Slack
    platform: Accelevents
    confirmations: Confirmations
    bot: Bot
    slack_url: str
    platform_url: str
    settings: dict[str, str]
    calls: bool


def settings_for(slack: Slack, slack_url: str, platform_url: str) -> dict[str, str]:
    """What a bot needs in its environment to meet this Slack and this Accelevents."""
    return {
        "SLACK_API_URL": f"{slack_url}/api/",
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "ACCELEVENTS_API_URL": platform_url,
        "SLACKBOT_SECRET_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def call_settings(public_url: str) -> dict[str, str]:
    """What a bot at this address needs besides, to give people its own call page."""
    return {"PUBLIC_URL": public_url, "CALL_MEDIA_HOSTS": "127.0.0.1"}


@asynccontextmanager
async def staged(bot_command: Sequence[str], *, calls: bool = False) -> AsyncIterator[Stage]:
    """Start it all, with `calls` also what they need; leaving stops all, nothing is left behind."""
    slack, platform, port = Slack(), Accelevents(), free_port()
    confirmations = Confirmations(platform.app)
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="slackbot-demo-"))
        slack.base_url = await stack.enter_async_context(serving(slack.app))
        platform_url = await stack.enter_async_context(serving(confirmations))
        settings = settings_for(slack, slack.base_url, platform_url)
        own = {"SLACKBOT_DATA_DIR": name, "LOG_FORMAT": "json"}
        if calls:
            platform.chime.media_url = await stack.enter_async_context(_media(platform))
            settings |= call_settings("http://127.0.0.1:3000")
            own |= call_settings(f"http://127.0.0.1:{port}")
        command = running_bot(bot_command, settings | own, Path(name), port)
        bot = await stack.enter_async_context(command)
        slack.bot_url = bot.url
        yield Stage(
            slack, platform, confirmations, bot, slack.base_url, platform_url, settings, calls
        )


@asynccontextmanager
async def _media(platform: Accelevents) -> AsyncIterator[str]:
    plane = MediaPlane(platform.chime.attendee_of)
    async with serving(plane.app) as url:
        try:
            yield url
        finally:
            await plane.aclose()

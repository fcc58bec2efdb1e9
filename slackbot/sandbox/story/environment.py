"""Slack, Accelevents and the bot on free ports of 127.0.0.1, connected for the demo."""

from __future__ import annotations

import asyncio
import base64
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.chime import MediaPlane
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.story.bot_process import BotProcess, free_port, running_bot

OTHER_EVENT = ("winter", "Winter Fair")  # its slug and name
SWAP_SCOPE = "mpim:write"  # what CONTACT_SWAP needs


class StatusHold:
    """An Accelevents whose answers to status changes can be held back.

    If somebody is waiting already, the match and that answer are sent at the same time, in random
    order. Holding the answer gives the demo the same order every time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._released = asyncio.Event()
        self._released.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, holding back the answer to a status change."""

        async def once_released(message: Message) -> None:
            await self._released.wait()
            await send(message)

        is_status = scope["type"] == "http" and scope["path"].endswith("/status")
        await self._app(scope, receive, once_released if is_status else send)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold back all answers to status changes for the block."""
        self._released.clear()
        try:
            yield
        finally:
            self._released.set()


@dataclass(frozen=True)
class Environment:
    """Everything that is running.

    `settings` are the bot's environment variables, without its port. With `calls`, two people who
    are matched can meet in two browser tabs.
    """

    slack: Slack
    platform: Accelevents
    status_hold: StatusHold
    bot: BotProcess
    slack_url: str
    platform_url: str
    settings: dict[str, str]
    calls: bool


def settings_for(slack: Slack, slack_url: str, platform_url: str) -> dict[str, str]:
    """Return the environment variables that connect a bot to this Slack and this Accelevents."""
    return {
        "SLACK_API_URL": f"{slack_url}/api/",
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "ACCELEVENTS_API_URL": platform_url,
        "SLACKBOT_SECRET_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "CONTACT_SWAP": "on",
    }


def public_settings(public_url: str) -> dict[str, str]:
    """Return the further environment variables for downloads and calls of a bot at this address."""
    return {"PUBLIC_URL": public_url, "CALL_MEDIA_HOSTS": "127.0.0.1"}


def as_it_is(_name: str, app: ASGIApp) -> ASGIApp:
    """Serve an application without anything around it."""
    return app


@asynccontextmanager
async def demo_environment(
    bot_command: Sequence[str],
    *,
    calls: bool = False,
    more_settings: Mapping[str, str] | None = None,
    around: Callable[[str, ASGIApp], ASGIApp] = as_it_is,
) -> AsyncIterator[Environment]:
    """Run everything for the block, with `calls` also a media plane; leave nothing behind.

    The bot gets `more_settings` too. `around` wraps the applications `slack` and `accelevents`.
    """
    slack, platform, port = Slack(), Accelevents(), free_port()
    status_hold = StatusHold(platform.app)
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="slackbot-demo-"))
        slack_app, platform_app = around("slack", slack.app), around("accelevents", status_hold)
        slack.base_url = await stack.enter_async_context(serving(slack_app))
        platform_url = await stack.enter_async_context(serving(platform_app))
        settings = settings_for(slack, slack.base_url, platform_url)
        slack.workspace.scopes.add(SWAP_SCOPE)
        events = platform.event, platform.add_event(*OTHER_EVENT)
        settings["ACCELEVENTS_EVENT_NAMES"] = ";".join(f"{e.slug}={e.name}" for e in events)
        own = {"SLACKBOT_DATA_DIR": name, "LOG_FORMAT": "json", **(more_settings or {})}
        # Without a media plane, calls lead to a host that is not allowed, so none are offered.
        own |= public_settings(f"http://127.0.0.1:{port}")
        if calls:
            plane = MediaPlane(platform.chime.attendee_of)
            platform.chime.media_url = await stack.enter_async_context(serving(plane.app))
            stack.push_async_callback(plane.aclose)
            settings |= public_settings("http://127.0.0.1:3000")
        command = running_bot(bot_command, settings | own, Path(name), port)
        bot = await stack.enter_async_context(command)
        slack.bot_url = bot.url
        yield Environment(
            slack, platform, status_hold, bot, slack.base_url, platform_url, settings, calls
        )

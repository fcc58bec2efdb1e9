"""Canaries: a mission with known secrets, and a search of everything that is written."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from prometheus_client import generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.bootstrap.app import running
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from tests.harness.output import printed

from .conftest import Mission, settings_for

LIBRARIES = (
    *("slack_bolt", "slack_bolt.AsyncApp", "slack_sdk", "slack_sdk.web.async_client"),
    *("aiohttp", "aiohttp.client", "aiohttp.access", "httpx", "httpcore", "httpcore.http11"),
    *("socketio", "engineio", "asyncio", "websockets"),
    *("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "dbos", "alembic"),
    *("uvicorn", "uvicorn.error", "uvicorn.access", "starlette", "multipart"),
)


@dataclass
class Wire:
    """ASGI middleware that records every requested address, unmasked."""

    app: ASGIApp
    addresses: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        self.addresses.append(f"{scope.get('path', '')}?{query}")
        await self.app(scope, receive, send)


@dataclass
class Planted:
    """The mission, its secrets by name, and everything written."""

    mission: Mission
    log: io.StringIO
    folder: Path
    platform: Wire
    slack: Wire
    secrets: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str, secret: str) -> str:
        """Record a secret and return it."""
        assert len(secret) >= 8, name
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        return secret

    def plant_tickets(self) -> None:
        """Record the secrets that Slack handed out meanwhile."""
        slack, platform = self.mission.slack, self.mission.platform
        for trigger_id in list(slack.triggers._minted):
            self.plant("trigger id", trigger_id)
        for secret in list(slack.response_urls._minted):
            self.plant("response_url", secret)
        for pairing in platform.pairings:
            self.plant("meeting id", str(pairing.meeting["MeetingId"]))
            for own in pairing.chime_attendees.values():
                self.plant("join token", str(own["JoinToken"]))
                self.plant("attendee id", str(own["AttendeeId"]))

    # --- leaks ---

    def found(self) -> list[str]:
        """Return each leaked secret with its place."""
        return [
            f"{name} in {place}"
            for place, text in self._written()
            for name, secret in self.secrets.items()
            if secret in text and not _is_documented(name, place)
        ]

    def _written(self) -> Iterator[tuple[str, str]]:
        yield "log", self.log.getvalue()
        yield "metrics", generate_latest().decode()
        for path in sorted(self.folder.iterdir()):
            yield f"file {path.name}", path.read_bytes().decode("latin-1")
        yield from (("platform address", address) for address in self.platform.addresses)
        yield from (("slack address", address) for address in self.slack.addresses)
        yield from self._sent()

    def _sent(self) -> Iterator[tuple[str, str]]:
        slack = self.mission.slack
        for workspace in slack.workspaces.values():
            for message in workspace.messages:
                for content in (message.content, *message.earlier):
                    if message.by_bot:
                        sent = [content.text, content.blocks, content.metadata]
                        yield "message", json.dumps(sent, ensure_ascii=False)
        for call in slack.calls:
            view = call.args.get("view")
            yield "arguments", json.dumps({**call.args, "view": None, "trigger_id": None})
            if isinstance(view, dict):
                yield "view", json.dumps({**view, "private_metadata": ""})
                yield "private_metadata", str(view.get("private_metadata"))


def _is_documented(name: str, place: str) -> bool:
    """Return True for the documented exceptions.

    Accelevents wants the user key in the login's path. A response_url is an address of Slack's,
    and the form carries it in `private_metadata`, which no client sees.
    """
    kind = name.rpartition(" ")[0]
    return (kind, place) in {
        ("user key", "platform address"),
        ("response_url", "slack address"),
        ("response_url", "private_metadata"),
    }


@asynccontextmanager
async def planted(folder: Path, form: Literal["console", "json"]) -> AsyncIterator[Planted]:
    """Run the bot on a database file, with all loggers at debug."""
    async with AsyncExitStack() as closing:
        log = closing.enter_context(printed(form, "debug"))
        before = {name: logging.getLogger(name).level for name in LIBRARIES}
        closing.callback(_set_levels, before)
        _set_levels(dict.fromkeys(LIBRARIES, logging.DEBUG))
        slack, platform = Slack(), Accelevents()
        wires = Wire(platform.app), Wire(slack.app)
        platform_url = await closing.enter_async_context(serving(wires[0]))
        slack_url = await closing.enter_async_context(serving(wires[1]))
        slack.base_url, slack.rate_limits.enabled = slack_url, False
        settings = settings_for(
            slack,
            slack_url,
            platform_url,
            database_url=f"sqlite:///{folder}/bot.db",
            log_level="debug",
        )
        mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO")
        app = await closing.enter_async_context(running(settings))
        mission.bot_url = await closing.enter_async_context(serving(app))
        _set_levels(dict.fromkeys(LIBRARIES, logging.DEBUG))
        made = Planted(mission, log, folder, *wires)
        _plant_settings(made, settings)
        yield made


def _plant_settings(made: Planted, settings: Any) -> None:
    made.plant("bot token", settings.slack_bot_token.get_secret_value())
    made.plant("signing secret", settings.slack_signing_secret.get_secret_value())
    made.plant("secret key", settings.slackbot_secret_keys.get_secret_value())


def _set_levels(levels: dict[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)

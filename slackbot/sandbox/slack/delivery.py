"""The two ways from Slack to an app: signed HTTP, or an envelope over Socket Mode."""

import json
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.outbound import FORM, Answer, post
from slackbot.sandbox.slack.signing import signed
from slackbot.sandbox.slack.state import World

PATH = "/slack/events"


class Delivery(Protocol):
    """Brings one act to the app and gives its first answer."""

    async def command(self, form: Mapping[str, str]) -> Answer: ...
    async def interaction(self, payload: Json) -> Answer: ...
    async def event(self, body: Json, retry: int | None, reason: str) -> Answer: ...


def delivery(world: World, bot_url: str) -> Delivery:
    """Over Socket Mode when the app uses it, else to the bot at `bot_url`."""
    return OverSocketMode(world) if world.socket_mode.enabled else OverHttp(world, bot_url)


class OverHttp:
    """A signed request to the bot's address."""

    def __init__(self, world: World, bot_url: str) -> None:
        self._world = world
        self._bot_url = bot_url

    async def command(self, form: Mapping[str, str]) -> Answer:
        """A slash command."""
        return await self._send(urlencode(form), FORM)

    async def interaction(self, payload: Json) -> Answer:
        """A click, a submission, …"""
        return await self._send(urlencode({"payload": json.dumps(payload)}), FORM)

    async def event(self, body: Json, retry: int | None, reason: str) -> Answer:
        """One delivery of an event; the driver repeats it by itself."""
        headers = {} if retry is None else {"x-slack-retry-num": str(retry)}
        if headers:
            headers["x-slack-retry-reason"] = reason
        return await self._send(json.dumps(body), "application/json", headers)

    async def raw(
        self, path: str, body: str, headers: Mapping[str, str], content_type: str
    ) -> Answer:
        """Any request at all."""
        if not self._bot_url:
            raise CannotDo("where is the bot? give bot_url, or set slack.bot_url")
        within = self._world.answer_seconds
        return await post(self._bot_url + path, body, content_type, headers, within=within)

    async def _send(
        self, body: str, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent = {**signed(body, self._world.signing_secret), **(headers or {})}
        return await self.raw(PATH, body, sent, content_type)


class OverSocketMode:
    """An envelope to one of the app's connections."""

    def __init__(self, world: World) -> None:
        self._socket_mode = world.socket_mode
        self._within = world.answer_seconds

    async def command(self, form: Mapping[str, str]) -> Answer:
        """A slash command."""
        return await self._socket_mode.deliver("slash_commands", dict(form), within=self._within)

    async def interaction(self, payload: Json) -> Answer:
        """A click, a submission, …"""
        return await self._socket_mode.deliver("interactive", payload, within=self._within)

    async def event(self, body: Json, retry: int | None, reason: str) -> Answer:
        """An event, which Slack repeats when it is not acknowledged."""
        within = self._within
        return await self._socket_mode.event(body, within=within, retry=retry, reason=reason)

"""The two transports from Slack to an app: signed HTTP, and envelopes over Socket Mode."""

import json
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

from slackbot.sandbox.slack.bot_client import FORM, BotResponse, post
from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.signing import signed
from slackbot.sandbox.slack.state import SlackState

PATH = "/slack/events"


class Transport(Protocol):
    """Delivers one payload to the app and returns the app's first response."""

    async def command(self, form: Mapping[str, str]) -> BotResponse:
        """Deliver a slash command."""
        ...

    async def interaction(self, payload: Json) -> BotResponse:
        """Deliver a click, a submission and the like."""
        ...

    async def event(self, body: Json, retry: int | None, reason: str) -> BotResponse:
        """Deliver an event; `retry` numbers a redelivery, `reason` explains it."""
        ...


def transport_for(slack: SlackState, bot_url: str) -> Transport:
    """Return Socket Mode once the app uses it, else HTTP to the bot at `bot_url`."""
    if slack.socket_mode.enabled:
        return SocketModeTransport(slack)
    return HttpTransport(slack, bot_url)


class HttpTransport:
    """Signed requests to the bot's URL."""

    def __init__(self, slack: SlackState, bot_url: str) -> None:
        self._slack = slack
        self._bot_url = bot_url

    async def command(self, form: Mapping[str, str]) -> BotResponse:
        """Deliver a slash command."""
        return await self._send(urlencode(form), FORM)

    async def interaction(self, payload: Json) -> BotResponse:
        """Deliver a click, a submission and the like."""
        return await self._send(urlencode({"payload": json.dumps(payload)}), FORM)

    async def event(self, body: Json, retry: int | None, reason: str) -> BotResponse:
        """Deliver an event once; the caller redelivers it, numbered by `retry`."""
        headers = {} if retry is None else {"x-slack-retry-num": str(retry)}
        if headers:
            headers["x-slack-retry-reason"] = reason
        return await self._send(json.dumps(body), "application/json", headers)

    async def raw(
        self, path: str, body: str, headers: Mapping[str, str], content_type: str
    ) -> BotResponse:
        """Send any POST request."""
        if not self._bot_url:
            raise CannotDo("where is the bot? give bot_url, or set slack.bot_url")
        within = self._slack.answer_seconds
        return await post(self._bot_url + path, body, content_type, headers, within=within)

    async def _send(
        self, body: str, content_type: str, headers: Mapping[str, str] | None = None
    ) -> BotResponse:
        sent = {**signed(body, self._slack.signing_secret), **(headers or {})}
        return await self.raw(PATH, body, sent, content_type)


class SocketModeTransport:
    """Envelopes to one of the app's connections."""

    def __init__(self, slack: SlackState) -> None:
        self._socket_mode = slack.socket_mode
        self._within = slack.answer_seconds

    async def command(self, form: Mapping[str, str]) -> BotResponse:
        """Deliver a slash command."""
        return await self._socket_mode.deliver("slash_commands", dict(form), within=self._within)

    async def interaction(self, payload: Json) -> BotResponse:
        """Deliver a click, a submission and the like."""
        return await self._socket_mode.deliver("interactive", payload, within=self._within)

    async def event(self, body: Json, retry: int | None, reason: str) -> BotResponse:
        """Deliver an event; without `retry` Slack redelivers it until it is acknowledged."""
        return await self._socket_mode.deliver_event(
            body, within=self._within, retry=retry, reason=reason
        )

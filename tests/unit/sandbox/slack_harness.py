"""The sandbox's Slack and a tiny bot, both on free ports, for the tests of the sandbox itself."""

import json
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import ScreenItem, Slack, User

Json = dict[str, Any]
Reply = Response | Json | str | None
Handler = Callable[[Json], Awaitable[Reply]]


class TinyBot:
    """A bot that handles requests by the table `on`."""

    def __init__(self, signing_secret: str) -> None:
        self.on: dict[str, Handler] = {}  # by command name or payload type
        self.received: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self._verifier = SignatureVerifier(signing_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        await (await self._respond(request, body))(scope, receive, send)

    async def _respond(self, request: Request, body: bytes) -> Response:
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return Response("not signed", 401)
        given = self._read(body)
        self.received.append(given)
        self.headers.append(dict(request.headers))
        kind = given.get("command") or given.get("event", {}).get("type") or given["type"]
        handler = self.on.get(kind)
        reply = await handler(given) if handler else None
        if isinstance(reply, Response):
            return reply
        return JSONResponse(reply) if isinstance(reply, dict) else Response(reply or "")

    def _read(self, body: bytes) -> Json:
        if body.startswith(b"{"):
            return json.loads(body)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return json.loads(form["payload"]) if "payload" in form else form

    def replies(self, kind: str, reply: Reply) -> None:
        """Always give the same reply."""

        async def handler(_: Json) -> Reply:
            return reply

        self.on[kind] = handler


@dataclass
class Harness:
    """A served Slack with its bot, two users, and Slack's SDK as the bot's client."""

    slack: Slack
    bot: TinyBot
    ada: User
    priya: User
    client: AsyncWebClient
    http: aiohttp.ClientSession
    url: str
    bot_url: str
    dm: str = field(default="")

    async def respond(self, payload: Json, **body: Any) -> tuple[int, str]:
        """Post to a payload's response_url."""
        async with self.http.post(payload["response_url"], json=body) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def running() -> AsyncIterator[Harness]:
    """Serve Slack and the bot."""
    slack = Slack()
    bot = TinyBot(slack.signing_secret)
    async with (
        serving(slack.app) as url,
        serving(bot) as bot_url,
        aiohttp.ClientSession() as http,
    ):
        slack.base_url, slack.bot_url = url, bot_url
        client = AsyncWebClient(
            slack.token, base_url=f"{url}/api/", session=http, retry_handlers=[]
        )
        dm = slack.workspace.dm("U0ADA").id
        ada, priya = slack.user("ada"), slack.user("priya")
        yield Harness(slack, bot, ada, priya, client, http, url, bot_url, dm)


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str, action_id: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def actions(*elements: Json) -> Json:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def typed(label: str, block_id: str, **more: Any) -> Json:
    """A text input."""
    element = {"type": "plain_text_input", "action_id": f"{block_id}-text", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal with a submit button."""
    return {
        "type": "modal",
        "title": plain("A form"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


async def refused(call: Any) -> dict[str, Any]:
    """Return the body of the error response to this call."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK warns of a missing text
        with pytest.raises(SlackApiError) as refusal:
            await call
    return refusal.value.response.data


async def code(call: Any) -> str:
    """Return the error code of this call."""
    return (await refused(call))["error"]


async def opened(here: Harness, view: dict[str, Any]) -> ScreenItem:
    """Open a modal for Ada: the bot does it when she types the command."""

    async def open_it(form: dict[str, Any]) -> None:
        await here.client.views_open(trigger_id=form["trigger_id"], view=view)

    here.bot.on["/networking"] = open_it
    await here.ada.types("/networking connect")
    return await here.ada.waits_for(lambda _: True, where="modal")

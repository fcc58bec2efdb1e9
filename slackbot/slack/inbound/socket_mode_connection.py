"""One Socket Mode connection: opened, greeted, heard, answered, closed.

slack_sdk brings the call for the address and the shapes of envelopes and answers. Its
`SocketModeClient` is not used: while the way to Slack is bad it leaves connections behind that
Slack goes on counting (slackapi/python-slack-sdk #1940), it repeats a refused token for ever, it
holds its tasks nowhere, and when an envelope arrived is lost in its queue.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.aio.tasks import BackgroundTasks
from slackbot.slack.inbound.http import BODY_LIMIT, arrived_at
from slackbot.slack.installations import FINAL_ERRORS
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)

Dispatch = Callable[[SocketModeRequest], Awaitable[SocketModeResponse | None]]
"""Answers an envelope; None leaves it unacknowledged, so that Slack sends an event again."""

REFUSALS: Final = FINAL_ERRORS | {"not_allowed_token_type", "missing_scope", "no_permission"}
DISCONNECTS: Final = {"warning", "refresh_requested", "too_many_websockets", "link_disabled"}


class AppTokenRefused(Exception):
    """Slack does not accept the app-level token; `reason` is Slack's word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotConnected(Exception):
    """No connection now; `reason` is one word, `wait` the seconds that Slack asks for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Times of one connection, in seconds."""

    connect_seconds: float = 10.0
    """From asking for the address to Slack's hello."""
    heartbeat_seconds: float = 10.0
    """A ping when nothing came for so long, and the end when half of it brings nothing more."""
    answer_seconds: float = 2.5
    """Time that answers under way get before it is closed."""
    close_seconds: float = 1.0


class Line:
    """An open connection. `due` says why it has to be replaced, once it has to be."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        dispatch: Dispatch,
        heard: Callable[[Line], None],
        background: BackgroundTasks,
        options: ConnectionOptions,
    ) -> None:
        self.due = ""
        self.counted = 0
        """How many connections Slack counted for the app when it greeted this one."""
        self.among_strangers = False
        """Whether Slack counted connections then that are not ours, or are lost ones of ours."""
        self.passed_over = 0
        """Envelopes that came over other connections since one came here."""
        self.heard_at = time.monotonic()
        self.over = asyncio.Event()
        """Set when it has to be replaced, or is closed."""
        self._socket = socket
        self._dispatch = dispatch
        self._heard = heard
        self._background = background
        self._options = options
        self._greeted = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()
        self._reading = asyncio.create_task(self._read(), name="socket_mode_line")

    @property
    def up(self) -> bool:
        """Whether envelopes can come and be answered."""
        return self._greeted.is_set() and not self._reading.done()

    async def greeted(self) -> None:
        """Wait for Slack's hello; NotConnected when it ends before."""
        hello = asyncio.create_task(self._greeted.wait())
        over = asyncio.create_task(self.over.wait())
        try:
            await asyncio.wait({hello, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hello.cancel()
            over.cancel()
        if not self.up:
            raise NotConnected(self.due)

    def replace(self, reason: str) -> None:
        """Ask for another in its place; the first reason stands."""
        self.due = self.due or reason
        self.over.set()

    async def ended(self, seconds: float) -> None:
        """Wait so long for Slack to close it."""
        await asyncio.wait({self._reading}, timeout=seconds)

    async def close(self) -> None:
        """Let answers under way leave, then close it. Takes `answer_` + `close_seconds` at most."""
        if self.up and self._answering:
            await asyncio.wait(self._answering, timeout=self._options.answer_seconds)
        await self._socket.close()
        await self._reading

    # --- what comes

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data, time.monotonic())
        finally:
            self.replace("closed")

    def _take(self, text: str, arrived: float) -> None:
        message = _read_object(text)
        kind = message.get("type")
        if kind == "hello":
            count = message.get("num_connections")
            self.counted = count if isinstance(count, int) else 0
            self._greeted.set()
        elif kind == "disconnect":
            reason = str(message.get("reason"))
            self.replace(reason if reason in DISCONNECTS else "disconnect")
        elif (request := _envelope(message)) is not None:
            self.heard_at = arrived
            self._heard(self)
            # The background's, not the connection's: what a listener began goes on without it.
            task = self._background.start(self._answer(request, arrived), "envelope")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        else:
            UNREADABLE.labels(source="slack").inc()
            log.warning("envelope_unreadable")

    async def _answer(self, request: SocketModeRequest, arrived: float) -> None:
        arrived_at.set(arrived)
        answer = await self._dispatch(request)
        if answer is None:
            return
        if not request.accepts_response_payload:
            answer = SocketModeResponse(request.envelope_id)
        try:
            await self._socket.send_json(answer.to_dict())
        except (ConnectionError, aiohttp.ClientError):
            log.warning("answer_lost", kind=request.type)


async def opened(
    client: AsyncWebClient,
    app_token: str,
    dispatch: Dispatch,
    heard: Callable[[Line], None],
    background: BackgroundTasks,
    options: ConnectionOptions,
) -> Line:
    """A connection that Slack has greeted; the client's session carries it.

    Raises:
        AppTokenRefused: the token is no good.
        NotConnected: it did not come about in `connect_seconds`.
    """
    try:
        async with asyncio.timeout(options.connect_seconds):
            socket = await _connected(client, await _address(client, app_token), options)
            line = Line(socket, dispatch, heard, background, options)
            try:
                await line.greeted()
            except BaseException:
                await line.close()
                raise
            return line
    except TimeoutError:
        raise NotConnected("timeout") from None
    except (aiohttp.ClientError, OSError):
        raise NotConnected("unreachable") from None


async def _address(client: AsyncWebClient, app_token: str) -> str:
    try:
        answer = await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        data = getattr(error.response, "data", None)
        reason = str(data.get("error")) if isinstance(data, dict) else ""
        if reason in REFUSALS:
            raise AppTokenRefused(reason) from None
        raise NotConnected("refused", _retry_after(error)) from None
    return str(answer["url"])


def _retry_after(error: SlackApiError) -> float:
    """What Slack asks us to wait, in seconds."""
    seconds = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
    return float(seconds) if seconds.isdecimal() else 0.0


async def _connected(
    client: AsyncWebClient, url: str, options: ConnectionOptions
) -> aiohttp.ClientWebSocketResponse:
    assert client.session is not None, "web_client() makes clients with a session"
    return await client.session.ws_connect(
        url,
        heartbeat=options.heartbeat_seconds,
        timeout=aiohttp.ClientWSTimeout(ws_close=options.close_seconds),
        max_msg_size=4 * BODY_LIMIT,
        proxy=client.proxy,
        ssl=True if client.ssl is None else client.ssl,
    )


def _read_object(text: str) -> dict[str, Any]:
    """The JSON object in a message; empty when it is none, or too large."""
    try:
        message = json.loads(text) if len(text) <= BODY_LIMIT else None
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _envelope(message: dict[str, Any]) -> SocketModeRequest | None:
    words = (message.get("type"), message.get("envelope_id"))
    if not all(isinstance(word, str) and word for word in words):
        return None
    if not isinstance(message.get("payload"), dict):
        return None
    return SocketModeRequest.from_dict(message)

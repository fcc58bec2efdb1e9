"""A Socket Mode connection, from the request for its URL until it is closed.

slack_sdk provides `apps.connections.open` and the classes for envelopes and acknowledgements. Its
`SocketModeClient` is not used for several reasons. On a bad network, it leaves connections open
that Slack still counts (slackapi/python-slack-sdk #1940). It retries forever if the token is
rejected, it keeps no references to its tasks, and its queue does not record arrival times.
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
from slackbot.slack.client import read_error
from slackbot.slack.inbound.http import BODY_LIMIT
from slackbot.slack.installations import FINAL_ERRORS, InstallationRefused
from slackbot.slack.request_context import arrived_at
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)

# Handles an envelope. If it returns None, the envelope is not acknowledged, and Slack may retry.
Dispatch = Callable[
    ["SocketModeConnection", SocketModeRequest], Awaitable[SocketModeResponse | None]
]

REFUSALS: Final = FINAL_ERRORS | {"not_allowed_token_type", "missing_scope", "no_permission"}
DISCONNECTS: Final = {"warning", "refresh_requested", "too_many_websockets", "link_disabled"}


class AppTokenRefused(InstallationRefused):
    """Slack rejects the app-level token. `reason` is Slack's error code."""


class NotConnected(Exception):
    """An attempt to connect failed. `retry_after` is the delay in seconds that Slack requests."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Timeouts for a connection in seconds."""

    # From the request for the URL to Slack's hello.
    connect_seconds: float = 10.0
    # Idle time before a ping. The connection is closed if no pong arrives within half this time.
    heartbeat_seconds: float = 10.0
    # Time for pending acknowledgements before the connection is closed.
    answer_seconds: float = 2.5
    close_seconds: float = 1.0


@dataclass(eq=False, repr=False)
class SocketModeConnection:
    """An open connection. `replace_reason` is set when it has to be replaced."""

    socket: aiohttp.ClientWebSocketResponse
    dispatch: Dispatch
    background: BackgroundTasks
    options: ConnectionOptions

    def __post_init__(self) -> None:
        self.replace_reason = ""
        # Set together with `replace_reason`.
        self.ending = asyncio.Event()
        # The number of the app's connections in Slack's hello.
        self.count_at_slack = 0
        # True if this number is too large, because of other processes or lost connections.
        self.has_strangers = False
        # Envelopes that other connections received since the last one on this connection.
        self.passed_over = 0
        # Time of the last envelope on the monotonic clock.
        self.received_at = time.monotonic()
        # Set by Slack's hello, or when the connection is closed without one.
        self._opened = asyncio.Event()
        self._greeted = False
        self._pending_answers: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read(), name="socket_mode_connection")

    @property
    def is_up(self) -> bool:
        """True while envelopes can be received and acknowledged."""
        return self._greeted and not self._reader.done()

    async def wait_greeted(self) -> None:
        """Wait for Slack's hello.

        Raises:
            NotConnected: The connection was closed before the hello.
        """
        await self._opened.wait()
        if not self.is_up:
            raise NotConnected(self.replace_reason)

    def replace(self, reason: str) -> None:
        """Request a replacement. Only the first reason is kept."""
        self.replace_reason = self.replace_reason or reason
        self.ending.set()
        self._opened.set()

    async def leave(self, seconds: float) -> None:
        """Wait up to `seconds` for Slack to close the connection, and then close it."""
        try:
            await asyncio.wait({self._reader}, timeout=seconds)
        finally:
            await self.close()

    async def close(self) -> None:
        """Send pending acknowledgements and close, within `answer_seconds` plus `close_seconds`."""
        if self.is_up and self._pending_answers:
            await asyncio.wait(self._pending_answers, timeout=self.options.answer_seconds)
        await self.socket.close()
        await self._reader

    # --- receiving -------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._handle(message.data, time.monotonic())
        finally:
            self.replace("closed")

    def _handle(self, text: str, arrived: float) -> None:
        try:
            message: Any = json.loads(text) if len(text) <= BODY_LIMIT else None
        except (ValueError, RecursionError):
            message = None
        match message:
            case {"type": "hello"}:
                count = message.get("num_connections")
                self.count_at_slack = count if isinstance(count, int) else 0
                self._greeted = True
                self._opened.set()
            case {"type": "disconnect"}:
                reason = str(message.get("reason"))
                self.replace(reason if reason in DISCONNECTS else "disconnect")
            case {"type": str(kind), "envelope_id": str(key), "payload": dict()} if kind and key:
                self.received_at = arrived
                # In the background, because listeners may still run after the connection is closed.
                task = self.background.start(self._answer(message, arrived), "envelope")
                self._pending_answers.add(task)
                task.add_done_callback(self._pending_answers.discard)
            case _:
                UNREADABLE.labels(source="slack").inc()
                log.warning("envelope_unreadable")

    async def _answer(self, envelope: dict[str, Any], arrived: float) -> None:
        request = SocketModeRequest.from_dict(envelope)
        assert request is not None, "it has the three fields"
        arrived_at.set(arrived)
        answer = await self.dispatch(self, request)
        if answer is None:
            return
        if not request.accepts_response_payload:
            answer = SocketModeResponse(request.envelope_id)
        try:
            await self.socket.send_json(answer.to_dict())
        except (ConnectionError, aiohttp.ClientError):
            log.warning("answer_lost", kind=request.type)


async def connect(
    client: AsyncWebClient,
    app_token: str,
    dispatch: Dispatch,
    background: BackgroundTasks,
    options: ConnectionOptions,
) -> SocketModeConnection:
    """Open a connection with the client's session, and wait for Slack's hello.

    Raises:
        AppTokenRefused: Slack rejects the token.
        NotConnected: The connection failed, or no hello arrived within `connect_seconds`.
    """
    assert client.session is not None, "web_client() makes clients with a session"
    try:
        async with asyncio.timeout(options.connect_seconds):
            answer = await client.apps_connections_open(app_token=app_token)
            socket = await client.session.ws_connect(
                str(answer["url"]),
                heartbeat=options.heartbeat_seconds,
                timeout=aiohttp.ClientWSTimeout(ws_close=options.close_seconds),
                max_msg_size=4 * BODY_LIMIT,
                proxy=client.proxy,
            )
            connection = SocketModeConnection(socket, dispatch, background, options)
            try:
                await connection.wait_greeted()
            except BaseException:
                await connection.close()
                raise
            return connection
    except SlackApiError as error:
        _, reason, retry_after = read_error(error)
        if reason in REFUSALS:
            raise AppTokenRefused(reason) from None
        raise NotConnected("refused", retry_after or 0.0) from None
    except TimeoutError:
        raise NotConnected("timeout") from None
    except (aiohttp.ClientError, OSError):
        raise NotConnected("unreachable") from None

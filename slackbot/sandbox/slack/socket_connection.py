"""One Socket Mode connection, seen from Slack's side, and the ASGI endpoint that makes them."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.line import CUT

if TYPE_CHECKING:
    from slackbot.sandbox.slack.socket_mode import SocketMode

HOST = "applink-sandbox"
Deafness = Literal["silent", "frozen"]
"""`silent` answers pings and delivers nothing; `frozen` does not even answer pings."""


class Transport(Protocol):
    """What is below the WebSocket."""

    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Connection:
    """Open until either side ends it. `sent` counts the envelopes meant for it."""

    def __init__(self, socket: WebSocket, app_id: str, problem: Callable[[str, str], None]) -> None:
        self.greeted = False
        """Whether envelopes are sent here: from hello to the end."""
        self.sent = 0
        self._socket = socket
        self._app_id = app_id
        self._problem = problem
        self._deaf: Deafness | None = None
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    # --- dials

    def deafen(self, how: Deafness | None) -> None:
        """Deliver nothing from now on; None makes it hear again."""
        transport: Transport = self._socket.scope[CUT]
        if how == "frozen":
            transport.pause_reading()
        elif self._deaf == "frozen":
            transport.resume_reading()
        self._deaf = how

    def drop(self) -> None:
        """Break the line without a close frame."""
        self.greeted = False
        transport: Transport = self._socket.scope[CUT]
        transport.abort()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew: warning, refresh_requested, link_disabled."""
        debug = {"debug_info": {"host": HOST}}
        await self.say({"type": "disconnect", "reason": reason, **debug})

    async def close(self) -> None:
        """End it properly, as Slack does some seconds after it asked."""
        self.greeted = False
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close()

    # --- talking

    async def greet(self, connections: int, life_seconds: int) -> None:
        """Say hello; from then on envelopes come this way too."""
        debug = {"host": HOST, "build_number": 1, "approximate_connection_time": life_seconds}
        info = {"connection_info": {"app_id": self._app_id}}
        hello = {"type": "hello", "num_connections": connections, "debug_info": debug, **info}
        await self.say(hello)
        self.greeted = True

    async def ask(self, envelope: Json) -> Json:
        """Deliver an envelope; gives its ack, once it comes over this same connection."""
        self.sent += 1
        acked: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = acked
        try:
            await self.say(envelope)
            return await acked
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def say(self, message: Json) -> None:
        """Anything as JSON."""
        await self.say_raw(json.dumps(message))

    async def say_raw(self, text: str) -> None:
        """Any text at all; nothing when deaf or gone."""
        if self._deaf is None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.send_text(text)

    async def listen(self) -> None:
        """Take acks until it is over."""
        with suppress(RuntimeError, WebSocketDisconnect):
            while True:
                self._heard(await self._socket.receive_text())

    def _heard(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            ack = None
        if not isinstance(ack, dict) or not isinstance(ack.get("envelope_id"), str):
            self._problem("not an ack", text)
            return
        waiting = self._waiting.get(ack["envelope_id"])
        if waiting is None or waiting.done():
            self._problem("an ack came late, twice, or over another connection", "")
            return
        waiting.set_result(ack)


class SocketModeEndpoint:
    """The WebSocket endpoint `/link?ticket=…`."""

    def __init__(
        self, socket_mode: "SocketMode", app_id: str, problem: Callable[[str, str], None]
    ) -> None:
        self._socket_mode = socket_mode
        self._app_id = app_id
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from its handshake to its end."""
        socket = WebSocket(scope, receive, send)
        tickets = parse_qs(scope["query_string"].decode()).get("ticket", [""])
        if not self._socket_mode.redeem(tickets[0]):
            await socket.close()
            return
        await socket.accept()
        connection = Connection(socket, self._app_id, self._problem)
        if not await self._socket_mode.join(connection):
            await connection.close()
            return
        try:
            await connection.listen()
        finally:
            self._socket_mode.leave(connection)

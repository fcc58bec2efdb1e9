"""One Socket Mode connection, from Slack's side."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from slackbot.sandbox.slack.abort import TRANSPORT
from slackbot.sandbox.slack.errors import Json

HOST = "applink-sandbox"
# `silent` answers pings and delivers nothing; `frozen` does not even answer pings.
Stall = Literal["silent", "frozen"]


class Connection:
    """A connection, open until either side ends it."""

    def __init__(self, socket: WebSocket, app_id: str, problem: Callable[[str, str], None]) -> None:
        self.greeted = False  # True from hello to the end: envelopes are sent here
        self.sent = 0  # envelopes, lost ones included
        self._socket = socket
        self._transport: asyncio.Transport = socket.scope[TRANSPORT]
        self._app_id = app_id
        self._problem = problem
        self._stall: Stall | None = None
        self._waiting: dict[str, asyncio.Future[Json]] = {}  # acks by envelope id

    def stall(self, kind: Stall | None) -> None:
        """Stop delivering; None resumes."""
        if kind == "frozen":
            self._transport.pause_reading()
        elif self._stall == "frozen":
            self._transport.resume_reading()
        self._stall = kind

    def drop(self) -> None:
        """Abort the connection without a close frame."""
        self.greeted = False
        self._transport.abort()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect: warning, refresh_requested or link_disabled."""
        debug = {"debug_info": {"host": HOST}}
        await self.send({"type": "disconnect", "reason": reason, **debug})

    async def close(self) -> None:
        """Close the connection, as Slack does some seconds after it asked."""
        self.greeted = False
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close()

    async def greet(self, connections: int, life_seconds: int) -> None:
        """Send hello, with the number of connections; envelopes are sent from then on."""
        debug = {"host": HOST, "build_number": 1, "approximate_connection_time": life_seconds}
        info = {"connection_info": {"app_id": self._app_id}}
        await self.send(
            {"type": "hello", "num_connections": connections, "debug_info": debug, **info}
        )
        self.greeted = True

    async def deliver(self, envelope: Json) -> Json:
        """Send an envelope and return its ack, which must come over this connection."""
        self.sent += 1
        acked: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = acked
        try:
            await self.send(envelope)
            return await acked
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def send(self, message: Json) -> None:
        """Send a message as JSON."""
        await self.send_raw(json.dumps(message))

    async def send_raw(self, text: str) -> None:
        """Send any text; nothing is sent while stalled or after the end."""
        if self._stall is None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.send_text(text)

    async def receive_acks(self) -> None:
        """Receive acks until the connection ends."""
        with suppress(RuntimeError, WebSocketDisconnect):
            while True:
                self._receive(await self._socket.receive_text())

    def _receive(self, text: str) -> None:
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

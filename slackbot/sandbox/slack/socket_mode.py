"""Socket Mode: the app's connections, the envelopes sent over them, and their acks.

After docs.slack.dev/apis/events-api/using-socket-mode. Every envelope goes to one connection at
random, even to a stalled one. An envelope that is not acknowledged in time is lost, except for an
event, which is sent again.
"""

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable

from starlette.websockets import WebSocket

from slackbot.sandbox.slack.bot_client import BotResponse
from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.socket_mode_connection import Connection, Stall
from slackbot.sandbox.slack.workspace import APP_ID

APP_TOKEN = "xapp-1-A0SANDBOX-100000000000-5a6d0b1c9f3e47288b7d60e1c4f2a935"
SCOPE = "connections:write"
MOST_CONNECTIONS = 10
TICKET_SECONDS = 30.0  # a ticket's lifetime
RETRY_SECONDS = (0.0, 60.0, 300.0)  # before each redelivery of an event
LIFE_SECONDS = 18_060  # a connection's lifetime, as hello announces it


class SocketMode:
    """The app's Socket Mode. Once the app asked for a connection, everything goes this way."""

    def __init__(self, clock: Clock, changes: Changes, problem: Callable[[str, str], None]) -> None:
        self.token = APP_TOKEN
        self.scopes = {SCOPE}  # of the app-level token
        self.enabled = False  # False uses signed HTTP
        self.greets = True  # False: new connections receive nothing, not even hello
        self.stall_new: Stall | None = None  # for new connections, once they are greeted
        self.delay = 0.0  # seconds before an envelope is sent
        self.retry_seconds: tuple[float, ...] = RETRY_SECONDS
        self.connections: list[Connection] = []
        self.accepted = 0  # connections so far
        self._clock = clock
        self._changes = changes
        self._problem = problem
        self._tickets: dict[str, float] = {}  # Unix seconds of their issue
        self._retries: set[asyncio.Task[None]] = set()

    # --- connecting

    def authorise(self, token: str | None, bot_tokens: set[str]) -> None:
        """Raise Slack's error for anything but this app's app-level token with its scope."""
        if not token:
            raise SlackError("not_authed")
        if token in bot_tokens:
            raise SlackError("not_allowed_token_type")
        if token != self.token:
            raise SlackError("invalid_auth")
        if SCOPE not in self.scopes:
            extra = {"needed": SCOPE, "provided": ",".join(sorted(self.scopes))}
            raise SlackError("missing_scope", extra=extra)

    def ticket(self) -> str:
        """Issue a ticket for one connection and enable Socket Mode."""
        self.enabled = True
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = self._clock.now()
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection, `/link?ticket=…`, from its handshake to its end."""
        issued = self._tickets.pop(socket.query_params.get("ticket", ""), -TICKET_SECONDS)
        if self._clock.now() - issued > TICKET_SECONDS:
            await socket.close()
            return
        await socket.accept()
        connection = Connection(socket, APP_ID, self._problem)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send({"type": "disconnect", "reason": "too_many_websockets"})
            await connection.close()
            return
        self.connections.append(connection)
        self.accepted += 1
        try:
            if self.greets:
                await connection.greet(len(self.connections), LIFE_SECONDS)
                connection.stall(self.stall_new)
            self._changes.notify()
            await connection.receive_acks()
        finally:
            self.connections.remove(connection)
            self._changes.notify()

    async def until(self, check: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until a condition on the connections holds.

        Raises:
            TimeoutError: it does not hold within `seconds`.
        """
        async with asyncio.timeout(seconds):
            while not check():
                changed = self._changes.next()
                if not check():
                    await changed.wait()

    # --- delivering

    async def deliver(self, kind: str, payload: Json, *, within: float) -> BotResponse:
        """Deliver a command (`slash_commands`) or interaction (`interactive`) once."""
        return await self._send({"type": kind, "payload": payload}, within, takes_payload=True)

    async def deliver_event(
        self, payload: Json, *, within: float, retry: int | None, reason: str
    ) -> BotResponse:
        """Deliver an event; redeliver it if it is lost, unless the caller counts with `retry`."""
        attempt: Json = {"retry_attempt": retry or 0, "retry_reason": reason if retry else ""}
        envelope = {"type": "events_api", "payload": payload, **attempt}
        response = await self._send(envelope, within, takes_payload=False)
        if response.error and retry is None:
            task = asyncio.create_task(self._redeliver(envelope, within), name="retry")
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return response

    async def _redeliver(self, envelope: Json, within: float) -> None:
        for number, seconds in enumerate(self.retry_seconds, 1):
            await asyncio.sleep(seconds)
            attempt = {"retry_attempt": number, "retry_reason": "timeout"}
            if (await self._send(envelope | attempt, within, takes_payload=False)).ok:
                return

    async def _send(self, envelope: Json, within: float, *, takes_payload: bool) -> BotResponse:
        began = time.perf_counter()
        greeted = [connection for connection in self.connections if connection.greeted]
        if not greeted:
            return BotResponse(None, "", 0.0, "dispatch_failed")
        id_ = {"envelope_id": secrets.token_hex(16), "accepts_response_payload": takes_payload}
        try:
            async with asyncio.timeout(within):
                await asyncio.sleep(self.delay)
                ack = await random.choice(greeted).deliver(id_ | envelope)
        except TimeoutError:
            return BotResponse(None, "", time.perf_counter() - began, "operation_timeout")
        seconds = time.perf_counter() - began
        if ack.get("payload") is None:
            return BotResponse(200, "", seconds)
        body = json.dumps(ack["payload"])
        if not takes_payload:
            self._problem("the payload of an ack to an event is ignored", body)
            return BotResponse(200, "", seconds)
        return BotResponse(200, body, seconds, headers={"content-type": "application/json"})

"""Socket Mode: the app's connections, the envelopes sent over them, and what answers them.

By docs.slack.dev/apis/events-api/using-socket-mode. Every envelope goes to one connection, at
random, and so to a deaf one as well. What is not acknowledged in time is lost, except an event,
which is sent again.
"""

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable, Coroutine

from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.outbound import Answer
from slackbot.sandbox.slack.socket_connection import Connection, Deafness

APP_TOKEN = "xapp-1-A0SANDBOX-100000000000-5a6d0b1c9f3e47288b7d60e1c4f2a935"
SCOPE = "connections:write"
MOST_CONNECTIONS = 10
TICKET_SECONDS = 30.0
RETRY_SECONDS = (0.0, 60.0, 300.0)
"""An event that was not acknowledged is sent again after so long, three times."""
LIFE_SECONDS = 18_060


class SocketMode:
    """The one app's Socket Mode. Once a connection was asked for, everything goes this way.

    Dials: `enabled` (False takes signed HTTP again), `scopes` of the app-level token,
    `greets` (False: new connections are accepted and hear nothing, not even hello),
    `deafens` (how new connections are deaf once they are greeted, see `Connection.deafen`),
    `delay` in seconds before an envelope leaves, `retry_seconds`, and those of each `Connection`.
    """

    def __init__(self, clock: Clock, changes: Changes, problem: Callable[[str, str], None]) -> None:
        self.token = APP_TOKEN
        self.scopes = {SCOPE}
        self.enabled = False
        self.greets = True
        self.deafens: Deafness | None = None
        self.delay = 0.0
        self.retry_seconds: tuple[float, ...] = RETRY_SECONDS
        self.connections: list[Connection] = []
        self.accepted = 0
        """How many connections there ever were."""
        self._clock = clock
        self._changes = changes
        self._problem = problem
        self._tickets: dict[str, float] = {}
        self._retries: set[asyncio.Task[None]] = set()

    # --- connecting

    def ticket(self) -> str:
        """Permission to connect once, soon."""
        self.enabled = True
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = self._clock.now()
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether it may connect."""
        return self._clock.now() - self._tickets.pop(ticket, -TICKET_SECONDS) <= TICKET_SECONDS

    async def join(self, connection: Connection) -> bool:
        """Greet a new connection, or turn the eleventh away."""
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.say({"type": "disconnect", "reason": "too_many_websockets"})
            return False
        self.connections.append(connection)
        self.accepted += 1
        if self.greets:
            await connection.greet(len(self.connections), LIFE_SECONDS)
            connection.deafen(self.deafens)
        self._changes.tell()
        return True

    def leave(self, connection: Connection) -> None:
        """It is gone."""
        self.connections.remove(connection)
        self._changes.tell()

    async def until(self, check: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until something holds of the connections; TimeoutError when it does not in time."""
        async with asyncio.timeout(seconds):
            while not check():
                bell = self._changes.next()
                if not check():
                    await bell.wait()

    # --- delivering

    async def deliver(self, kind: str, payload: Json, *, within: float) -> Answer:
        """One command (`slash_commands`) or interaction (`interactive`); never sent again."""
        return await self._send({"type": kind, "payload": payload}, within, takes_payload=True)

    async def event(
        self, payload: Json, *, within: float, retry: int | None, reason: str
    ) -> Answer:
        """An event; unless `retry` says that the driver counts by itself, sent again if lost."""
        told: Json = {"retry_attempt": retry or 0, "retry_reason": reason if retry else ""}
        envelope = {"type": "events_api", "payload": payload, **told}
        answer = await self._send(envelope, within, takes_payload=False)
        if answer.error and retry is None:
            self._keep(self._again(envelope, within))
        return answer

    async def _again(self, envelope: Json, within: float) -> None:
        for attempt, seconds in enumerate(self.retry_seconds, 1):
            await asyncio.sleep(seconds)
            told = {"retry_attempt": attempt, "retry_reason": "timeout"}
            if (await self._send(envelope | told, within, takes_payload=False)).ok:
                return

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work, name="retry")
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _send(self, envelope: Json, within: float, *, takes_payload: bool) -> Answer:
        began = time.perf_counter()
        greeted = [connection for connection in self.connections if connection.greeted]
        if not greeted:
            return Answer(None, "", 0.0, "dispatch_failed")
        id_ = {"envelope_id": secrets.token_hex(16), "accepts_response_payload": takes_payload}
        try:
            async with asyncio.timeout(within):
                await asyncio.sleep(self.delay)
                ack = await random.choice(greeted).ask(id_ | envelope)
        except TimeoutError:
            return Answer(None, "", time.perf_counter() - began, "operation_timeout")
        seconds = time.perf_counter() - began
        return self._answer(ack, seconds, takes_payload=takes_payload)

    def _answer(self, ack: Json, seconds: float, *, takes_payload: bool) -> Answer:
        payload = ack.get("payload")
        if payload is None:
            return Answer(200, "", seconds)
        body = json.dumps(payload)
        if not takes_payload:
            self._problem("the payload of an ack to an event is ignored", body)
            return Answer(200, "", seconds)
        return Answer(200, body, seconds, headers={"content-type": "application/json"})

    # --- the token

    def authorise(self, token: str | None, bot_tokens: set[str]) -> None:
        """Raise Slack's refusal of anything but this app's own app-level token."""
        if not token:
            raise SlackError("not_authed")
        if token in bot_tokens:
            raise SlackError("not_allowed_token_type")
        if token != self.token:
            raise SlackError("invalid_auth")
        if SCOPE not in self.scopes:
            extra = {"needed": SCOPE, "provided": ",".join(sorted(self.scopes))}
            raise SlackError("missing_scope", extra=extra)

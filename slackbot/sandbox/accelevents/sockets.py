"""The Socket.IO server: authentication, open connections, events sent and received."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

import socketio
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.accelevents.asgi import (
    BufferedResponse,
    CuttableWebSocket,
    refuse_handshake,
)
from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.accelevents.outbox import (
    OutgoingEvent,
    ReceivedEvent,
    Reversal,
    SentEvent,
)
from slackbot.sandbox.accelevents.people import Attendee
from slackbot.sandbox.accelevents.refusals import NOT_AUTHORISED, RefusedError

# ``cut`` breaks the connection, ``goodbye`` sends a Socket.IO disconnect.
DropMode = Literal["cut", "goodbye"]
_RESTARTING = BufferedResponse(503, [(b"retry-after", b"1")], b"restarting")


def token_in(header: str | None, knobs: Knobs) -> str | None:
    """Return the token of an ``Authorization`` header, in the forms accepted now."""
    if header is None:
        return None
    scheme, _, rest = header.partition(" ")
    if "bearer" in knobs.auth_forms and scheme == "Bearer":
        return rest
    return header if "bare" in knobs.auth_forms else None


@dataclass
class Connection:
    """One open socket of an attendee. ``ready`` is False until the ``hello`` knob is satisfied.

    ``websocket`` is None for long polling. ``port`` is the client's, by which a test finds the
    process, or 0 if unknown.
    """

    sid: str
    attendee: str
    transport: str
    websocket: CuttableWebSocket | None
    ready: bool
    port: int = 0


class SocketServer:
    """The socket side of the platform, as an ASGI application.

    ``holder_of`` returns the holder of a token or raises ``RefusedError``; intervals are in
    seconds.
    """

    def __init__(
        self,
        holder_of: Callable[[str], Attendee],
        knobs: Knobs,
        *,
        path: str,
        namespace: str,
        ping_interval: float,
        ping_timeout: float,
    ) -> None:
        self._holder_of = holder_of
        self._knobs = knobs
        self._namespace = namespace
        self._server: Any = socketio.AsyncServer(
            async_mode="asgi",
            namespaces=[namespace],
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            # The monitor task would outlive every connection; pings find dead ones too.
            monitor_clients=False,
        )
        hooks = {
            "connect": self._on_connect,
            "disconnect": self._on_disconnect,
            "*": self._on_event,
        }
        for event, handler in hooks.items():
            self._server.on(event, handler, namespace=namespace)
        self._app: Any = socketio.ASGIApp(self._server, socketio_path=path.strip("/"))
        self._websockets: set[CuttableWebSocket] = set()
        self._refused_until = 0.0
        self._reversal = Reversal()
        self._changed = asyncio.Condition()
        self.open: dict[str, Connection] = {}
        self.sent: list[SentEvent] = []
        self.received: list[ReceivedEvent] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one handshake, poll or WebSocket."""
        if time.monotonic() < self._refused_until:
            await refuse_handshake(scope, send, _RESTARTING)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = CuttableWebSocket(receive, send, lambda: self._knobs.frozen)
        self._websockets.add(websocket)
        scope["state"] = {"websocket": websocket}
        try:
            await self._app(scope, websocket.receive, websocket.send)
        finally:
            self._websockets.discard(websocket)

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until ``check`` holds; rechecked when a connection opens, closes or sends."""
        async with self._changed:
            await self._changed.wait_for(check)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # From the connections.

    async def _on_connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        who = self._authenticate(environ, auth)
        scope = environ["asgi.scope"]
        websocket = (scope.get("state") or {}).get("websocket")
        port = (scope.get("client") or ("", 0))[1]
        transport = str(self._server.transport(sid, self._namespace))
        ready = self._knobs.hello is None
        self.open[sid] = Connection(sid, who.key, transport, websocket, ready, port)
        await self._notify()

    def _authenticate(self, environ: dict[str, Any], auth: object) -> Attendee:
        try:
            return self._holder_of(self._token(environ, auth))
        except RefusedError as error:
            refusal = error.refusal
            raise socketio.exceptions.ConnectionRefusedError(
                refusal.message, {"errorCode": refusal.code}
            ) from error

    def _token(self, environ: dict[str, Any], auth: object) -> str:
        """Return the first token in an accepted place; other places are ignored."""
        accepted = self._knobs.socket_auth
        if "auth" in accepted and isinstance(auth, dict) and isinstance(auth.get("token"), str):
            return str(auth["token"])
        if "header" in accepted and (
            token := token_in(environ.get("HTTP_AUTHORIZATION"), self._knobs)
        ):
            return token
        query = parse_qs(environ.get("QUERY_STRING", "")).get("token")
        if "query" in accepted and query:
            return str(query[0])
        raise RefusedError(NOT_AUTHORISED)

    async def _on_disconnect(self, sid: str, _reason: str) -> None:
        self.open.pop(sid, None)
        await self._notify()

    async def _on_event(self, event: str, sid: str, *data: object) -> None:
        if connection := self.open.get(sid):
            self.received.append(
                ReceivedEvent(connection.attendee, event, data[0] if data else None)
            )
            connection.ready = connection.ready or event == self._knobs.hello
            await self._notify()

    # To the connections.

    async def send(self, event: OutgoingEvent) -> None:
        """Send to every open connection of the attendee; nothing is kept for later ones."""
        for released in self._reversal.put(event):
            await self._emit(released)

    async def swap(self, events: int) -> None:
        """Hold each person's next ``events`` events, then send them in reverse; 0 ends it."""
        before, self._reversal = self._reversal, Reversal(events)
        for released in before.remaining():
            await self._emit(released)

    async def drop(self, who: str | None, how: DropMode) -> None:
        """Close the open sockets of everybody or of one attendee."""
        for connection in list(self.open.values()):
            if who in {None, connection.attendee}:
                await self._close(connection, how)

    async def refuse_for(self, seconds: float) -> None:
        """Cut every connection and refuse handshakes for ``seconds``; 0 accepts them again."""
        self._refused_until = time.monotonic() + seconds
        if seconds:
            await self.drop(None, "cut")
            for websocket in self._websockets:
                websocket.cut()

    async def _close(self, connection: Connection, how: DropMode) -> None:
        if how == "goodbye":
            await self._server.disconnect(connection.sid, namespace=self._namespace)
        elif connection.websocket is not None:
            connection.websocket.cut()
        else:
            # Long polling has no connection to cut: end its Engine.IO session.
            session = self._server.manager.eio_sid_from_sid(connection.sid, self._namespace)
            await self._server.eio.disconnect(session)

    async def _emit(self, event: OutgoingEvent) -> None:
        who, name = event.attendee, event.event
        receivers = [c for c in self.open.values() if c.attendee == who and c.ready]
        for connection in receivers:
            await self._server.emit(
                name, event.payload, to=connection.sid, namespace=self._namespace
            )
        self.sent.append(SentEvent(time.monotonic(), who, name, event.meeting_id, len(receivers)))

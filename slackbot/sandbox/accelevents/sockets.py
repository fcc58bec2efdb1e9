"""The Socket.IO server: who may connect, who is connected, what is sent to them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

import socketio
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.accelevents.dials import Dials
from slackbot.sandbox.accelevents.lines import Held, Line, refuse_handshake
from slackbot.sandbox.accelevents.parcels import Heard, Parcel, Reversal, Sent
from slackbot.sandbox.accelevents.people import Attendee
from slackbot.sandbox.accelevents.refusals import NOT_AUTHORISED, RefusedError

Farewell = Literal["cut", "goodbye"]
_RESTARTING = Held(503, [(b"retry-after", b"1")], b"restarting")


def token_in(header: str | None, dials: Dials) -> str | None:
    """The token of an ``Authorization`` header, in the forms accepted now."""
    if header is None:
        return None
    scheme, _, rest = header.partition(" ")
    if "bearer" in dials.auth_forms and scheme == "Bearer":
        return rest
    return header if "bare" in dials.auth_forms else None


@dataclass
class Connection:
    """One open socket of an attendee. ``ready`` is False until the hello dial is satisfied.

    ``port`` is the peer's, by which a test finds the process; 0 where the server does not say.
    """

    sid: str
    attendee: str
    transport: str
    line: Line | None
    ready: bool
    port: int = 0


class Sockets:
    """The socket side of the platform, as an ASGI application.

    ``admit`` turns a token into its holder or raises ``RefusedError``; intervals in seconds.
    """

    def __init__(
        self,
        admit: Callable[[str], Attendee],
        dials: Dials,
        *,
        path: str,
        namespace: str,
        ping_interval: float,
        ping_timeout: float,
    ) -> None:
        self._admit = admit
        self._dials = dials
        self._namespace = namespace
        self._server: Any = socketio.AsyncServer(
            async_mode="asgi",
            namespaces=[namespace],
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            # The monitor is a task that outlives every connection; pings find the dead too.
            monitor_clients=False,
        )
        self._hook_up()
        self._app: Any = socketio.ASGIApp(self._server, socketio_path=path.strip("/"))
        self._lines: set[Line] = set()
        self._refused_until = 0.0
        self._reversal = Reversal()
        self._changed = asyncio.Condition()
        self.open: dict[str, Connection] = {}
        self.sent: list[Sent] = []
        self.heard: list[Heard] = []

    def _hook_up(self) -> None:
        hooks = {"connect": self._on_connect, "disconnect": self._on_disconnect}
        for event, handler in (hooks | {"*": self._on_event}).items():
            self._server.on(event, handler, namespace=self._namespace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if time.monotonic() < self._refused_until:
            await refuse_handshake(scope, send, _RESTARTING)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send, lambda: self._dials.frozen)
        self._lines.add(line)
        scope["state"] = {"line": line}
        try:
            await self._app(scope, line.receive, line.send)
        finally:
            self._lines.discard(line)

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until ``check`` holds; asked again when a connection comes, goes or speaks."""
        async with self._changed:
            await self._changed.wait_for(check)

    async def _note_change(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # What a connection does.

    async def _on_connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        who = self._holder(environ, auth)
        scope = environ["asgi.scope"]
        line = (scope.get("state") or {}).get("line")
        port = (scope.get("client") or ("", 0))[1]
        transport = str(self._server.transport(sid, self._namespace))
        self.open[sid] = Connection(sid, who.key, transport, line, self._dials.hello is None, port)
        await self._note_change()

    def _holder(self, environ: dict[str, Any], auth: object) -> Attendee:
        try:
            return self._admit(self._token(environ, auth))
        except RefusedError as error:
            why = error.refusal
            raise socketio.exceptions.ConnectionRefusedError(
                why.message, {"errorCode": why.code}
            ) from error

    def _token(self, environ: dict[str, Any], auth: object) -> str:
        """The first token in a place that is accepted; other places are not looked at."""
        accepted = self._dials.socket_auth
        if "auth" in accepted and isinstance(auth, dict) and isinstance(auth.get("token"), str):
            return str(auth["token"])
        if "header" in accepted and (
            token := token_in(environ.get("HTTP_AUTHORIZATION"), self._dials)
        ):
            return token
        query = parse_qs(environ.get("QUERY_STRING", "")).get("token")
        if "query" in accepted and query:
            return str(query[0])
        raise RefusedError(NOT_AUTHORISED)

    async def _on_disconnect(self, sid: str, _reason: str) -> None:
        self.open.pop(sid, None)
        await self._note_change()

    async def _on_event(self, event: str, sid: str, *data: object) -> None:
        if connection := self.open.get(sid):
            self.heard.append(Heard(connection.attendee, event, data[0] if data else None))
            connection.ready = connection.ready or event == self._dials.hello
            await self._note_change()

    # What is done to connections.

    async def send(self, parcel: Parcel) -> None:
        """Send to every connection of the attendee that is open now; nothing waits for later."""
        for leaving in self._reversal.put(parcel):
            await self._emit(leaving)

    async def swap(self, events: int) -> None:
        """Hold each person's next ``events`` events, then send them in reverse; 0 ends it."""
        before, self._reversal = self._reversal, Reversal(events)
        for leaving in before.rest():
            await self._emit(leaving)

    async def drop(self, who: str | None, how: Farewell) -> None:
        """End open sockets, of everybody or of one attendee."""
        for connection in list(self.open.values()):
            if who in {None, connection.attendee}:
                await self._end(connection, how)

    async def refuse_for(self, seconds: float) -> None:
        """Cut every line and turn handshakes away for a while; 0 seconds opens again."""
        self._refused_until = time.monotonic() + seconds
        if seconds:
            await self.drop(None, "cut")
            for line in self._lines:
                line.cut()

    async def _end(self, connection: Connection, how: Farewell) -> None:
        if how == "goodbye":
            await self._server.disconnect(connection.sid, namespace=self._namespace)
        elif connection.line is not None:
            connection.line.cut()
        else:
            # Long polling has no line to cut: its Engine.IO session is forgotten.
            session = self._server.manager.eio_sid_from_sid(connection.sid, self._namespace)
            await self._server.eio.disconnect(session)

    async def _emit(self, parcel: Parcel) -> None:
        who, event = parcel.attendee, parcel.event
        listening = [c for c in self.open.values() if c.attendee == who and c.ready]
        for connection in listening:
            await self._server.emit(
                event, parcel.payload, to=connection.sid, namespace=self._namespace
            )
        reached = len(listening)
        self.sent.append(Sent(time.monotonic(), who, event, parcel.meeting_id, reached))

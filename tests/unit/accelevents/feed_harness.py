"""Both ends of a feed under test: a recording queue, a recording server and broken peers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import socketio
from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.accelevents.feeds import SocketFeed
from slackbot.domain.feed_events import (
    FeedConnected,
    FeedDisconnected,
    FeedEvent,
    MatchesReported,
)
from slackbot.domain.model import Link, MatchReport, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

MATCH = json.loads(
    (Path(__file__).parents[2] / "payloads/platform/socket_ok_wrapped.json").read_bytes()
)["args"][0]
ANA = Person(TeamId("T1"), UserId("U1"))
TIMEOUT = 10.0  # seconds
LinkFactory = Callable[..., Link]
FeedFactory = Callable[..., SocketFeed]


class Recorder(asyncio.Queue[FeedEvent]):
    """A queue that records the events of feeds as strings."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.reports: list[MatchReport] = []

    def put_nowait(self, item: FeedEvent) -> None:
        match item:
            case MatchesReported(link, reports):
                self.reports.extend(reports)
                self.events.append(f"matched {link.person.user} {link.event}")
            case FeedConnected(person):
                self.events.append(f"connected {person.user}")
            case FeedDisconnected(person, failure):
                self.events.append(f"disconnected {person.user} {failure}")
        super().put_nowait(item)

    async def until(self, event: str, times: int = 1) -> None:
        """Wait until an event was recorded that often."""
        async with asyncio.timeout(TIMEOUT):
            while self.events.count(event) < times:
                await self.get()


class SocketServer:
    """A Socket.IO server that accepts everybody and records handshakes and events."""

    def __init__(self, *, namespace: str = "/", path: str = "socket.io", ping: float = 25) -> None:
        self.namespace = namespace
        self.server: Any = socketio.AsyncServer(
            async_mode="asgi",
            namespaces=[namespace],
            ping_interval=ping,
            ping_timeout=ping,
            monitor_clients=False,
        )
        self.app = socketio.ASGIApp(self.server, socketio_path=path)
        self.handshakes: list[tuple[object, str | None, str]] = []
        self.received: list[tuple[str, Any]] = []
        self.connected: list[str] = []
        self._changed = asyncio.Condition()
        self.server.on("connect", self._on_connect, namespace=namespace)
        self.server.on("disconnect", self._on_disconnect, namespace=namespace)
        self.server.on("*", self._on_event, namespace=namespace)

    async def _on_connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        sent = environ.get("HTTP_AUTHORIZATION"), environ["QUERY_STRING"]
        self.handshakes.append((auth, *sent))
        self.connected.append(sid)
        await self._notify()

    async def _on_disconnect(self, sid: str, _reason: str) -> None:
        if sid in self.connected:
            self.connected.remove(sid)
        await self._notify()

    async def _on_event(self, name: str, _sid: str, data: Any = None) -> None:
        self.received.append((name, data))
        await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until `check` holds; it is called after every connect, disconnect and event."""
        async with asyncio.timeout(TIMEOUT), self._changed:
            await self._changed.wait_for(check)

    async def emit(self, event: str, *args: Any) -> None:
        """Send an event to every connected client."""
        await self.server.emit(event, args, namespace=self.namespace)


OPEN = json.dumps({"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000})


async def open_engineio(receive: Receive, send: Send) -> None:
    """Accept a WebSocket and open Engine.IO on it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "0" + OPEN})


async def wait_disconnected(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def upgrades_and_closes(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1012})


async def stays_silent(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await wait_disconnected(receive)


async def never_accepts(_scope: Scope, receive: Receive, _send: Send) -> None:
    await receive()
    await wait_disconnected(receive)


async def never_connects(_scope: Scope, receive: Receive, send: Send) -> None:
    await open_engineio(receive, send)
    await wait_disconnected(receive)


async def opens_and_closes(_scope: Scope, receive: Receive, send: Send) -> None:
    await open_engineio(receive, send)
    await send({"type": "websocket.close", "code": 1011})


def sending(*texts: str) -> ASGIApp:
    """Return a peer that sends these frames after accepting the WebSocket."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for text in texts:
            await send({"type": "websocket.send", "text": text})
        await wait_disconnected(receive)

    return app


def responding(status: int, **headers: str) -> ASGIApp:
    """Return a peer that answers the handshake with this HTTP status."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        start = {
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
        await send({"type": "websocket.http.response.start", **start})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    return app


@asynccontextmanager
async def counting_connections(app: ASGIApp) -> AsyncIterator[tuple[str, Callable[[int], Any]]]:
    """Serve `app`; yields its URL and a function that waits for a number of open connections."""
    open_connections, changed = 0, asyncio.Condition()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal open_connections
        open_connections += 1
        async with changed:
            changed.notify_all()
        try:
            await app(scope, receive, send)
        finally:
            open_connections -= 1
            async with changed:
                changed.notify_all()

    async def until(number: int) -> None:
        async with asyncio.timeout(TIMEOUT), changed:
            await changed.wait_for(lambda: open_connections == number)

    async with serving(counted) as url:
        yield url, until

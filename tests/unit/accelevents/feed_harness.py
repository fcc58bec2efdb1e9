"""Both ends of a feed under test: a listener that notes, a server that notes, and rude peers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import socketio
from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.accelevents.feeds import SocketFeed
from slackbot.domain.model import EventSlug, Link, MatchReport, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

MATCH = json.loads(
    (Path(__file__).parents[2] / "payloads/platform/socket_ok_wrapped.json").read_bytes()
)["args"][0]
ANA = Person(TeamId("T1"), UserId("U1"))
SOON = 10.0
"""Seconds after which a test that waits has failed."""
MakeLink = Callable[..., Link]
OpenFeed = Callable[..., SocketFeed]


class Ear:
    """Notes what the feed reports, as words, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.seen: list[MatchReport] = []
        self._news = asyncio.Condition()

    async def _note(self, word: str) -> None:
        async with self._news:
            self.words.append(word)
            self._news.notify_all()

    async def matched(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        self.seen.extend(seen)
        await self._note(f"matched {person.user} {event}")

    async def connected(self, person: Person) -> None:
        await self._note(f"connected {person.user}")

    async def disconnected(self, person: Person, failure: str) -> None:
        await self._note(f"disconnected {person.user} {failure}")

    async def until(self, word: str, times: int = 1) -> None:
        """Wait until a word was noted so many times."""
        async with asyncio.timeout(SOON), self._news:
            await self._news.wait_for(lambda: self.words.count(word) >= times)


class Hall:
    """A Socket.IO server that lets in who has a token, and notes how and what for."""

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
        self.came: list[tuple[object, str | None, str]] = []
        self.said: list[tuple[str, Any]] = []
        self.inside: list[str] = []
        self.refuse = False
        self._news = asyncio.Condition()
        self.server.on("connect", self._on_connect, namespace=namespace)
        self.server.on("disconnect", self._on_disconnect, namespace=namespace)
        self.server.on("*", self._on_event, namespace=namespace)

    async def _on_connect(self, sid: str, environ: dict[str, Any], auth: object) -> bool:
        way = environ.get("HTTP_AUTHORIZATION"), environ["QUERY_STRING"]
        self.came.append((auth, *way))
        if self.refuse:
            return False
        self.inside.append(sid)
        await self._tell()
        return True

    async def _on_disconnect(self, sid: str, _reason: str) -> None:
        if sid in self.inside:
            self.inside.remove(sid)
        await self._tell()

    async def _on_event(self, name: str, _sid: str, data: Any = None) -> None:
        self.said.append((name, data))
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until something holds of what came, is inside or was said."""
        async with asyncio.timeout(SOON), self._news:
            await self._news.wait_for(check)

    async def emit(self, event: str, *args: Any) -> None:
        """Send an event to everybody inside."""
        await self.server.emit(event, args, namespace=self.namespace)


OPEN = json.dumps({"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000})


async def opened(receive: Receive, send: Send) -> None:
    """Accept a WebSocket and open Engine.IO on it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "0" + OPEN})


async def gone(receive: Receive) -> None:
    """Wait until the client hangs up."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def upgrades_and_closes(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1012})


async def stays_silent(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await gone(receive)


async def never_accepts(_scope: Scope, receive: Receive, _send: Send) -> None:
    await receive()
    await gone(receive)


async def never_welcomes(_scope: Scope, receive: Receive, send: Send) -> None:
    await opened(receive, send)
    await gone(receive)


async def opens_and_closes(_scope: Scope, receive: Receive, send: Send) -> None:
    await opened(receive, send)
    await send({"type": "websocket.close", "code": 1011})


def says(*texts: str) -> ASGIApp:
    """A peer that says this after accepting."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for text in texts:
            await send({"type": "websocket.send", "text": text})
        await gone(receive)

    return app


def answers(status: int, **headers: str) -> ASGIApp:
    """A peer that turns the handshake down."""

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
async def counting(app: ASGIApp) -> AsyncIterator[tuple[str, Callable[[int], Any]]]:
    """Serve `app`; gives the address and a wait until so many lines are open."""
    lines, news = 0, asyncio.Condition()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal lines
        lines += 1
        async with news:
            news.notify_all()
        try:
            await app(scope, receive, send)
        finally:
            lines -= 1
            async with news:
                news.notify_all()

    async def until(number: int) -> None:
        async with asyncio.timeout(SOON), news:
            await news.wait_for(lambda: lines == number)

    async with serving(counted) as url:
        yield url, until

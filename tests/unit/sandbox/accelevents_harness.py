"""The sandbox's platform, served for one test, with real HTTP and Socket.IO clients."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import socketio

from slackbot.sandbox.accelevents import Accelevents, Knobs
from slackbot.sandbox.serving import serving

EVENT = "/rest/events/demo"
LIST = f"{EVENT}/session/v2"
ALL = {"showPastAndUpcoming": "true", "size": "100"}
FIRST = 11645
POLL = "/socket.io/?EIO=4&transport=polling"


class Listener:
    """A real Socket.IO client that queues the events it receives."""

    def __init__(self) -> None:
        self.client: Any = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.client.on("*", self.receive)
        self.client.on("disconnect", self._disconnected)

    async def receive(self, event: str, payload: Any) -> None:
        await self.events.put((event, payload))

    async def _disconnected(self, _reason: str) -> None:
        self.gone.set()

    async def next(self) -> Any:
        """Wait for the next event and return its payload."""
        return (await asyncio.wait_for(self.events.get(), 10))[1]


@dataclass
class Harness:
    """A served platform; requests are made as ``who``, with a new token each."""

    platform: Accelevents
    url: str
    http: httpx.AsyncClient
    listeners: list[Listener] = field(default_factory=list)

    def headers(self, who: str = "ada") -> dict[str, str]:
        return {"Authorization": self.platform.token_for(who)}

    async def get(self, path: str, who: str = "ada", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers(who))

    async def put(self, path: str, who: str = "ada", **query: Any) -> httpx.Response:
        return await self.http.put(path, params=query, headers=self.headers(who))

    async def join(self, session_id: int, who: str = "ada") -> httpx.Response:
        return await self.put(f"{EVENT}/session/{session_id}", who)

    async def set_status(
        self, status: str, who: str = "ada", session_id: int = FIRST
    ) -> httpx.Response:
        return await self.put(f"{EVENT}/user-session/{session_id}/status", who, status=status)

    async def available(self, *people: str, session_id: int = FIRST) -> None:
        for who in people:
            assert (await self.join(session_id, who)).status_code == 200
            assert (await self.set_status("CHECK_IN_AVAILABLE", who, session_id)).status_code == 200

    async def matches(self, who: str = "ada", session_id: int = FIRST) -> Any:
        return (await self.get(f"{EVENT}/user-session/{session_id}/matches", who)).json()

    async def control(self, name: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/_sandbox/{name}", json=body)

    async def abandon(self, path: str, when: Callable[[], object]) -> None:
        """Start a PUT as ada and hang up as soon as ``when`` holds."""
        call = asyncio.create_task(self.put(path))
        while not when():  # noqa: ASYNC110 - the platform has no event for it
            await asyncio.sleep(0.001)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    async def listen(self, who: str = "ada", **how: Any) -> Listener:
        """Connect as ``who``, by default over WebSocket with the token in the auth payload."""
        listener = Listener()
        self.listeners.append(listener)
        how = {"auth": {"token": self.platform.token_for(who)}, "transports": ["websocket"]} | how
        how["wait_timeout"] = 10
        await listener.client.connect(how.pop("url", self.url), **how)
        return listener


@asynccontextmanager
async def running(knobs: Knobs | None = None, **options: Any) -> AsyncIterator[Harness]:
    """Serve a platform. Its clients are closed after the server, which ends their polls."""
    platform = Accelevents(knobs=knobs, **options)
    listeners: list[Listener] = []
    try:
        async with (
            serving(platform.app) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http,
        ):
            yield Harness(platform, url, http, listeners)
    finally:
        for listener in listeners:
            await listener.client.disconnect()

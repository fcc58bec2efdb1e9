"""A visit to the sandbox's platform: one world, one address, clients as people have them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import socketio

from slackbot.sandbox.accelevents import Accelevents, Dials
from slackbot.sandbox.serving import serving

EVENT = "/rest/events/demo"
LIST = f"{EVENT}/session/v2"
ALL = {"showPastAndUpcoming": "true", "size": "100"}
FIRST = 11645
POLL = "/socket.io/?EIO=4&transport=polling"


class Ears:
    """A real Socket.IO client that keeps what it hears."""

    def __init__(self) -> None:
        self.client: Any = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.client.on("*", self._hear)
        self.client.on("disconnect", self._leave)

    async def _hear(self, event: str, payload: Any) -> None:
        await self.heard.put((event, payload))

    async def _leave(self, _reason: str) -> None:
        self.gone.set()

    async def next(self) -> Any:
        """The payload of the next event."""
        return (await asyncio.wait_for(self.heard.get(), 10))[1]


@dataclass
class Visit:
    world: Accelevents
    url: str
    http: httpx.AsyncClient
    ears: list[Ears] = field(default_factory=list)

    def headers(self, who: str = "ada") -> dict[str, str]:
        return {"Authorization": self.world.token_for(who)}

    async def get(self, path: str, who: str = "ada", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers(who))

    async def put(self, path: str, who: str = "ada", **query: Any) -> httpx.Response:
        return await self.http.put(path, params=query, headers=self.headers(who))

    async def join(self, session_id: int, who: str = "ada") -> httpx.Response:
        return await self.put(f"{EVENT}/session/{session_id}", who)

    async def say(self, status: str, who: str = "ada", session_id: int = FIRST) -> httpx.Response:
        return await self.put(f"{EVENT}/user-session/{session_id}/status", who, status=status)

    async def available(self, *people: str, session_id: int = FIRST) -> None:
        for who in people:
            assert (await self.join(session_id, who)).status_code == 200
            assert (await self.say("CHECK_IN_AVAILABLE", who, session_id)).status_code == 200

    async def matches(self, who: str = "ada", session_id: int = FIRST) -> Any:
        return (await self.get(f"{EVENT}/user-session/{session_id}/matches", who)).json()

    async def dial(self, name: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/_sandbox/{name}", json=body)

    async def give_up(self, path: str, when: Callable[[], object]) -> None:
        """Start a PUT as ada, and hang up as soon as ``when`` holds."""
        call = asyncio.create_task(self.put(path))
        while not when():  # noqa: ASYNC110 - what is waited for is the platform's own business
            await asyncio.sleep(0.001)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    async def listen(self, who: str = "ada", **how: Any) -> Ears:
        """Connect as ``who``; by default over WebSocket with the token in the auth payload."""
        ears = Ears()
        self.ears.append(ears)
        how = {"auth": {"token": self.world.token_for(who)}, "transports": ["websocket"]} | how
        how["wait_timeout"] = 10
        await ears.client.connect(how.pop("url", self.url), **how)
        return ears


@asynccontextmanager
async def visit(dials: Dials | None = None, **world: Any) -> AsyncIterator[Visit]:
    """A world of one test. Clients are closed after the server, which ends their polls."""
    here = Accelevents(dials=dials, **world)
    ears: list[Ears] = []
    try:
        async with (
            serving(here.app) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http,
        ):
            yield Visit(here, url, http, ears)
    finally:
        for listener in ears:
            await listener.client.disconnect()

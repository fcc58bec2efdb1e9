"""The app's end of a Socket Mode connection, for the tests of the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_harness import Stage

SOON = 5.0


class App:
    """The app's end of one connection; acknowledges what `replies` has an answer for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, replies: dict[str, Any]) -> None:
        self.socket = socket
        self.envelopes: list[dict[str, Any]] = []
        self._replies = replies
        self._news = asyncio.Condition()

    async def run(self) -> None:
        """Take envelopes until it is cut."""
        async for message in self.socket:
            told = message.json()
            if "envelope_id" in told:
                async with self._news:
                    self.envelopes.append(told)
                    self._news.notify_all()
                await self.answer(told)

    async def until(self, count: int) -> None:
        """Wait until so many envelopes have come."""
        async with asyncio.timeout(SOON), self._news:
            await self._news.wait_for(lambda: len(self.envelopes) >= count)

    async def answer(self, told: dict[str, Any]) -> None:
        """By the table: a payload, None for a bare ack, no entry for none at all."""
        if told["type"] in self._replies:
            payload = self._replies[told["type"]]
            extra = {} if payload is None else {"payload": payload}
            await self.socket.send_json({"envelope_id": told["envelope_id"], **extra})


async def dial(on: Stage) -> aiohttp.ClientWebSocketResponse:
    """Ask for an address and connect to it."""
    answer = await on.client.apps_connections_open(app_token=on.slack.app_token)
    return await on.http.ws_connect(answer["url"])


async def hello(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message, which is not an envelope."""
    return await socket.receive_json(timeout=SOON)


@asynccontextmanager
async def connected(on: Stage, **replies: Any) -> AsyncIterator[App]:
    """An app with one greeted connection."""
    socket = await dial(on)
    await hello(socket)
    app = App(socket, replies)
    running = asyncio.create_task(app.run())
    try:
        yield app
    finally:
        await socket.close()
        await running

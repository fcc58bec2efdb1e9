"""The app's end of a Socket Mode connection, for the tests of the sandbox's Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_harness import Harness

TIMEOUT = 5.0  # seconds


class App:
    """The app's end of one connection; acknowledges the envelope types in `replies`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, replies: dict[str, Any]) -> None:
        self.socket = socket
        self.envelopes: list[dict[str, Any]] = []
        self._replies = replies
        self._arrived = asyncio.Condition()

    async def run(self) -> None:
        """Receive envelopes until the connection ends."""
        async for message in self.socket:
            envelope = message.json()
            if "envelope_id" in envelope:
                async with self._arrived:
                    self.envelopes.append(envelope)
                    self._arrived.notify_all()
                await self._acknowledge(envelope)

    async def until(self, count: int) -> None:
        """Wait until `count` envelopes have arrived."""
        async with asyncio.timeout(TIMEOUT), self._arrived:
            await self._arrived.wait_for(lambda: len(self.envelopes) >= count)

    async def _acknowledge(self, envelope: dict[str, Any]) -> None:
        """Ack with the payload from the table, or with none if that is None."""
        if envelope["type"] in self._replies:
            payload = self._replies[envelope["type"]]
            extra = {} if payload is None else {"payload": payload}
            await self.socket.send_json({"envelope_id": envelope["envelope_id"], **extra})


async def connect(here: Harness) -> aiohttp.ClientWebSocketResponse:
    """Request a WebSocket URL and connect to it."""
    answer = await here.client.apps_connections_open(app_token=here.slack.app_token)
    return await here.http.ws_connect(answer["url"])


async def next_message(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """Receive the next message, such as hello."""
    return await socket.receive_json(timeout=TIMEOUT)


@asynccontextmanager
async def connected(here: Harness, **replies: Any) -> AsyncIterator[App]:
    """Connect an app and receive hello."""
    socket = await connect(here)
    await next_message(socket)
    app = App(socket, replies)
    running = asyncio.create_task(app.run())
    try:
        yield app
    finally:
        await socket.close()
        await running

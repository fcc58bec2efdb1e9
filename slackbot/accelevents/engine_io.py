"""Engine.IO over a WebSocket, in version 4 and in version 3, where the client sends pings."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

import aiohttp
from engineio.packet import CLOSE, MESSAGE, OPEN, PING, PONG

from slackbot.accelevents.handshake import ConnectError, Failure, drop_tracebacks

CLOSE_SECONDS: Final = 0.5  # timeout for the peer's close frame
MAX_MESSAGE_BYTES: Final = 2**20
WEBSOCKET_OPTIONS: Final[dict[str, Any]] = {
    "timeout": aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
    "max_msg_size": MAX_MESSAGE_BYTES,
}
MIN_INTERVAL: Final = 0.1  # seconds between client pings; python-engineio may request 0
MAX_INTERVAL: Final = 120.0  # maximum seconds between pings
# The first byte of a binary message in version 3. netty-socketio also sends it in version 4.
_BINARY_MESSAGE: Final = bytes([MESSAGE])


class EngineSocket:
    """An open Engine.IO connection. Only one task may receive, but any task may send."""

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse[Any],
        ping_interval: float,
        ping_timeout: float,
    ) -> None:
        self._websocket = websocket
        self._ping_interval = ping_interval
        self._silence = ping_interval + ping_timeout  # seconds until the peer is considered lost
        self._pings: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, websocket: aiohttp.ClientWebSocketResponse[Any]) -> EngineSocket:
        """Read the open packet from a new WebSocket. The caller sets a timeout.

        Raises:
            ConnectError: The peer closed the WebSocket or sent something else.
        """
        frame = await websocket.receive()
        if frame.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            raise ConnectError(Failure.CLOSED_AT_ONCE)
        intervals = _read_open(frame.data)
        if intervals is None:
            raise ConnectError(Failure.NOT_ENGINE_IO)
        return cls(websocket, *intervals)

    async def receive(self) -> str | bytes | None:
        """Return the next message, or None if the peer has closed or no longer responds."""
        while True:
            await asyncio.sleep(0)  # yield, because a burst of frames is read without waiting
            try:
                async with asyncio.timeout(self._silence):
                    frame = await self._websocket.receive()
                    if frame.type is aiohttp.WSMsgType.BINARY:
                        return bytes(frame.data).removeprefix(_BINARY_MESSAGE)
                    if frame.type is not aiohttp.WSMsgType.TEXT or frame.data[:1] == str(CLOSE):
                        return None
                    if frame.data[:1] == str(MESSAGE):
                        return str(frame.data[1:])
                    if frame.data[:1] == str(PING):
                        await self._send(PONG, frame.data[1:])
            except TimeoutError:
                return None

    async def send(self, message: str) -> None:
        """Send a message. Only `receive` detects that the connection is closed."""
        await self._send(MESSAGE, message)

    def start_pings(self) -> None:
        """Start sending pings, which version 3 requires of clients."""
        if self._pings is None:
            self._pings = asyncio.create_task(self._send_pings(), name="feed_pings")

    async def close(self) -> None:
        """Close the WebSocket after a short wait for the peer's close frame."""
        if self._pings is not None:
            self._pings.cancel()
        try:
            await self._websocket.close()
        finally:
            drop_tracebacks(self._websocket.exception())

    async def _send_pings(self) -> None:
        while True:
            await asyncio.sleep(max(self._ping_interval, MIN_INTERVAL))
            await self._send(PING)

    async def _send(self, packet_type: int, data: str = "") -> None:
        with suppress(OSError, aiohttp.ClientError):
            await self._websocket.send_str(f"{packet_type}{data}")


def _read_open(frame: str | bytes) -> tuple[float, float] | None:
    """Return the ping interval and ping timeout in seconds, or None for any other packet."""
    if not isinstance(frame, str) or frame[:1] != str(OPEN):
        return None
    try:
        opened = json.loads(frame[1:])
        session = opened["sid"]
        interval, timeout = (
            min(float(opened[name]) / 1000, MAX_INTERVAL)
            for name in ("pingInterval", "pingTimeout")
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    valid = session and interval >= 0 and timeout >= 0 and interval + timeout > 0
    return (interval, timeout) if valid else None

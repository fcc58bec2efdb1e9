"""One signalling connection: a WebSocket whose end may come from either side, or by force."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect


class Line:
    """A connection of one browser."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._cut = asyncio.Event()
        self.open = True

    async def send(self, frame: bytes) -> None:
        """Send a frame; one that cannot arrive any more is dropped."""
        if self.open:
            with suppress(WebSocketDisconnect, RuntimeError):  # it closes at this moment
                await self._socket.send_bytes(frame)

    async def close(self, code: int, reason: str) -> None:
        """End it with a close frame."""
        if self.open:
            self.open = False
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(code, reason)
        self._cut.set()

    def cut(self) -> None:
        """Break it off without a word, as a failing network does."""
        self.open = False
        self._cut.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Every frame, until the end. Whoever stops reading then breaks the line by returning."""
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            while self.open:
                coming = asyncio.ensure_future(self._socket.receive())
                try:
                    await asyncio.wait({coming, cut}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    coming.cancel()
                if not coming.done() or coming.cancelled():
                    return
                message = coming.result()
                if message["type"] == "websocket.disconnect":
                    self.open = False
                    return
                yield message.get("bytes") or b""
        finally:
            cut.cancel()

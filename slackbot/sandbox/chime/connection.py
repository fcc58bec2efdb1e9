"""One signalling connection: a WebSocket that either side may close, or that can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect


class Connection:
    """The signalling connection of one browser."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._cut = asyncio.Event()
        self.open = True

    async def send(self, frame: bytes) -> None:
        """Send a frame; it is dropped if the connection is closed."""
        if self.open:
            with suppress(WebSocketDisconnect, RuntimeError):  # closing concurrently
                await self._socket.send_bytes(frame)

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a close frame."""
        if self.open:
            self.open = False
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(code, reason)
        self._cut.set()

    def cut(self) -> None:
        """Break the connection without a close frame, as a failing network does."""
        self.open = False
        self._cut.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield every frame until the end. When the reader then returns, the server hangs up."""
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            while self.open:
                incoming = asyncio.ensure_future(self._socket.receive())
                try:
                    await asyncio.wait({incoming, cut}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    incoming.cancel()
                if not incoming.done() or incoming.cancelled():
                    return
                message = incoming.result()
                if message["type"] == "websocket.disconnect":
                    self.open = False
                    return
                yield message.get("bytes") or b""
        finally:
            cut.cancel()

"""Raw ASGI: a WebSocket that can be cut, a buffered HTTP response, a refused handshake."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]


class CuttableWebSocket:
    """One WebSocket connection, between the web server and Engine.IO."""

    def __init__(self, receive: Receive, send: Send, frozen: Callable[[], bool]) -> None:
        self._receive = receive
        self._send = send
        self._frozen = frozen
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """Break the connection: Engine.IO sees a disconnect, the client gets no close frame."""
        self._cut.set()

    async def receive(self) -> Message:
        """Receive the next message, or a disconnect once the connection is cut."""
        incoming = asyncio.ensure_future(self._receive())
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({incoming, cut}, return_when=asyncio.FIRST_COMPLETED)
            if self._cut.is_set():
                return {"type": "websocket.disconnect", "code": 1006}
            return incoming.result()
        finally:
            incoming.cancel()
            cut.cancel()

    async def send(self, message: Message) -> None:
        """Send a message, unless the connection is cut or frozen."""
        half_open = self._frozen() and message["type"] == "websocket.send"
        if not (self._cut.is_set() or half_open):
            await self._send(message)


@dataclass
class BufferedResponse:
    """A complete HTTP response, buffered so that it can be delayed or broken."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send, *, cut: bool = False) -> None:
        """Send the response; with ``cut`` the connection breaks before the body is complete."""
        headers = [h for h in self.headers if h[0].lower() != b"content-length"]
        length = len(self.body) + (1 if cut else 0)
        headers.append((b"content-length", str(length).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        # An application that returns before its body is complete makes the server hang up.
        await send({"type": "http.response.body", "body": self.body, "more_body": cut})


async def run_buffered(app: ASGIApp, scope: Scope, receive: Receive) -> BufferedResponse:
    """Run ``app`` on a request and return its response unsent."""
    response = BufferedResponse(500, [], b"")

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            response.headers = list(message.get("headers", []))
        else:
            response.body += message.get("body", b"")

    await app(scope, receive, collect)
    return response


async def client_hung_up(receive: Receive, seconds: float) -> bool:
    """Wait for ``seconds``; return True at once if the client hangs up. Drains the request body."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def refuse_handshake(scope: Scope, send: Send, response: BufferedResponse) -> None:
    """Answer a socket handshake, HTTP or WebSocket, with a plain HTTP response."""
    if scope["type"] == "http":
        await response.send(send)
        return
    start = {"status": response.status, "headers": response.headers}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": response.body})

"""Raw ASGI pieces: a WebSocket that can be cut, an HTTP answer that is held, a refusal."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]


class Line:
    """One WebSocket connection, seen from between the server and Engine.IO."""

    def __init__(self, receive: Receive, send: Send, frozen: Callable[[], bool]) -> None:
        self._receive = receive
        self._send = send
        self._frozen = frozen
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """Break the line: Engine.IO hears that it is gone, the peer gets no close frame."""
        self._cut.set()

    async def receive(self) -> Message:
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
        half_open = self._frozen() and message["type"] == "websocket.send"
        if not (self._cut.is_set() or half_open):
            await self._send(message)


@dataclass
class Held:
    """A whole HTTP answer, kept back so that it can be delayed or spoilt."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send, *, cut: bool = False) -> None:
        """Pass the answer on; with ``cut`` the line breaks before the body is complete."""
        named = [h for h in self.headers if h[0].lower() != b"content-length"]
        length = len(self.body) + (1 if cut else 0)
        named.append((b"content-length", str(length).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": named})
        # An application that returns before its body is complete makes the server hang up.
        await send({"type": "http.response.body", "body": self.body, "more_body": cut})


@dataclass
class _Holder:
    status: int = 500
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        else:
            self.body += message.get("body", b"")


async def held(app: ASGIApp, scope: Scope, receive: Receive) -> Held:
    """Let ``app`` act, and keep its answer."""
    holder = _Holder()
    await app(scope, receive, holder.send)
    return Held(holder.status, holder.headers, holder.body)


async def hung_up(receive: Receive, seconds: float) -> bool:
    """Wait so long; at once True when the caller hangs up first. Eats the request's body."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def refuse_handshake(scope: Scope, send: Send, answer: Held) -> None:
    """Answer a socket handshake, HTTP or WebSocket, with a plain HTTP answer."""
    if scope["type"] == "http":
        await answer.send(send)
        return
    start = {"status": answer.status, "headers": answer.headers}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": answer.body})

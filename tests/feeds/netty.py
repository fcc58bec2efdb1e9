"""A raw peer that speaks as netty-socketio does, version by version, read from its sources."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

Auth = Literal["auth", "header", "query"]

TOKEN = "token-of-ana"
VERSIONS = ("1.7.25", "2.0.2", "2.0.6", "2.0.13")
INTERVAL_MS, TIMEOUT_MS = 25_000, 60_000  # its defaults, of pings


@dataclass
class Netty:
    """An ASGI application with one namespace beside the default one.

    It emits `events` on its namespace, `delay` seconds after that is connected.
    """

    version: str
    namespace: str = "/"
    auth: Auth = "header"
    events: list[tuple[Any, ...]] = field(default_factory=list)
    delay: float = 0.0
    hangs_up: bool = False  # after the events
    token: str = TOKEN
    interval_ms: int = INTERVAL_MS
    timeout_ms: int = TIMEOUT_MS
    versions_asked: list[str] = field(default_factory=list)  # of Engine.IO, one a handshake
    pings: int = 0  # of the clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one handshake and its connection."""
        await receive()
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        self.versions_asked.append(query["EIO"])
        header = dict(scope["headers"]).get(b"authorization", b"").decode()
        sent = {"header": header, "query": query.get("token"), "auth": self.token}[self.auth]
        if sent != self.token:
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        await send({"type": "websocket.accept"})
        old = self.version.startswith("1.") or query["EIO"] != "4"
        await _Client(self, old, send).serve(receive)

    @property
    def parses_payload(self) -> bool:
        """Return whether it reads CONNECT's payload."""
        return self.version == "2.0.13"


class _Client:
    """One connection. `old` is Engine.IO 3."""

    def __init__(self, server: Netty, old: bool, send: Send) -> None:
        self._server = server
        self._old = old
        self._send = send
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self, receive: Receive) -> None:
        server = self._server
        limits = {"pingInterval": server.interval_ms, "pingTimeout": server.timeout_ms}
        await self._text("0" + json.dumps({"sid": "s", "upgrades": ["websocket"], **limits}))
        if self._old or server.version == "2.0.2":  # it connects everybody to the default one
            await self._text("40" if self._old else '40{"sid":"s"}')
            if server.namespace == "/":
                self._start(self._emit_all())
        self._start(self._ping())
        silence = (server.interval_ms + server.timeout_ms) / 1000
        try:
            while True:
                async with asyncio.timeout(silence):
                    message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._on_text(message["text"])
        except TimeoutError:
            await self._send({"type": "websocket.close", "code": 1000})
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, task: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(task))

    async def _ping(self) -> None:
        while not self._old or self._server.version.startswith("1."):
            await asyncio.sleep(self._server.interval_ms / 1000)
            await self._text("2")

    async def _on_text(self, text: str) -> None:
        if text.startswith("2"):
            self._server.pings += 1
            await self._text("3" + text[1:])
        elif text.startswith("40"):
            await self._on_connect(text[2:])

    async def _on_connect(self, content: str) -> None:
        server = self._server
        namespace, payload = self._read_namespace(content)
        if namespace not in {"", server.namespace}:
            # Its own error: as good as never a packet when a payload was taken for a name.
            await self._text(f'44{namespace},"Invalid namespace"')
            return
        if server.auth == "auth" and payload and json.loads(payload) != {"token": server.token}:
            await self._text(f'44{namespace and namespace + ","}"Unauthorized"')
            return
        if self._old:
            await self._text(f"40{namespace}")
        elif server.version != "2.0.2":
            await self._text(f'40{namespace and namespace + ","}{{"sid":"s"}}')
        if (namespace or "/") == server.namespace:
            self._start(self._emit_all())

    def _read_namespace(self, content: str) -> tuple[str, str]:
        """Return the name and what follows it, as `PacketDecoder.readNamespace` does."""
        if self._server.parses_payload and not content.startswith("/"):
            return "", content
        cut: Callable[[str], str] = lambda text: text.split(",", 1)[0]  # noqa: E731
        namespace = content.split("?", 1)[0] if content.find("?") > 0 else cut(content)
        rest = content[len(cut(content)) + 1 :] if self._server.parses_payload else ""
        return ("" if namespace == "{}" and self._server.version != "1.7.25" else namespace), rest

    async def _emit_all(self) -> None:
        await asyncio.sleep(self._server.delay)
        namespace = "" if self._server.namespace == "/" else f"{self._server.namespace},"
        for name, *args in self._server.events:
            buffers = [arg for arg in args if isinstance(arg, bytes)]
            shown = [
                {"_placeholder": True, "num": buffers.index(arg)} if arg in buffers else arg
                for arg in args
            ]
            kind = f"45{len(buffers)}-" if buffers else "42"
            await self._text(f"{kind}{namespace}{json.dumps([name, *shown])}")
            for buffer in buffers:  # with the type's byte, in Engine.IO 4 too
                await self._send({"type": "websocket.send", "bytes": b"\x04" + buffer})
        if self._server.hangs_up:
            await self._send({"type": "websocket.close", "code": 1000})

    async def _text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

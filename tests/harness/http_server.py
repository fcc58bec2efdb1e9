"""uvicorn with the bot's own configuration, and a client that sends bytes as they are."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp

from slackbot.web.connections import Limits
from slackbot.web.server import server_config

CLOSED = b""
# Of the system's buffer: what a line that reads nothing receives nevertheless.
RECEIVE_BYTES = 65_536


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def main_loop(self) -> None:
        self.up.set()
        await super().main_loop()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to pytest."""
        yield


@dataclass
class Line:
    """A connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int, address: str = "127.0.0.1") -> Line:
        """Connect from an address of this machine."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        sock.setblocking(False)
        sock.bind((address, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=sock))

    async def send(self, data: bytes) -> None:
        """Send bytes; the other side may have closed already."""
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self) -> bytes:
        """Return the status line and the body of the next response; `CLOSED` at the end."""
        try:
            async with asyncio.timeout(5):
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return CLOSED
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return head.partition(b"\r\n")[0] + b" " + await self.reader.readexactly(length)

    async def ends(self, seconds: float = 5) -> bool:
        """Return whether the server closes the connection within some seconds."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        """Close without waiting."""
        self.writer.close()


@dataclass
class Door:
    """A running server, and the lines to it that are closed at the end."""

    port: int
    lines: list[Line] = field(default_factory=list)

    async def line(self, address: str = "127.0.0.1") -> Line:
        """Connect from an address of this machine."""
        self.lines.append(await Line.open(self.port, address))
        return self.lines[-1]


@asynccontextmanager
async def front_door(
    app: ASGIApp, limits: Limits | None = None, trusted_proxies: Sequence[str] = ()
) -> AsyncIterator[Door]:
    """Serve the app as `slackbot run` does."""
    config = server_config(app, host="", port=0, trusted_proxies=trusted_proxies, limits=limits)
    sock = socket.create_server(("127.0.0.1", 0))
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    await server.up.wait()
    door = Door(sock.getsockname()[1])
    try:
        yield door
    finally:
        for line in door.lines:
            line.close()
        server.should_exit = server.force_exit = True
        await running

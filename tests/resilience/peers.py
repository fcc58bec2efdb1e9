"""A TCP line between the bot and the platform's socket server that turns bad on demand."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from itertools import cycle
from urllib.parse import urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Peer(StrEnum):
    """What becomes of a connection."""

    GOOD = "passes everything on"
    BAD_GATEWAY = "answers 502"
    UNAUTHORISED = "answers 401"
    ABORT = "resets the connection"
    UPGRADE_AND_CLOSE = "upgrades, then closes"
    SILENT = "accepts, then says nothing"
    NO_CONNECT_ANSWER = "opens Engine.IO, and never answers the CONNECT"
    HALF_OPEN = "loses every packet, of open connections too"


# The word by which a feed tells of each.
WORDS = {
    Peer.BAD_GATEWAY: "unreachable",
    Peer.UNAUTHORISED: "refused",
    Peer.ABORT: "unreachable",
    Peer.UPGRADE_AND_CLOSE: "closed",
    Peer.SILENT: "timeout",
    Peer.NO_CONNECT_ANSWER: "timeout",
    Peer.HALF_OPEN: "timeout",
}


class Line:
    """One connection: the bot's end, and the server's where there is one."""

    def __init__(self, peer: Peer, reader: StreamReader, writer: StreamWriter) -> None:
        self.peer = peer
        # Packets of either side vanish, the ends of connections included.
        self.lost = False
        self._near = reader, writer
        self._writers = [writer]

    def reset(self) -> None:
        """Break it with an RST, as a crashed machine or a rude proxy does."""
        for writer in self._writers:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
            writer.transport.abort()

    async def run(self, host: str, port: int) -> None:
        """Serve it to its end."""
        reader, writer = self._near
        request = await reader.readuntil(b"\r\n\r\n")
        if self.peer in {Peer.BAD_GATEWAY, Peer.UNAUTHORISED}:
            status = b"502 Bad Gateway" if self.peer is Peer.BAD_GATEWAY else b"401 Unauthorized"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        elif self.peer is Peer.ABORT:
            self.reset()
        elif self.peer in {Peer.SILENT, Peer.HALF_OPEN}:
            await _hears_until_the_end(reader)
        else:
            await self._reach(host, port, request)

    async def _reach(self, host: str, port: int, request: bytes) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            self.reset()
            return
        self._writers.append(far_writer)
        far_writer.write(request)
        reader, writer = self._near
        if self.peer is Peer.GOOD:
            await asyncio.gather(
                self._pass_on(reader, far_writer), self._pass_on(far_reader, writer)
            )
            return
        writer.write(await far_reader.readuntil(b"\r\n\r\n"))
        if self.peer is Peer.NO_CONNECT_ANSWER:
            writer.write(await _frame(far_reader))
            await _hears_until_the_end(reader)

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.lost:
                writer.write(data)
                await writer.drain()
        if not self.lost:
            writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


async def _frame(reader: StreamReader) -> bytes:
    """One short WebSocket frame of a server."""
    head = await reader.readexactly(2)
    more = await reader.readexactly(2) if head[1] == 126 else b""
    length = int.from_bytes(more) if more else head[1]
    return head + more + await reader.readexactly(length)


async def _hears_until_the_end(reader: StreamReader) -> None:
    while await reader.read(65536):
        pass


class Proxy:
    """Listens on a port of its own; `url` is what the bot is given."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = str(parts.hostname), int(parts.port or 80)
        self._peers = cycle([Peer.GOOD])
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def turn(self, *peers: Peer) -> None:
        """Be these, one after the other, for connections from now on; open ones are lost.

        They are reset, or with a half-open peer no packet of them arrives any more. Back to good,
        those that were not good stay as they are.
        """
        self._peers = cycle(peers)
        for line in list(self._lines):
            if line.peer is not Peer.GOOD or peers == (Peer.GOOD,):
                continue
            if Peer.HALF_OPEN in peers:
                line.lost = True
            else:
                line.reset()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection."""
        line = Line(next(self._peers), reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(line)
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await line.run(*self._upstream)
        finally:
            line.close()
            self._lines.discard(line)
            self._tasks.discard(task)

    async def aclose(self) -> None:
        """End every connection."""
        for line in list(self._lines):
            line.reset()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def proxied(upstream: str) -> AsyncIterator[Proxy]:
    """A proxy before the server at this address."""
    proxy = Proxy(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.aclose()

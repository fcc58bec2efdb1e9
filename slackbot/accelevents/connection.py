"""A Socket.IO connection, from the handshake until it is closed.

A connection has no background task. The task that opens it also reads from it, and therefore
receives all errors.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from socketio.packet import ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, Packet

from slackbot.accelevents.engine_io import CLOSE_SECONDS, WEBSOCKET_OPTIONS, EngineSocket
from slackbot.accelevents.feed_options import Credentials, FeedOptions
from slackbot.accelevents.handshake import ConnectError, Failure, drop_tracebacks
from slackbot.accelevents.packets import (
    OversizedPacketError,
    PacketReader,
    UnreadablePacketError,
)
from slackbot.aio.outgoing import Proxies, open_session
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)

# Seconds to wait for our namespace after a server has connected the client to `/` on its own.
NAMESPACE_SECONDS: Final = 2.0
# Error messages of JavaScript, Java and Python servers for an unknown namespace.
_NO_NAMESPACE: Final = re.compile(r"(?i)namespace|^unable to connect$")

OnEvent = Callable[[str, Sequence[object]], None]


class RedirectError(aiohttp.ClientConnectionError):
    """The server redirected a handshake, but tokens are sent only to the configured host."""


def new_session(proxies: Proxies) -> aiohttp.ClientSession:
    """Return an HTTP session for handshakes. Call this function in the running loop.

    The number of connections is not limited. By default, aiohttp allows only 100.
    """
    return open_session(proxies, aiohttp.TCPConnector(limit=0), _refuse_redirects)


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise RedirectError
    return response


def socket_address(url: str, path: str, scheme: str, transport: str, version: int) -> str:
    """Return the URL of a handshake. `scheme` is `ws` or `http`, plus "s" if `url` uses TLS."""
    parts = urlsplit(url)
    secure = "s" if parts.scheme in {"https", "wss"} else ""
    query = f"{parts.query}&" if parts.query else ""
    query += f"transport={transport}&EIO={version}"
    return f"{scheme}{secure}://{parts.netloc}/{path.strip('/')}/?{query}"


class Connection:
    """A connection that is opened once, read with `listen`, and finally closed.

    `on_event` is called with the name and arguments of every event in the namespace, and must not
    raise. `stage` is the failure to report if the handshake times out. `version` is the version of
    Engine.IO, and it changes to 3 if the server turns out to use that version.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        options: FeedOptions,
        sent: Credentials,
        version: int,
        on_event: OnEvent,
    ) -> None:
        self._http = http
        self._options = options
        self._sent = sent
        self.version = version
        self._on_event = on_event
        self._engine: EngineSocket | None = None
        self._reader = PacketReader()
        self.stage = Failure.NO_ANSWER
        self.connected = False

    async def open(self) -> None:
        """Connect, and wait for the response to Socket.IO's CONNECT. The caller sets a timeout.

        Raises:
            ConnectError: The handshake failed.
        """
        websocket = await self._upgrade()
        try:
            self.stage = Failure.SILENT
            self._engine = await EngineSocket.start(websocket)
        except BaseException:
            await websocket.close()
            raise
        self.stage = Failure.UNANSWERED
        if self.version == 3:
            self._engine.start_pings()
        if self.version == 4 or self._options.namespace != "/":
            await self._send(Packet(CONNECT, self._sent.auth, self._options.namespace))
        await self._wait_connected(self._engine)

    async def _upgrade(self) -> aiohttp.ClientWebSocketResponse[Any]:
        path = self._options.socket_path
        address = socket_address(self._sent.url, path, "ws", "websocket", self.version)
        try:
            websocket: aiohttp.ClientWebSocketResponse[Any] = await self._http.ws_connect(
                address, headers=self._sent.headers, **WEBSOCKET_OPTIONS
            )
        except RedirectError:
            raise ConnectError(Failure.REDIRECTS) from None
        except aiohttp.WSServerHandshakeError as error:
            raise ConnectError(Failure.UPGRADE_REFUSED, error.status) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            drop_tracebacks(error)  # asyncio keeps the errors of all addresses in a frame
            raise ConnectError(Failure.UNREACHABLE) from error
        return websocket

    async def _wait_connected(self, engine: EngineSocket) -> None:
        """Read until the namespace is connected. An event in the namespace also confirms this."""
        deadline = None
        while not self.connected:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await engine.receive()
            except TimeoutError:
                raise ConnectError(Failure.UNANSWERED) from None
            if message is None:
                raise ConnectError(Failure.CLOSED)
            try:
                packet = self._reader.read(message)
            except OversizedPacketError:
                self._on_unreadable(message)
                continue
            except UnreadablePacketError:
                raise ConnectError(Failure.UNREADABLE) from None
            if packet is None:
                continue
            if packet.packet_type == CONNECT:
                await self._adapt(engine, packet)
            if packet.namespace == self._options.namespace:
                await self._on_answer(packet)
            elif packet.packet_type == CONNECT:
                deadline = asyncio.get_running_loop().time() + NAMESPACE_SECONDS

    async def _adapt(self, engine: EngineSocket, packet: Packet) -> None:
        """Switch to Socket.IO 2 if the CONNECT of the server contains no session id.

        Such a server ignores the Engine.IO version in the query, expects pings from the client, and
        cannot read a payload in CONNECT.
        """
        if self.version == 3 or (isinstance(packet.data, dict) and "sid" in packet.data):
            return
        self.version = 3
        engine.start_pings()
        if self._sent.auth is not None and packet.namespace != self._options.namespace:
            await self._send(Packet(CONNECT, None, self._options.namespace))

    async def _on_answer(self, packet: Packet) -> None:
        """Handle a packet of the namespace before the namespace is connected."""
        if packet.packet_type == CONNECT_ERROR:
            data = packet.data
            text = data.get("message") if isinstance(data, dict) else data
            unknown = isinstance(text, str) and _NO_NAMESPACE.search(text)
            raise ConnectError(Failure.NO_NAMESPACE if unknown else Failure.REFUSED)
        if packet.packet_type == DISCONNECT:
            raise ConnectError(Failure.CLOSED)
        self.connected = packet.packet_type in {CONNECT, EVENT}
        if packet.packet_type == EVENT:
            await self._deliver(packet)

    async def listen(self) -> None:
        """Deliver events until the connection is closed or the peer no longer responds."""
        assert self._engine is not None
        while self.connected:
            message = await self._engine.receive()
            if message is None:
                break
            try:
                packet = self._reader.read(message)
            except UnreadablePacketError:
                self._on_unreadable(message)
                continue
            if packet is not None and packet.namespace == self._options.namespace:
                if packet.packet_type == EVENT:
                    await self._deliver(packet)
                elif packet.packet_type == DISCONNECT:
                    break
        self.connected = False

    def _on_unreadable(self, message: str | bytes) -> None:
        # netty-socketio up to 2.0.6 interprets the payload as the name of a namespace, and responds
        # with an error that is not a valid packet.
        if self._sent.auth is None or message[:1] != str(CONNECT_ERROR):
            UNREADABLE.labels(source="socket").inc()
            log.warning("packet_unreadable")

    async def _deliver(self, packet: Packet) -> None:
        name, *args = packet.data
        self._on_event(name, args)
        if packet.id is not None:
            await self._send(Packet(ACK, [], self._options.namespace, packet.id))

    async def emit(self, name: str, data: object) -> None:
        """Send an event if connected. If `data` is None, the event has no argument."""
        if self.connected:
            content = [name] if data is None else [name, data]
            await self._send(Packet(EVENT, content, self._options.namespace))

    async def _send(self, packet: Packet) -> None:
        assert self._engine is not None
        await self._engine.send(packet.encode())

    async def close(self, *, polite: bool = True) -> None:
        """Disconnect if possible, and release all resources within about a second.

        If `polite` is False, nothing is sent and the caller must close the HTTP session.
        """
        was_connected, self.connected = self.connected, False
        if self._engine is None or not polite:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                if was_connected:
                    await self._send(Packet(DISCONNECT, None, self._options.namespace))
                await self._engine.close()

"""Goes through one Socket.IO handshake by hand, to tell what kind of peer is there.

The feed needs to know only that it is not connected; an operator needs to know why. So the frames
are read one by one here, and how far the handshake came decides what a silence or an end means.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from engineio.packet import CLOSE, MESSAGE, OPEN
from engineio.packet import Packet as EnginePacket
from pydantic import SecretStr
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT
from socketio.packet import Packet as SocketPacket

from slackbot.accelevents.authorization import Credentials, credentials
from slackbot.accelevents.connection import CLOSE_SECONDS, MAX_MESSAGE_BYTES
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.errors import TokenRefused
from slackbot.domain.findings import Cause, Finding, Subject, why_unreached
from slackbot.domain.model import AuthScheme

ENOUGH: Final = 4096
"""Bytes of an answer by polling that are looked at."""
_TURNED_DOWN: Final = {
    401: Cause.SOCKET_ASKS_FOR_TOKEN,
    403: Cause.SOCKET_FORBIDS,
    404: Cause.NO_SOCKET_THERE,
}
_OF_VERSION_4: Final = re.compile(r"\s*0\{")
_OF_VERSION_3: Final = re.compile(r"\s*\d+:0\{")
_NAMESPACE: Final = re.compile(r"(?i)namespace|^unable to connect$")
"""How servers in JavaScript and in Python say that they do not have it."""


class _Verdict(Exception):
    """The cause is known."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class _Redirected(aiohttp.ClientError):
    """The peer sends us elsewhere; the token does not go there."""


class SocketProbe:
    """One visit to the socket, with a token or as a stranger."""

    def __init__(
        self, options: FeedOptions, token: SecretStr | None, scheme: AuthScheme | None
    ) -> None:
        self._options = options
        self._stranger = token is None
        self._token = token
        self._scheme = scheme or AuthScheme.BARE
        self._silence = Cause.NO_ANSWER
        self._told: dict[str, str] = {}

    async def visit(self) -> Finding:
        """What is there. The caller sets a time-out, after which `silence` says what it means."""
        try:
            carried = self._carried()
            async with _session() as http:
                cause = await self._handshake(http, carried)
        except TokenRefused:
            cause = Cause.SOCKET_REFUSES
        except _Verdict as verdict:
            cause = verdict.cause
        except _Redirected:
            cause = Cause.REDIRECTS
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            cause = why_unreached(error)
        return Finding(Subject.SOCKET, cause, self._told)

    def silence(self) -> Finding:
        """What it means that nothing more came."""
        return Finding(Subject.SOCKET, self._silence, self._told)

    def _carried(self) -> Credentials:
        if self._token is None:
            return Credentials(self._options.socket_url, {}, None)
        return credentials(self._options, self._token, self._scheme)

    async def _handshake(self, http: aiohttp.ClientSession, carried: Credentials) -> Cause:
        try:
            websocket = await http.ws_connect(
                self._address(carried, "ws", "transport=websocket&EIO=4"),
                headers=carried.headers,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        except aiohttp.WSServerHandshakeError as error:
            return await self._turned_down(http, carried, error.status)
        try:
            return await self._upgraded(websocket, carried)
        finally:
            await websocket.close()

    async def _upgraded(
        self, websocket: aiohttp.ClientWebSocketResponse[Any], carried: Credentials
    ) -> Cause:
        """From the upgrade on: Engine.IO's open packet, our CONNECT, and the answer to it."""
        self._silence = Cause.SILENT_AFTER_UPGRADE
        first = await _frame(websocket, Cause.CLOSES_AFTER_UPGRADE)
        if first.packet_type != OPEN or not isinstance(first.data, dict) or "sid" not in first.data:
            return Cause.NOT_ENGINE_IO
        self._silence = Cause.NO_CONNECT_ANSWER
        connect = SocketPacket(CONNECT, carried.auth, self._options.namespace).encode()
        await websocket.send_str(EnginePacket(MESSAGE, connect).encode())
        while True:
            frame = await _frame(websocket, Cause.CLOSES_ON_CONNECT)
            if frame.packet_type == CLOSE:
                return Cause.CLOSES_ON_CONNECT
            if frame.packet_type == MESSAGE and (cause := self._answer(frame.data)) is not None:
                return cause

    def _answer(self, data: object) -> Cause | None:
        """What a Socket.IO packet means, or None when it is no answer to our CONNECT."""
        try:
            packet = SocketPacket(encoded_packet=data if isinstance(data, str) else "")
        except ValueError:
            return None
        said = packet.data
        if packet.packet_type == CONNECT:
            # The protocol before says CONNECT by itself, and without an id of its own.
            is_of_today = isinstance(said, dict) and "sid" in said
            return Cause.SOCKET_CONNECTS if is_of_today else Cause.OLD_ENGINE_IO
        if packet.packet_type == DISCONNECT:
            return Cause.CLOSES_ON_CONNECT
        if packet.packet_type != CONNECT_ERROR:
            return None
        text = said.get("message") if isinstance(said, dict) else said
        if isinstance(text, str) and _NAMESPACE.search(text):
            self._told["namespace"] = self._options.namespace
            return Cause.NAMESPACE_UNKNOWN
        return Cause.SOCKET_ASKS_FOR_TOKEN if self._stranger else Cause.SOCKET_REFUSES

    # --- no upgrade ---

    async def _turned_down(
        self, http: aiohttp.ClientSession, carried: Credentials, status: int
    ) -> Cause:
        """What an HTTP answer in place of the upgrade shows.

        Servers and proxies choose its status rather freely, so the same server is asked by
        polling too; the status decides when that tells nothing.
        """
        self._told["status"] = str(status)
        self._silence = self._by_status(status)
        with suppress(aiohttp.ClientError):
            return await self._by_polling(http, carried) or self._silence
        return self._silence

    def _by_status(self, status: int) -> Cause:
        if status in {401, 403} and not self._stranger:
            return Cause.SOCKET_REFUSES
        if status >= 500:
            return Cause.SERVER_FAILED
        return _TURNED_DOWN.get(status, Cause.HANDSHAKE_ODD)

    async def _by_polling(self, http: aiohttp.ClientSession, carried: Credentials) -> Cause | None:
        """Who it is by what it says without a WebSocket, in today's version and the one before."""
        for version, spoken in ((4, Cause.WEBSOCKET_BLOCKED), (3, Cause.OLD_ENGINE_IO)):
            address = self._address(carried, "http", f"transport=polling&EIO={version}")
            async with http.get(address, headers=carried.headers) as response:
                text = (await response.content.read(ENOUGH)).decode("utf-8", "replace")
            if _OF_VERSION_3.match(text) or "unsupported version" in text.lower():
                return Cause.OLD_ENGINE_IO
            if _OF_VERSION_4.match(text):
                return spoken
            if response.status == 404 or (response.ok and text.lstrip().startswith("<")):
                return Cause.NO_SOCKET_THERE
        return None

    def _address(self, carried: Credentials, scheme: str, query: str) -> str:
        """The address as python-engineio makes it."""
        parts = urlsplit(carried.url)
        secure = "s" if parts.scheme in {"https", "wss"} else ""
        path = self._options.socket_path.strip("/")
        given = f"{parts.query}&" if parts.query else ""
        return f"{scheme}{secure}://{parts.netloc}/{path}/?{given}{query}"


async def _frame(websocket: aiohttp.ClientWebSocketResponse[Any], at_end: Cause) -> EnginePacket:
    """The next frame as Engine.IO reads it.

    Raises:
        _Verdict: `at_end` when there is none, or it is no packet.
    """
    message = await websocket.receive()
    if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
        raise _Verdict(at_end)
    try:
        return EnginePacket(encoded_packet=message.data)
    except ValueError:
        raise _Verdict(Cause.NOT_ENGINE_IO) from None


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_no_redirects,)
    ) as session:
        yield session


async def _no_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise _Redirected
    return response

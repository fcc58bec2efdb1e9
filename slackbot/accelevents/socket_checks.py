"""Check the socket with one Socket.IO handshake by hand.

A feed only needs to know that it is not connected; an operator needs to know why. So the frames
are read one by one here, and the stage of the handshake decides what a silence or a close means.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from engineio.packet import CLOSE, MESSAGE, OPEN
from engineio.packet import Packet as EnginePacket
from pydantic import SecretStr
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT
from socketio.packet import Packet as SocketPacket

from slackbot.accelevents.authorization import Credentials, credentials
from slackbot.accelevents.checks import TRY_WITH_TOKEN
from slackbot.accelevents.connection import (
    CLOSE_SECONDS,
    MAX_MESSAGE_BYTES,
    RedirectError,
    new_session,
)
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.errors import TokenRefused
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.model import AuthScheme

LONGEST_POLL: Final = 4096  # bytes of an answer to polling that are read
_OPEN_OF_VERSION_4: Final = re.compile(r"\s*0\{")
_OPEN_OF_VERSION_3: Final = re.compile(r"\s*\d+:0\{")
# How servers in JavaScript and in Python say that they do not have a namespace.
_NO_NAMESPACE: Final = re.compile(r"(?i)namespace|^unable to connect$")
_COMPARE: Final = "compare with the network panel of the event's hub in a browser"
_CHECK_PATH: Final = f"check ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_ADDRESS: Final = f"check ACCELEVENTS_SOCKET_URL and ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_AUTH: Final = "check ACCELEVENTS_SOCKET_AUTH (how the token travels)"


class _HandshakeEnded(Exception):
    """The handshake came to an end that is a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class SocketCheck:
    """A single handshake with an attendee's token, or without any.

    `on_timeout` is the finding for the stage that the handshake has come to.
    """

    def __init__(
        self, options: FeedOptions, token: SecretStr | None, scheme: AuthScheme | None
    ) -> None:
        self._options = options
        self._token = token
        self._scheme = scheme or AuthScheme.BARE
        self._facts: dict[str, str] = {}
        self.on_timeout = host_finding(Subject.SOCKET, "no_answer")

    async def run(self) -> Finding:
        """Report on the peer. The caller sets a time-out."""
        try:
            sent = Credentials(self._options.socket_url, {}, None)
            if self._token is not None:
                sent = credentials(self._options, self._token, self._scheme)
            async with new_session() as http:
                return await self._handshake(http, sent)
        except TokenRefused:
            return self._token_refused()
        except _HandshakeEnded as ended:
            return ended.finding
        except RedirectError:
            return host_finding(Subject.SOCKET, "redirects", **self._facts)
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            return host_finding(Subject.SOCKET, connection_problem(error), **self._facts)

    async def _handshake(self, http: aiohttp.ClientSession, sent: Credentials) -> Finding:
        try:
            websocket = await http.ws_connect(
                self._address(sent, "ws", "transport=websocket&EIO=4"),
                headers=sent.headers,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        except aiohttp.WSServerHandshakeError as error:
            # Servers and proxies choose this status rather freely, so the same server is asked by
            # polling too; the status decides when that says nothing.
            self._facts["status"] = str(error.status)
            self.on_timeout = self._upgrade_refused(error.status)
            with suppress(aiohttp.ClientError):
                return await self._poll(http, sent) or self.on_timeout
            return self.on_timeout
        try:
            return await self._connect(websocket, sent)
        finally:
            await websocket.close()

    async def _connect(
        self, websocket: aiohttp.ClientWebSocketResponse[Any], sent: Credentials
    ) -> Finding:
        """Go on after the upgrade: Engine.IO's open packet, our CONNECT, and the answer to it."""
        message = "the WebSocket opens, but no Engine.IO comes"
        self.on_timeout = self._failure("silent_after_upgrade", message, _CHECK_PATH)
        closed = self._failure(
            "closes_after_upgrade",
            "the WebSocket opens and is closed at once",
            "look at the proxy before it: the server behind is down, or limits connections",
        )
        first = await self._receive(websocket, closed)
        if first.packet_type != OPEN or not isinstance(first.data, dict) or "sid" not in first.data:
            return self._not_engine_io()
        self.on_timeout = self._failure(
            "no_connect_answer",
            "connects but no CONNECT answer",
            f"check ACCELEVENTS_SOCKET_NAMESPACE and ACCELEVENTS_SOCKET_AUTH; {_COMPARE}",
        )
        closed = self._failure(
            "closes_on_connect",
            "connects, and is closed at our CONNECT",
            f"{TRY_WITH_TOKEN}; after that, {_CHECK_AUTH}",
        )
        connect = SocketPacket(CONNECT, sent.auth, self._options.namespace).encode()
        await websocket.send_str(EnginePacket(MESSAGE, connect).encode())
        while True:
            frame = await self._receive(websocket, closed)
            if frame.packet_type == CLOSE:
                return closed
            if frame.packet_type != MESSAGE or not isinstance(frame.data, str):
                continue
            with suppress(ValueError):
                packet = SocketPacket(encoded_packet=frame.data)
                if packet.packet_type == DISCONNECT:
                    return closed
                if packet.packet_type in {CONNECT, CONNECT_ERROR}:
                    return self._answer(packet)

    async def _receive(
        self, websocket: aiohttp.ClientWebSocketResponse[Any], closed: Finding
    ) -> EnginePacket:
        """Return the next Engine.IO packet.

        Raises:
            _HandshakeEnded: with `closed`, or because the frame is no packet.
        """
        message = await websocket.receive()
        if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            raise _HandshakeEnded(closed)
        try:
            return EnginePacket(encoded_packet=message.data)
        except ValueError:
            raise _HandshakeEnded(self._not_engine_io()) from None

    def _answer(self, packet: SocketPacket) -> Finding:
        """Interpret the answer to our CONNECT."""
        data = packet.data
        if packet.packet_type == CONNECT:
            # Version 3 sends CONNECT unasked, and without a session id of its own.
            if isinstance(data, dict) and "sid" in data:
                return Subject.SOCKET.ok("socket_connects", "connects", **self._facts)
            return self._old_engine_io()
        text = data.get("message") if isinstance(data, dict) else data
        if isinstance(text, str) and _NO_NAMESPACE.search(text):
            self._facts["namespace"] = self._options.namespace
            hint = f"check ACCELEVENTS_SOCKET_NAMESPACE; {_COMPARE}"
            return self._failure("namespace_unknown", "it has no namespace {namespace}", hint)
        return self._asks_for_token() if self._token is None else self._token_refused()

    def _upgrade_refused(self, status: int) -> Finding:
        """Interpret an HTTP status in place of the upgrade."""
        if status in {401, 403} and self._token is not None:
            return self._token_refused()
        if status == 401:
            return self._asks_for_token()
        if status == 403:
            message = "it refuses strangers ({status}); a firewall may too"
            return Subject.SOCKET.warning("socket_forbids", message, TRY_WITH_TOKEN, **self._facts)
        if status == 404:
            return self._no_socket()
        if status >= 500:
            return host_finding(Subject.SOCKET, "server_failed", **self._facts)
        message = "the handshake is answered with {status}, which Socket.IO does not do"
        return self._failure("handshake_odd", message, _CHECK_ADDRESS)

    async def _poll(self, http: aiohttp.ClientSession, sent: Credentials) -> Finding | None:
        """Identify the server by polling, in today's version of Engine.IO and the one before."""
        for version in (4, 3):
            address = self._address(sent, "http", f"transport=polling&EIO={version}")
            async with http.get(address, headers=sent.headers) as response:
                text = (await response.content.read(LONGEST_POLL)).decode("utf-8", "replace")
            is_version_4 = _OPEN_OF_VERSION_4.match(text)
            if (
                _OPEN_OF_VERSION_3.match(text)
                or "unsupported version" in text.lower()
                or (is_version_4 and version == 3)
            ):
                return self._old_engine_io()
            if is_version_4:
                return self._failure(
                    "websocket_blocked",
                    "Socket.IO is there, but the WebSocket upgrade does not get through ({status})",
                    "let a proxy in between pass WebSocket upgrades",
                )
            if response.status == 404 or (response.ok and text.lstrip().startswith("<")):
                return self._no_socket()
        return None

    def _address(self, sent: Credentials, scheme: str, query: str) -> str:
        """Build the address as python-engineio does."""
        parts = urlsplit(sent.url)
        secure = "s" if parts.scheme in {"https", "wss"} else ""
        path = self._options.socket_path.strip("/")
        given = f"{parts.query}&" if parts.query else ""
        return f"{scheme}{secure}://{parts.netloc}/{path}/?{given}{query}"

    # --- findings of several stages ---

    def _failure(self, code: str, message: str, hint: str) -> Finding:
        return Subject.SOCKET.failure(code, message, hint, **self._facts)

    def _asks_for_token(self) -> Finding:
        message = "reachable; it asks for a token, as it should"
        return Subject.SOCKET.ok("socket_asks_for_token", message, **self._facts)

    def _token_refused(self) -> Finding:
        hint = f"{_CHECK_AUTH}; {_COMPARE}"
        return self._failure("socket_refuses", "it refuses the token", hint)

    def _no_socket(self) -> Finding:
        message = "not Socket.IO at that path ({status})"
        return self._failure("no_socket_there", message, _CHECK_ADDRESS)

    def _old_engine_io(self) -> Finding:
        return self._failure(
            "old_engine_io",
            "old Engine.IO: the server speaks version 3 (Socket.IO 2), the bot version 4",
            "point ACCELEVENTS_SOCKET_URL at a server of Socket.IO 3 or newer",
        )

    def _not_engine_io(self) -> Finding:
        message = "the WebSocket opens, but speaks something other than Engine.IO"
        return self._failure("not_engine_io", message, _CHECK_PATH)

"""Check the socket with one manual Socket.IO handshake.

A feed only needs to know that it is not connected; an operator needs to know why. So the frames
are read one by one here, and the stage of the handshake decides what a silence or a close means.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from engineio.packet import CLOSE, MESSAGE, OPEN
from engineio.packet import Packet as EnginePacket
from pydantic import SecretStr
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT
from socketio.packet import Packet as SocketPacket

from slackbot.accelevents.checks import TRY_WITH_TOKEN
from slackbot.accelevents.connection import WEBSOCKET_OPTIONS, RedirectError, new_session
from slackbot.accelevents.feed_options import Credentials, FeedOptions
from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.errors import TokenRefused
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.model import AuthScheme

LONGEST_POLL: Final = 4096  # bytes of a polling response that are read
_OPEN_OF_VERSION_4: Final = re.compile(r"\s*0\{")
_OPEN_OF_VERSION_3: Final = re.compile(r"\s*\d+:0\{")
# Errors of JavaScript and Python servers for an unknown namespace.
_NO_NAMESPACE: Final = re.compile(r"(?i)namespace|^unable to connect$")
_COMPARE: Final = "compare with the network panel of the event's hub in a browser"
_CHECK_PATH: Final = f"check ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_ADDRESS: Final = f"check ACCELEVENTS_SOCKET_URL and ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_NAMESPACE: Final = f"check ACCELEVENTS_SOCKET_NAMESPACE; {_COMPARE}"
_CHECK_AUTH: Final = "check ACCELEVENTS_SOCKET_AUTH (how the token travels)"
# Message and hint of each failure, by the finding's code.
_FAILURES: Final = {
    "silent_after_upgrade": ("the WebSocket opens, but no Engine.IO comes", _CHECK_PATH),
    "closes_after_upgrade": (
        "the WebSocket opens and is closed at once",
        "look at the proxy before it: the server behind is down, or limits connections",
    ),
    "not_engine_io": (
        "the WebSocket opens, but speaks something other than Engine.IO",
        _CHECK_PATH,
    ),
    "old_engine_io": (
        "old Engine.IO: the server speaks version 3 (Socket.IO 2), the bot version 4",
        "point ACCELEVENTS_SOCKET_URL at a server of Socket.IO 3 or newer",
    ),
    "no_connect_answer": (
        "connects but no CONNECT answer",
        f"check ACCELEVENTS_SOCKET_NAMESPACE and ACCELEVENTS_SOCKET_AUTH; {_COMPARE}",
    ),
    "closes_on_connect": (
        "connects, and is closed at our CONNECT",
        f"{TRY_WITH_TOKEN}; after that, {_CHECK_AUTH}",
    ),
    "namespace_unknown": ("it has no namespace {namespace}", _CHECK_NAMESPACE),
    "socket_refuses": ("it refuses the token", f"{_CHECK_AUTH}; {_COMPARE}"),
    "no_socket_there": ("not Socket.IO at that path ({status})", _CHECK_ADDRESS),
    "websocket_blocked": (
        "Socket.IO is there, but the WebSocket upgrade does not get through ({status})",
        "let a proxy in between pass WebSocket upgrades",
    ),
    "handshake_odd": (
        "the handshake is answered with {status}, which Socket.IO does not do",
        _CHECK_ADDRESS,
    ),
}


class _HandshakeFailed(Exception):
    """The handshake failed. The argument is the code of the finding to report."""


@dataclass(slots=True)
class SocketCheck:
    """A single handshake, with or without an attendee's token.

    `on_timeout` is the finding to report if the handshake times out at its current stage.
    """

    options: FeedOptions
    token: SecretStr | None
    scheme: AuthScheme | None
    facts: dict[str, str] = field(init=False, default_factory=dict)
    on_timeout: Finding = field(init=False, default=host_finding(Subject.SOCKET, "no_answer"))

    async def run(self) -> Finding:
        """Report on the peer. The caller sets a time-out."""
        try:
            sent = Credentials(self.options.socket_url, {}, None)
            if self.token is not None:
                sent = self.options.credentials(self.token, self.scheme or AuthScheme.BARE)
            async with new_session() as http:
                return await self._handshake(http, sent)
        except TokenRefused:
            return self._failure("socket_refuses")
        except _HandshakeFailed as failed:
            return self._failure(str(failed))
        except RedirectError:
            return host_finding(Subject.SOCKET, "redirects", **self.facts)
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            return host_finding(Subject.SOCKET, connection_problem(error), **self.facts)

    async def _handshake(self, http: aiohttp.ClientSession, sent: Credentials) -> Finding:
        address = self._address(sent, "ws", "transport=websocket&EIO=4")
        try:
            upgrade = http.ws_connect(address, headers=sent.headers, **WEBSOCKET_OPTIONS)
            async with upgrade as websocket:
                return await self._connect(websocket, sent)
        except aiohttp.WSServerHandshakeError as error:
            # Servers and proxies use many statuses here, so the server is also tried by polling. If
            # that is inconclusive, the status decides.
            self.facts["status"] = str(error.status)
            self.on_timeout = self._upgrade_refused(error.status)
            with suppress(aiohttp.ClientError):
                await self._poll(http, sent)
            return self.on_timeout

    async def _connect(
        self, websocket: aiohttp.ClientWebSocketResponse[Any], sent: Credentials
    ) -> Finding:
        """Continue after the upgrade: Engine.IO's open packet, our CONNECT, and the response."""
        self.on_timeout = self._failure("silent_after_upgrade")
        first = await _receive(websocket, "closes_after_upgrade")
        if first.packet_type != OPEN or not isinstance(first.data, dict) or "sid" not in first.data:
            raise _HandshakeFailed("not_engine_io")
        self.on_timeout = self._failure("no_connect_answer")
        connect = SocketPacket(CONNECT, sent.auth, self.options.namespace).encode()
        await websocket.send_str(EnginePacket(MESSAGE, connect).encode())
        while True:
            frame = await _receive(websocket, "closes_on_connect")
            if frame.packet_type == CLOSE:
                raise _HandshakeFailed("closes_on_connect")
            if frame.packet_type != MESSAGE or not isinstance(frame.data, str):
                continue
            with suppress(ValueError):
                packet = SocketPacket(encoded_packet=frame.data)
                if packet.packet_type == DISCONNECT:
                    raise _HandshakeFailed("closes_on_connect")
                if packet.packet_type in {CONNECT, CONNECT_ERROR}:
                    return self._answer(packet)

    def _answer(self, packet: SocketPacket) -> Finding:
        """Interpret the response to our CONNECT."""
        data = packet.data
        if packet.packet_type == CONNECT:
            # Version 3 sends CONNECT unrequested and without its own session id.
            if isinstance(data, dict) and "sid" in data:
                return Subject.SOCKET.ok("socket_connects", "connects", **self.facts)
            return self._failure("old_engine_io")
        text = data.get("message") if isinstance(data, dict) else data
        if isinstance(text, str) and _NO_NAMESPACE.search(text):
            self.facts["namespace"] = self.options.namespace
            return self._failure("namespace_unknown")
        return self._unauthorized()

    def _upgrade_refused(self, status: int) -> Finding:
        """Interpret the HTTP status of a refused upgrade."""
        if status == 401 or (status == 403 and self.token is not None):
            return self._unauthorized()
        if status == 403:
            message = "it refuses strangers ({status}); a firewall may too"
            return Subject.SOCKET.warning("socket_forbids", message, TRY_WITH_TOKEN, **self.facts)
        if status >= 500:
            return host_finding(Subject.SOCKET, "server_failed", **self.facts)
        return self._failure("no_socket_there" if status == 404 else "handshake_odd")

    async def _poll(self, http: aiohttp.ClientSession, sent: Credentials) -> None:
        """Raise `_HandshakeFailed` if polling with Engine.IO 4 or 3 identifies the server."""
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
                raise _HandshakeFailed("old_engine_io")
            if is_version_4:
                raise _HandshakeFailed("websocket_blocked")
            if response.status == 404 or (response.ok and text.lstrip().startswith("<")):
                raise _HandshakeFailed("no_socket_there")

    def _address(self, sent: Credentials, scheme: str, query: str) -> str:
        """Build the address as python-engineio does."""
        parts = urlsplit(sent.url)
        secure = "s" if parts.scheme in {"https", "wss"} else ""
        path = self.options.socket_path.strip("/")
        given = f"{parts.query}&" if parts.query else ""
        return f"{scheme}{secure}://{parts.netloc}/{path}/?{given}{query}"

    def _unauthorized(self) -> Finding:
        if self.token is not None:
            return self._failure("socket_refuses")
        message = "reachable; it asks for a token, as it should"
        return Subject.SOCKET.ok("socket_asks_for_token", message, **self.facts)

    def _failure(self, code: str) -> Finding:
        message, hint = _FAILURES[code]
        return Subject.SOCKET.failure(code, message, hint, **self.facts)


async def _receive(websocket: aiohttp.ClientWebSocketResponse[Any], closed: str) -> EnginePacket:
    """Return the next Engine.IO packet. Raise with code `closed` if the peer has closed."""
    message = await websocket.receive()
    if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
        raise _HandshakeFailed(closed)
    try:
        return EnginePacket(encoded_packet=message.data)
    except ValueError:
        raise _HandshakeFailed("not_engine_io") from None

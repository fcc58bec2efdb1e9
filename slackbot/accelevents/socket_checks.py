"""Check the socket with the handshakes that the feeds use.

A feed only needs a word for its failure; an operator needs to know what to do about it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import aiohttp
from pydantic import SecretStr

from slackbot.accelevents.checks import TRY_WITH_TOKEN
from slackbot.accelevents.connection import Connection, new_session, socket_address
from slackbot.accelevents.dialer import Dialer
from slackbot.accelevents.feed_options import Credentials, FeedOptions
from slackbot.accelevents.handshake import ConnectError, Failure, Handshake
from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.errors import TokenRefused
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.model import AuthScheme, EventSlug

ATTEMPT_SHARES: Final = (0.6, 0.2, 0.2)  # of the time for the handshake
POLL_SECONDS: Final = 2.0  # time-out of a request by polling
LONGEST_POLL: Final = 4096  # bytes of a polling response that are read
_OPEN: Final = re.compile(r"\s*(?:\d+:)?0\{")  # version 3 puts the length first
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
    "no_connect_answer": (
        "connects but no CONNECT answer",
        f"check ACCELEVENTS_SOCKET_NAMESPACE and ACCELEVENTS_SOCKET_AUTH; {_COMPARE}",
    ),
    "closes_on_connect": (
        "connects, and is closed at our CONNECT",
        f"{TRY_WITH_TOKEN}; after that, {_CHECK_AUTH}",
    ),
    "packet_unreadable": (
        "connects, and answers our CONNECT with something that is no Socket.IO packet",
        f"{_CHECK_AUTH}; {_COMPARE}",
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


@dataclass(slots=True)
class SocketCheck:
    """A connection that is opened and closed, with or without an attendee's token.

    `seconds` limits the handshake, and a look at the server by polling if that is refused.
    """

    options: FeedOptions
    token: SecretStr | None
    scheme: AuthScheme | None
    seconds: float
    facts: dict[str, str] = field(init=False, default_factory=dict)

    async def run(self) -> Finding:
        """Report on the peer."""
        try:
            async with new_session(self.options.proxies) as http:
                return await self._connect(http)
        except TokenRefused:
            return self._failure("socket_refuses")

    async def _connect(self, http: aiohttp.ClientSession) -> Finding:
        try:
            connection, way = await self._open(Dialer(http, self.options))
        except ConnectError as error:
            if error.failure is not Failure.UPGRADE_REFUSED:
                return self._report(error)
            # Servers and proxies use many statuses here, so the server is also tried by polling.
            # If that is inconclusive, the status decides.
            self.facts["status"] = str(error.status)
            with suppress(aiohttp.ClientError, TimeoutError):
                if (code := await self._poll(http)) is not None:
                    return self._failure(code)
            return self._upgrade_refused(error.status or 0)
        await connection.close()
        if way.places == self.options.socket_auth and connection.version == 4:
            return Subject.SOCKET.ok("socket_connects", "connects", **self.facts)
        how = replace(way, version=connection.version).words if self.token else "without a token"
        message = "connects to an older server ({how})"
        return Subject.SOCKET.ok("socket_connects", message, how=how, **self.facts)

    async def _open(self, dialer: Dialer) -> tuple[Connection, Handshake]:
        """Open a connection. To a server that falls silent, a feed tries another at each attempt.

        Raises:
            ConnectError: The first attempt failed, and so did the others if it fell silent.
        """
        event, first = EventSlug("slackbot-doctor"), None
        for share in ATTEMPT_SHARES:
            try:
                return await dialer.open(
                    event, self._credentials, lambda _name, _args: None, share * self.seconds
                )
            except ConnectError as error:
                first = first or error
                if error.failure is not Failure.UNANSWERED:
                    break
        assert first is not None
        raise first

    def _credentials(self, way: Handshake) -> Credentials:
        if self.token is None:
            return Credentials(self.options.socket_url, {}, None)
        return self.options.credentials(self.token, self.scheme or AuthScheme.BARE, way.places)

    def _report(self, error: ConnectError) -> Finding:
        """Describe a handshake that failed after or before the upgrade."""
        failure = error.failure
        if failure is Failure.UNREACHABLE and error.__cause__ is not None:
            return host_finding(Subject.SOCKET, connection_problem(error.__cause__))
        if failure in {Failure.NO_ANSWER, Failure.REDIRECTS}:
            return host_finding(Subject.SOCKET, failure.value)
        if failure is Failure.REFUSED:
            return self._unauthorized()
        self.facts["namespace"] = self.options.namespace
        return self._failure(failure.value)

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

    async def _poll(self, http: aiohttp.ClientSession) -> str | None:
        """Return the finding's code if polling with Engine.IO 4 or 3 identifies the server."""
        sent = self._credentials(Handshake(self.options.socket_auth))
        timeout = aiohttp.ClientTimeout(total=POLL_SECONDS)
        for version in (4, 3):
            address = socket_address(sent.url, self.options.socket_path, "http", "polling", version)
            async with http.get(address, headers=sent.headers, timeout=timeout) as response:
                text = (await response.content.read(LONGEST_POLL)).decode("utf-8", "replace")
            if _OPEN.match(text):
                return "websocket_blocked"
            if response.status == 404 or (response.ok and text.lstrip().startswith("<")):
                return "no_socket_there"
        return None

    def _unauthorized(self) -> Finding:
        if self.token is not None:
            return self._failure("socket_refuses")
        message = "reachable; it asks for a token, as it should"
        return Subject.SOCKET.ok("socket_asks_for_token", message, **self.facts)

    def _failure(self, code: str) -> Finding:
        message, hint = _FAILURES[code]
        return Subject.SOCKET.failure(code, message, hint, **self.facts)

"""Check the socket with the same handshakes as the feeds.

A feed reports only the reason of a failure, while these checks explain to operators how to fix it.
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

ATTEMPT_SHARES: Final = (0.6, 0.2, 0.2)  # shares of the time for the handshake
POLL_SECONDS: Final = 2.0  # timeout for a polling request
LONGEST_POLL: Final = 4096  # maximum bytes to read of a polling response
_OPEN: Final = re.compile(r"\s*(?:\d+:)?0\{")  # version 3 begins with the length
_COMPARE: Final = "compare with the network panel of the event's hub in a browser"
_CHECK_PATH: Final = f"check ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_ADDRESS: Final = f"check ACCELEVENTS_SOCKET_URL and ACCELEVENTS_SOCKET_PATH; {_COMPARE}"
_CHECK_NAMESPACE: Final = f"check ACCELEVENTS_SOCKET_NAMESPACE; {_COMPARE}"
_CHECK_AUTH: Final = "check ACCELEVENTS_SOCKET_AUTH (how the token travels)"
# The message and the hint for each failure, by finding code.
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
    """A check that opens and closes a connection, with or without an attendee's token.

    `seconds` limits the handshake. If the upgrade is rejected, the server is also tried by polling.
    """

    options: FeedOptions
    token: SecretStr | None
    scheme: AuthScheme | None
    seconds: float
    facts: dict[str, str] = field(init=False, default_factory=dict)

    async def run(self) -> Finding:
        """Run the check and return its finding."""
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
            # Servers and proxies reject upgrades with different statuses, so also try polling. If
            # this is inconclusive, the status decides.
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
        """Open a connection. If the server does not respond, try the next handshake like a feed.

        Raises:
            ConnectError: All attempts failed. This is the error of the first attempt.
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
        """Describe a handshake that failed before or after the upgrade."""
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
        """Interpret the HTTP status of a rejected upgrade."""
        if status == 401 or (status == 403 and self.token is not None):
            return self._unauthorized()
        if status == 403:
            message = "it refuses strangers ({status}); a firewall may too"
            return Subject.SOCKET.warning("socket_forbids", message, TRY_WITH_TOKEN, **self.facts)
        if status >= 500:
            return host_finding(Subject.SOCKET, "server_failed", **self.facts)
        return self._failure("no_socket_there" if status == 404 else "handshake_odd")

    async def _poll(self, http: aiohttp.ClientSession) -> str | None:
        """Return the finding code if polling with Engine.IO 4 or 3 identifies the server."""
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

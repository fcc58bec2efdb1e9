"""One Socket.IO connection of one link, from the handshake until it is closed.

python-socketio speaks the protocol. Its reconnection is off: a peer that upgrades and then
closes stops it permanently.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import socketio
import structlog

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.match_event import read_matches
from slackbot.domain.errors import TokenRefused
from slackbot.domain.feed_events import FeedEvent, MatchesReported
from slackbot.domain.model import Link, SessionId

log = structlog.get_logger(__name__)

LIVENESS_CHECK_SECONDS: Final = 15.0  # between checks of python-socketio's state
CLOSE_SECONDS: Final = 0.5  # wait for the peer's closing frame
WEBSOCKET_OPTIONS: Final[dict[str, Any]] = {
    "timeout": aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
    "max_msg_size": 2**20,  # bytes
}


class ConnectError(Exception):
    """A handshake failed; the argument is `refused`, `unreachable` or `closed`."""


class RedirectError(aiohttp.ClientConnectionError):
    """The peer redirected a handshake. A token is sent to the configured host only."""


def new_session() -> aiohttp.ClientSession:
    """Return an HTTP session for handshakes. Call it inside the running loop.

    Connections are not limited (by default the 101st would wait), and cookies are not kept: those
    set for one attendee would be sent with the next one's handshake.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_refuse_redirects,),
    )


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise RedirectError
    return response


def _error_logger(name: str) -> logging.Logger:
    """Return a logger for errors only: at lower levels the libraries log tokens and payloads.

    They log a lost connection as a warning, but the feed already reports and counts it.
    """
    logger = logging.getLogger(f"{name}.feeds")
    logger.setLevel(logging.ERROR)
    return logger


@dataclass
class _HandshakeSession:
    """The part of an HTTP session that engineio uses. Keeps the WebSocket to close it later."""

    session: aiohttp.ClientSession
    closed: bool = False
    status: int | None = None  # of a refused upgrade
    websocket: aiohttp.ClientWebSocketResponse[Any] | None = None

    async def ws_connect(self, url: str, **options: Any) -> aiohttp.ClientWebSocketResponse[Any]:
        try:
            self.websocket = await self.session.ws_connect(url, **options)
        except aiohttp.WSServerHandshakeError as error:
            self.status = error.status
            raise
        return self.websocket

    async def close(self) -> None:
        self.closed = True
        if self.websocket is not None and not self.websocket.closed:
            await self.websocket.close()

    @property
    def failure(self) -> str:
        if self.status is not None and 400 <= self.status < 500:
            return "refused"
        return "unreachable" if self.websocket is None else "closed"


class Connection:
    """A connection that is opened once, and always closed; it writes matches to `events`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: FeedOptions,
        link: Link,
        events: asyncio.Queue[FeedEvent],
    ) -> None:
        self._options = options
        self._link = link
        self._events = events
        self._session = _HandshakeSession(session)
        self._connect_answered = asyncio.Event()
        self._closed = asyncio.Event()
        self._client: Any = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            http_session=self._session,
            logger=_error_logger("socketio"),
            engineio_logger=_error_logger("engineio"),
            websocket_extra_options=WEBSOCKET_OPTIONS,
        )
        namespace = options.namespace
        self._client.on("connect", self._connect_answered.set, namespace=namespace)
        self._client.on("connect_error", self._on_closed, namespace=namespace)
        self._client.on("disconnect", self._on_closed, namespace=namespace)
        for event in options.events:
            handler = self._on_any_event if event == "*" else self._on_event
            self._client.on(event, handler, namespace=namespace)

    # --- called by python-socketio; none of these raises ---

    def _on_closed(self, *_reason: object) -> None:
        self._closed.set()
        self._connect_answered.set()

    def _on_read_loop_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("read_loop_failed", error=type(error).__name__)
        self._on_closed()

    def _on_any_event(self, _name: object, *args: object) -> None:
        self._on_event(*args)

    def _on_event(self, *args: object) -> None:
        try:
            link = self._link
            zone = self._options.zones.of(link.event)
            if reports := read_matches(args, zone, link.account_id):
                self._events.put_nowait(MatchesReported(link.person, link.event, reports))
        except Exception as error:  # noqa: BLE001 whatever it is, the connection goes on
            # Log only the type: the text may quote the payload.
            log.warning("event_failed", error=type(error).__name__)

    # --- called by the feed ---

    async def open(self) -> None:
        """Connect and wait for the response to Socket.IO's CONNECT. The caller sets a time-out.

        Raises:
            ConnectError: The handshake failed.
        """
        try:
            sent = self._options.credentials(self._link.token, self._link.auth_scheme)
            await self._client.connect(
                sent.url,
                headers=sent.headers,
                auth=sent.auth,
                transports=["websocket"],
                namespaces=[self._options.namespace],
                socketio_path=self._options.socket_path,
                wait=False,  # else a disconnect right after the connect would be lost
            )
        except (TokenRefused, UnicodeError):
            raise ConnectError("refused") from None
        except Exception as error:  # noqa: BLE001 a peer that closes early causes a TypeError
            log.debug("handshake_failed", error=type(error).__name__)
            raise ConnectError(self._session.failure) from None
        self._client.eio.read_loop_task.add_done_callback(self._on_read_loop_done)
        await self._connect_answered.wait()
        if not self.connected:
            raise ConnectError("refused" if self._client.failed_namespaces else "closed")

    @property
    def connected(self) -> bool:
        """Return whether the connection appears to be up."""
        return (
            not self._closed.is_set()
            and bool(self._client.connected)
            and self._options.namespace in self._client.namespaces
        )

    async def send_hello(self, session_id: SessionId) -> None:
        """Send the configured hello event, if there is one and the connection is up."""
        hello = self._options.hello_event(self._link.event, session_id)
        if hello is not None and self.connected:
            with suppress(socketio.exceptions.SocketIOError):
                await self._client.emit(*hello, namespace=self._options.namespace)

    async def wait_closed(self) -> None:
        """Wait until the connection is closed or silently lost."""
        while self.connected:
            with suppress(TimeoutError):
                async with asyncio.timeout(LIVENESS_CHECK_SECONDS):
                    await self._closed.wait()

    async def close(self) -> None:
        """Disconnect if possible, and free all resources within about a second."""
        try:
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                await self._client.disconnect()
        except Exception as error:  # noqa: BLE001 it is closed either way
            log.debug("disconnect_failed", error=type(error).__name__)
        finally:
            for task in (self._client.eio.read_loop_task, self._client.eio.write_loop_task):
                if task is not None:
                    task.cancel()
            await self._session.close()

"""One Socket.IO connection of one link, from the handshake until it is lost.

python-socketio speaks the protocol; its reconnecting is off, since a peer that upgrades and then
closes ends it for good. Everything that can go wrong comes out as `NotConnectedError`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import socketio
import structlog

from slackbot.accelevents.authorization import credentials
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.match_event import read_matches
from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import Link, MatchReport, SessionId

log = structlog.get_logger()

CHECK_SECONDS = 15.0
"""How often the connection is asked whether it still believes to be one."""
GOODBYE_SECONDS = 0.5
LARGEST_EVENT = 2**20

Heard = Callable[[Sequence[MatchReport]], None]


class NotConnectedError(Exception):
    """An attempt failed; `word` is `refused`, `unreachable` or `closed`."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def new_session() -> aiohttp.ClientSession:
    """The one HTTP session of all feeds. Made inside the running loop.

    No bound on connections (the default of 100 would leave the others waiting), and no cookies:
    those that the server sets for one attendee would go out with the next one's handshake.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_no_redirects,),
    )


async def _no_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A token goes to the configured host alone."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientConnectionError
    return response


def _quiet(name: str) -> logging.Logger:
    """A logger for errors only: below, the libraries print tokens and payloads as they travel.

    Losses, which they print as warnings, are reported and counted here anyway.
    """
    logger = logging.getLogger(f"{name}.feeds")
    logger.setLevel(logging.ERROR)
    return logger


class _Handshake:
    """What engineio uses of an HTTP session. Keeps the WebSocket, so that none is left open."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.closed = False
        self.status: int | None = None
        self.websocket: aiohttp.ClientWebSocketResponse[Any] | None = None

    async def ws_connect(self, url: str, **options: Any) -> aiohttp.ClientWebSocketResponse[Any]:
        try:
            self.websocket = await self._session.ws_connect(url, **options)
        except aiohttp.WSServerHandshakeError as error:
            self.status = error.status
            raise
        return self.websocket

    async def close(self) -> None:
        self.closed = True
        if self.websocket is not None and not self.websocket.closed:
            await self.websocket.close()

    @property
    def word(self) -> str:
        """Why nothing came of it."""
        if self.status is not None and 400 <= self.status < 500:
            return "refused"
        return "unreachable" if self.websocket is None else "closed"


class Connection:
    """A connection to be opened once, and closed whatever came of it."""

    def __init__(
        self, session: aiohttp.ClientSession, options: FeedOptions, link: Link, heard: Heard
    ) -> None:
        self._options = options
        self._link = link
        self._heard = heard
        self._handshake = _Handshake(session)
        self._answered = asyncio.Event()
        self._over = asyncio.Event()
        self._client: Any = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            http_session=self._handshake,
            logger=_quiet("socketio"),
            engineio_logger=_quiet("engineio"),
            websocket_extra_options={
                "timeout": aiohttp.ClientWSTimeout(ws_close=GOODBYE_SECONDS),
                "max_msg_size": LARGEST_EVENT,
            },
        )
        self._listen()

    def _listen(self) -> None:
        at = self._options.namespace
        self._client.on("connect", self._answered.set, namespace=at)
        self._client.on("connect_error", self._on_end, namespace=at)
        self._client.on("disconnect", self._on_end, namespace=at)
        for event in self._options.events:
            handler = self._on_any_event if event == "*" else self._on_event
            self._client.on(event, handler, namespace=at)

    # --- what python-socketio calls; none of these raises ---

    def _on_end(self, *_reason: object) -> None:
        self._over.set()
        self._answered.set()

    def _on_read_loop_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("socket reader failed", error=type(error).__name__)
        self._on_end()

    def _on_any_event(self, _name: object, *args: object) -> None:
        self._on_event(*args)

    def _on_event(self, *args: object) -> None:
        try:
            seen = read_matches(args, self._options.timezone, self._link.account_id)
            if seen:
                self._heard(seen)
        except Exception as error:  # noqa: BLE001 whatever it is, the feed goes on
            # Not its text, which may quote the payload.
            log.warning("socket event not handled", error=type(error).__name__)

    # --- what the supervisor calls ---

    async def open(self) -> None:
        """Connect, up to the answer to the Socket.IO CONNECT. The caller sets a time-out.

        Raises:
            NotConnectedError: with the reason.
        """
        try:
            await self._connect()
        except (TokenRefused, UnicodeError):
            raise NotConnectedError("refused") from None
        except Exception as error:  # noqa: BLE001 a peer that closes early makes it a TypeError
            log.debug("handshake failed", error=type(error).__name__)
            raise NotConnectedError(self._handshake.word) from None
        self._client.eio.read_loop_task.add_done_callback(self._on_read_loop_end)
        await self._answered.wait()
        if not self.connected:
            raise NotConnectedError("refused" if self._client.failed_namespaces else "closed")

    async def _connect(self) -> None:
        carried = credentials(self._options, self._link.token, self._link.auth_scheme)
        # Without `wait` a disconnect that follows at once is heard; with it, it would be lost.
        await self._client.connect(
            carried.url,
            headers=carried.headers,
            auth=carried.auth,
            transports=["websocket"],
            namespaces=[self._options.namespace],
            socketio_path=self._options.socket_path,
            wait=False,
        )

    @property
    def connected(self) -> bool:
        """Whether there is a connection as far as one can know."""
        return (
            not self._over.is_set()
            and bool(self._client.connected)
            and self._options.namespace in self._client.namespaces
        )

    async def greet(self, session_id: SessionId) -> None:
        """Send the configured hello, if there is one. Silently nothing on a lost connection."""
        greeting = self._options.greeting(self._link.event, session_id)
        if greeting is None or not self.connected:
            return
        name, data = greeting
        with suppress(socketio.exceptions.SocketIOError):
            await self._client.emit(name, data, namespace=self._options.namespace)

    async def lost(self) -> None:
        """Return when the connection is gone, said or silently."""
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._over.wait()
            except TimeoutError:
                if self.connected:
                    continue
            return

    async def close(self) -> None:
        """Say goodbye where that is possible, and free everything within about a second."""
        try:
            async with asyncio.timeout(2 * GOODBYE_SECONDS):
                await self._client.disconnect()
        except Exception as error:  # noqa: BLE001 it is closed either way
            log.debug("no proper goodbye", error=type(error).__name__)
        finally:
            for task in (self._client.eio.read_loop_task, self._client.eio.write_loop_task):
                if task is not None:
                    task.cancel()
            await self._handshake.close()

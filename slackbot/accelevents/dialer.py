"""Open connections, and remember which handshake works for each event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import structlog

from slackbot.accelevents.connection import Connection, OnEvent
from slackbot.accelevents.feed_options import Credentials, FeedOptions
from slackbot.accelevents.handshake import QUERY, ConnectError, Failure, Handshake, handshakes
from slackbot.domain.model import EventSlug

log = structlog.get_logger(__name__)

MAX_EVENTS: Final = 1_000  # maximum events whose handshake is remembered
STAGES: Final = list(Failure)  # the failure of the latest stage is reported

CredentialsFor = Callable[[Handshake], Credentials]


class Dialer:
    """Opens connections for all feeds. Tries other handshakes if the server seems older."""

    def __init__(self, http: aiohttp.ClientSession, options: FeedOptions) -> None:
        self._http = http
        self._options = options
        self._order = handshakes(options.socket_auth)
        self._worked: dict[EventSlug, Handshake] = {}
        # Handshakes for later attempts, because one without a response takes up a whole attempt.
        self._untried: dict[EventSlug, list[Handshake]] = {}

    async def open(
        self, event: EventSlug, credentials: CredentialsFor, on_event: OnEvent, seconds: float
    ) -> tuple[Connection, Handshake]:
        """Return an open connection and the handshake that opened it.

        Raises:
            ConnectError: The handshake failed or took longer than `seconds`.
            TokenRefused: The token cannot be sent in a header.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        first = self._worked.get(event, self._order[0])
        ways = list(dict.fromkeys([*self._untried.get(event, [])[:1], first, *self._order]))
        del self._untried.get(event, [])[:1]
        failures: list[ConnectError] = []
        for way in ways:
            sent = credentials(way)
            connection = Connection(self._http, self._options, sent, way.version, on_event)
            try:
                await self._open(connection, deadline)
            except ConnectError as error:
                log.debug("handshake_failed", failure=error.failure.value, version=way.version)
                failures.append(error)
                if error.failure is Failure.UNREADABLE and QUERY not in ways:
                    ways.append(QUERY)
                if way == first and not error.may_be_old:
                    break
                if asyncio.get_running_loop().time() >= deadline:
                    self._try_later(event, ways[ways.index(way) + 1 :])
                    break
            else:
                self._remember(event, way)
                return connection, way
        try:
            raise max(failures, key=lambda error: STAGES.index(error.failure))
        finally:
            failures.clear()  # the traceback of an error refers to this frame

    async def _open(self, connection: Connection, deadline: float) -> None:
        """Open a connection, and close it on failure. A timeout raises the failure of its stage."""
        try:
            async with asyncio.timeout_at(deadline):
                await connection.open()
        except TimeoutError:
            raise ConnectError(connection.stage) from None
        finally:
            if not connection.connected:
                await connection.close()

    def _remember(self, event: EventSlug, way: Handshake) -> None:
        if len(self._worked) >= MAX_EVENTS:
            self._worked.clear()
            self._untried.clear()
        self._worked[event] = way

    def _try_later(self, event: EventSlug, ways: list[Handshake]) -> None:
        """Queue these handshakes for later attempts, unless some are already queued."""
        if len(self._untried) < MAX_EVENTS and not self._untried.get(event):
            self._untried[event] = ways

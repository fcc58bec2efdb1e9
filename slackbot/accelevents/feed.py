"""The feed of one person, which connects and reconnects until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from slackbot.accelevents.connection import Connection
from slackbot.accelevents.dialer import Dialer
from slackbot.accelevents.feed_options import Credentials, FeedOptions
from slackbot.accelevents.handshake import ConnectError, Handshake
from slackbot.accelevents.match_event import read_matches
from slackbot.domain.errors import TokenRefused
from slackbot.domain.feed_events import (
    FeedConnected,
    FeedDisconnected,
    FeedEvent,
    MatchesReported,
)
from slackbot.domain.model import FeedHealth, Link, SessionId
from slackbot.domain.ports import Clock
from slackbot.telemetry import FEED_FAILURES, FEED_RECONNECTS, FEEDS_OPEN

log = structlog.get_logger(__name__)

STABLE_SECONDS: Final = 5.0  # a connection of this length resets the failure count


class Feed:
    """A task that keeps a link connected until `stop`. `gate` limits concurrent handshakes."""

    def __init__(
        self,
        link: Link,
        session_id: SessionId,
        *,
        options: FeedOptions,
        dialer: Dialer,
        gate: asyncio.Semaphore,
        clock: Clock,
        events: asyncio.Queue[FeedEvent],
    ) -> None:
        self.link = link
        self.session_id = session_id
        self.health = FeedHealth(connected=False, changed_at=clock.now())
        self.settled = asyncio.Event()  # set while connected, and after `stop`
        self._options = options
        self._dialer = dialer
        self._gate = gate
        self._clock = clock
        self._events = events
        self._polite = True  # whether to notify the peer before closing
        self._failures = 0  # consecutive failures
        self._was_connected = False
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = asyncio.create_task(self._run(), name="feed")

    def serves(self, link: Link) -> bool:
        """Return True if the feed uses the link's event, token, scheme and account."""
        own = (self.link.event, self.link.token, self.link.auth_scheme, self.link.account_id)
        return own == (link.event, link.token, link.auth_scheme, link.account_id)

    async def move(self, session_id: SessionId) -> None:
        """Switch to another session of the same event."""
        if session_id == self.session_id:
            return
        self.session_id = session_id
        if self._connection is not None:
            await self._send_hello(self._connection)

    async def stop(self, *, polite: bool = True) -> None:
        """Disconnect, cancel the task and wait until its resources are released.

        If `polite` is False, nothing is sent and the caller must close the HTTP session.
        """
        if self._task is not None:
            self._polite = polite
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None  # its traceback refers to this feed
        self._set_health(connected=False, failure=None)
        self.settled.set()

    @property
    def stopped(self) -> bool:
        """Return True if `stop` has finished."""
        return self._task is None

    async def _run(self) -> None:
        while True:
            self._failures += 1
            try:
                self._on_disconnected(await self._hold())
            except Exception:
                log.exception("feed_failed")
                self._on_disconnected("closed")
            await asyncio.sleep(self._options.backoff.delay(self._failures))

    async def _hold(self) -> str:
        """Open a connection, read from it until it is closed, and return the reason."""
        try:
            async with self._gate:
                connection, _ = await self._dialer.open(
                    self.link.event,
                    self._credentials,
                    self._on_event,
                    self._options.attempt_seconds,
                )
        except TokenRefused:
            return "refused"
        except ConnectError as error:
            return error.reason
        try:
            await self._send_hello(connection)
            self._on_connected(connection)
            loop = asyncio.get_running_loop()
            stable_at = loop.time() + STABLE_SECONDS
            await connection.listen()
            if loop.time() > stable_at:
                self._failures = 0
        finally:
            self._connection = None
            await connection.close(polite=self._polite)
        return "closed"

    def _credentials(self, way: Handshake) -> Credentials:
        return self._options.credentials(self.link.token, self.link.auth_scheme, way.places)

    def _on_event(self, name: str, args: Sequence[object]) -> None:
        if "*" not in self._options.events and name not in self._options.events:
            return
        try:
            link = self.link
            zone = self._options.zones.of(link.event)
            if reports := read_matches(args, zone, link.account_id):
                self._events.put_nowait(MatchesReported(link, reports))
        except Exception as error:  # noqa: BLE001 whatever it is, the connection goes on
            # Log only the type, because the text may contain parts of the payload.
            log.warning("event_failed", error=type(error).__name__)

    async def _send_hello(self, connection: Connection) -> None:
        hello = self._options.hello_event(self.link.event, self.session_id)
        if hello is not None:
            await connection.emit(*hello)

    def _on_connected(self, connection: Connection) -> None:
        self._connection = connection
        FEED_RECONNECTS.inc(int(self._was_connected))
        self._was_connected = True
        self._set_health(connected=True, failure=None)
        self.settled.set()
        self._events.put_nowait(FeedConnected(self.link.person))

    def _on_disconnected(self, reason: str) -> None:
        self.settled.clear()
        self._set_health(connected=False, failure=reason)
        FEED_FAILURES.labels(reason=reason).inc()
        self._events.put_nowait(FeedDisconnected(self.link.person, reason))

    def _set_health(self, *, connected: bool, failure: str | None) -> None:
        self.health = replace(self.health, failure=failure)
        if connected is not self.health.connected:
            FEEDS_OPEN.inc(1 if connected else -1)
            self.health = replace(self.health, connected=connected, changed_at=self._clock.now())

"""One person's feed. It connects, and reconnects until it is stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import aiohttp
import structlog

from slackbot.accelevents.connection import ConnectError, Connection
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.feed_events import FeedConnected, FeedDisconnected, FeedEvent
from slackbot.domain.model import FeedHealth, Link, SessionId
from slackbot.domain.ports import Clock
from slackbot.telemetry import FEED_FAILURES, FEED_RECONNECTS, FEEDS_OPEN

log = structlog.get_logger(__name__)

STABLE_SECONDS: Final = 5.0  # a connection that lasted this long resets the count of failures


class Feed:
    """A task that keeps one link connected until `stop`. `gate` limits concurrent handshakes."""

    def __init__(
        self,
        link: Link,
        session_id: SessionId,
        *,
        options: FeedOptions,
        http: aiohttp.ClientSession,
        gate: asyncio.Semaphore,
        clock: Clock,
        events: asyncio.Queue[FeedEvent],
    ) -> None:
        self.link = link
        self.session_id = session_id
        self.health = FeedHealth(connected=False, changed_at=clock.now())
        self.settled = asyncio.Event()  # set while connected, and for good once stopped
        self._options = options
        self._http = http
        self._gate = gate
        self._clock = clock
        self._events = events
        self._failures = 0  # in a row
        self._was_connected = False
        self._connection: Connection | None = None
        self._task = asyncio.create_task(self._run(), name="feed")

    def serves(self, link: Link) -> bool:
        """Return whether this feed uses the link's event, token and scheme."""
        own = (self.link.event, self.link.token, self.link.auth_scheme, self.link.account_id)
        return own == (link.event, link.token, link.auth_scheme, link.account_id)

    async def move(self, session_id: SessionId) -> None:
        """Serve another session of the event from now on."""
        if session_id == self.session_id:
            return
        self.session_id = session_id
        if self._connection is not None:
            await self._connection.send_hello(session_id)

    async def stop(self) -> None:
        """Disconnect, end the task and wait until its resources are freed."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._set_health(connected=False, failure=None)
        self.settled.set()

    async def _run(self) -> None:
        while True:
            try:
                connection = Connection(self._http, self._options, self.link, self._events)
                try:
                    self._on_disconnected(await self._hold(connection))
                finally:
                    self._connection = None
                    await connection.close()
            except Exception:
                log.exception("feed_failed")
                self._failures += 1
                self._on_disconnected("closed")
            await asyncio.sleep(self._options.backoff.delay(self._failures))

    async def _hold(self, connection: Connection) -> str:
        """Open the connection, wait until it is closed, and return the reason."""
        self._failures += 1
        try:
            async with self._gate, asyncio.timeout(self._options.attempt_seconds):
                await connection.open()
                await connection.send_hello(self.session_id)
        except TimeoutError:
            return "timeout"
        except ConnectError as error:
            return str(error)
        self._connection = connection
        FEED_RECONNECTS.inc(int(self._was_connected))
        self._was_connected = True
        self._set_health(connected=True, failure=None)
        self.settled.set()
        self._events.put_nowait(FeedConnected(self.link.person))
        loop = asyncio.get_running_loop()
        stable_at = loop.time() + STABLE_SECONDS
        await connection.wait_closed()
        if loop.time() > stable_at:
            self._failures = 0
        return "closed"

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

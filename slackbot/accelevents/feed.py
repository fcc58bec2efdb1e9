"""One person's feed: connect, hold, connect again, for as long as it is wanted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import aiohttp
import structlog

from slackbot.accelevents.connection import Connection, NotConnectedError
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.model import FeedHealth, Link, MatchReport, SessionId
from slackbot.domain.ports import Clock
from slackbot.telemetry import FEED_FAILURES, FEED_RECONNECTS, FEEDS_OPEN

log = structlog.get_logger()

STEADY_SECONDS = 5.0
"""A connection that held so long was no failure when it goes."""
_rng = random.SystemRandom()


class Reports(Protocol):
    """Where a feed says what happens. Returns at once; never raises."""

    def matched(self, link: Link, seen: Sequence[MatchReport]) -> None: ...
    def connected(self, link: Link) -> None: ...
    def disconnected(self, link: Link, word: str) -> None: ...


class Feed:
    """A task that keeps one link connected. Nothing but `stop` ends it."""

    def __init__(
        self,
        link: Link,
        session_id: SessionId,
        *,
        options: FeedOptions,
        http: aiohttp.ClientSession,
        gate: asyncio.Semaphore,
        clock: Clock,
        reports: Reports,
    ) -> None:
        self.link = link
        self.session_id = session_id
        self.health = FeedHealth(connected=False, changed_at=clock.now())
        self.settled = asyncio.Event()
        """Set while it is up, and for good once it is stopped."""
        self._options = options
        self._http = http
        self._gate = gate
        self._clock = clock
        self._reports = reports
        self._failures = 0
        self._was_up = False
        self._connection: Connection | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="feed")

    def serves(self, link: Link) -> bool:
        """Whether this feed is what the link needs: same event, same token sent the same way."""
        mine = (self.link.event, self.link.token, self.link.auth_scheme, self.link.account_id)
        return mine == (link.event, link.token, link.auth_scheme, link.account_id)

    async def move(self, session_id: SessionId) -> None:
        """Serve another session of the event from now on."""
        if session_id == self.session_id:
            return
        self.session_id = session_id
        if self._connection is not None:
            await self._connection.greet(session_id)

    async def stop(self) -> None:
        """Disconnect and end; returns when everything is freed."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._set_health(connected=False, failure=None)
        self.settled.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._connect_and_hold()
            except Exception:
                log.exception("feed failed unexpectedly")
                self._failures += 1
                self._down("closed")
            await asyncio.sleep(self._backoff())

    async def _connect_and_hold(self) -> None:
        connection = Connection(self._http, self._options, self.link, self._heard)
        try:
            self._down(await self._end_of(connection))
        finally:
            self._connection = None
            await connection.close()

    async def _end_of(self, connection: Connection) -> str:
        """The word for how it ended, once it has."""
        self._failures += 1
        try:
            async with self._gate, asyncio.timeout(self._options.attempt_seconds):
                await connection.open()
                await connection.greet(self.session_id)
        except TimeoutError:
            return "timeout"
        except NotConnectedError as error:
            return error.word
        self._up(connection)
        since = self._loop.time()
        await connection.lost()
        if self._loop.time() - since > STEADY_SECONDS:
            self._failures = 0
        return "closed"

    def _heard(self, seen: Sequence[MatchReport]) -> None:
        self._reports.matched(self.link, seen)

    def _up(self, connection: Connection) -> None:
        self._connection = connection
        FEED_RECONNECTS.inc(int(self._was_up))
        self._was_up = True
        self._set_health(connected=True, failure=None)
        self.settled.set()
        self._reports.connected(self.link)

    def _down(self, word: str) -> None:
        self.settled.clear()
        self._set_health(connected=False, failure=word)
        FEED_FAILURES.labels(reason=word).inc()
        self._reports.disconnected(self.link, word)

    def _set_health(self, *, connected: bool, failure: str | None) -> None:
        self.health = replace(self.health, failure=failure)
        if connected is not self.health.connected:
            FEEDS_OPEN.inc(1 if connected else -1)
            self.health = replace(self.health, connected=connected, changed_at=self._clock.now())

    def _backoff(self) -> float:
        """Full jitter: thousands of feeds that were lost together do not come back together."""
        steps = min(max(self._failures - 1, 0), 10)
        longest = min(
            self._options.backoff_seconds * 2**steps, self._options.longest_backoff_seconds
        )
        return _rng.uniform(0, longest)

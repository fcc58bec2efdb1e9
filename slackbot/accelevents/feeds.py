"""The feeds of everybody who may be matched: the port `MatchFeed`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from slackbot.accelevents.connection import new_session
from slackbot.accelevents.feed import Feed
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.model import FeedHealth, Link, MatchReport, Person, SessionId
from slackbot.domain.ports import Clock, FeedListener

__all__ = ["FeedOptions", "SocketFeed"]

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 2.0

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class SocketFeed:
    """One Socket.IO connection for each person. Made inside the running loop.

    `listen` comes before the first `open`.
    """

    def __init__(self, options: FeedOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._http = new_session()
        self._gate = asyncio.Semaphore(options.max_handshakes)
        self._listener: FeedListener | None = None
        self._feeds: dict[Person, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, listener: FeedListener) -> None:
        """Who is told of matches and of feeds that come and go."""
        self._listener = listener

    def open(self, link: Link, session_id: SessionId) -> None:
        """Connect and stay connected until closed.

        A link with another token or event replaces the feed; another session of the same event
        only sends the hello again.
        """
        if self._listener is None:
            raise RuntimeError("open before listen")
        feed = self._feeds.get(link.person)
        if feed is not None and feed.serves(link):
            self._spawn(feed.move(session_id))
            return
        self._feeds[link.person] = Feed(
            link,
            session_id,
            options=self._options,
            http=self._http,
            gate=self._gate,
            clock=self._clock,
            reports=_Reports(self._listener, self._spawn),
        )
        if feed is not None:
            self._spawn(feed.stop())

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Whether the feed is up, waiting for it at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while (feed := self._feeds.get(person)) is not None:
                    await feed.settled.wait()
                    if feed.health.connected:
                        return True
        except TimeoutError:
            pass
        return False

    def health(self, person: Person) -> FeedHealth | None:
        """How the feed is, or None when there is none."""
        feed = self._feeds.get(person)
        return feed.health if feed is not None else None

    def healths(self) -> list[FeedHealth]:
        """How all of them are."""
        return [feed.health for feed in self._feeds.values()]

    async def close(self, person: Person) -> None:
        """Disconnect; harmless when there is no feed."""
        if (feed := self._feeds.pop(person, None)) is not None:
            await feed.stop()

    async def aclose(self) -> None:
        """Disconnect everybody, let what was heard be handled, and free all connections."""
        feeds = [self._feeds.pop(person) for person in list(self._feeds)]
        for feed in feeds:
            self._spawn(feed.stop())
        try:
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            late = list(self._tasks)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._http.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("feed_listener_failed")


class _Reports:
    """Hands what feeds report to the listener, each in a task of its own."""

    def __init__(self, listener: FeedListener, spawn: Spawn) -> None:
        self._listener = listener
        self._spawn = spawn

    def matched(self, link: Link, seen: Sequence[MatchReport]) -> None:
        self._spawn(self._listener.matched(link.person, link.event, seen))

    def connected(self, link: Link) -> None:
        self._spawn(self._listener.connected(link.person))

    def disconnected(self, link: Link, word: str) -> None:
        self._spawn(self._listener.disconnected(link.person, word))
